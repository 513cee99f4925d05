"""Fills a prepared database with a long history: sessions of an hour, sixty meter values each, and the message log.

Everything is younger than what retention takes away. Done by the database itself, in minutes for millions of rows.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

_VALUES_PER_SESSION = 60
_CHUNK = 500_000
_DAY_MS = 24 * 3_600_000
#: Days back at which sessions and frames begin.
_SESSION_DAYS, _FRAME_DAYS = 80, 25

_SERIES = "WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last})"
_SESSION_AT = "({begin} + CAST({number} AS bigint) * {step})"
_SESSIONS = (
    "INSERT INTO charging_transaction (charge_point_id, connector_id, id_tag, id_tag_status, started_at,"
    " start_reported_at, start_received_at, meter_start, stopped_at, stop_reported_at, stop_received_at, meter_stop,"
    " stop_reason, energy_wh, meter_last_wh, meter_last_at, values_until, flags) {series}"
    " SELECT 1 + n % {stations}, 1, 'CARD' || substr(CAST(100000 + n % {stations} AS text), 2), 'Accepted', {at}, {at},"
    " {at}, 1000, {at} + 3600000, {at} + 3600000, {at} + 3600000, 12000, 'Local', 11000, 12000, {at} + 3540000,"
    " {at} + 3540000, '' FROM s"
)
_VALUES = (
    "INSERT INTO meter_value (charge_point_id, connector_id, transaction_id, at, received_at, samples, energy_wh,"
    " power_w, current_a, voltage_v) {series}"
    " SELECT 1 + (n / 60) % {stations}, 1, 1 + n / 60, {at} + (n % 60) * 60000, {at} + (n % 60) * 60000, '{samples}',"
    " 1000 + (n % 60) * 183, 11040, 16, 230.1 FROM s"
)
_FRAMES = (
    "INSERT INTO frame (charge_point_id, at, outgoing, message_type, message_id, action, text, outcome, note) {series}"
    " SELECT 1 + (n / 2) % {stations}, {at}, {outgoing}, 2 + n % 2, CAST(n / 2 AS text), 'MeterValues',"
    ' \'[2,"1","MeterValues",{{"connectorId":1,"meterValue":{samples}}}]\', \'\', \'\' FROM s'
)
#: As it is stored: a register, a power, currents and voltages of three phases.
SAMPLES = (
    '[{"value":"1000","measurand":"Energy.Active.Import.Register","unit":"Wh"},'
    '{"value":"11040.0","measurand":"Power.Active.Import","unit":"W"},'
    '{"value":"16.0","measurand":"Current.Import","unit":"A","phase":"L1"},'
    '{"value":"230.1","measurand":"Voltage","unit":"V","phase":"L1-N"}]'
)


def grow(url: str, stations: int, meter_values: int, frames: int) -> None:
    """Add so many meter values (with their sessions) and frames to a database that has none."""
    now = round(time.time() * 1000)
    sessions = max(1, meter_values // _VALUES_PER_SESSION)
    session_at = _at(now - _SESSION_DAYS * _DAY_MS, _SESSION_DAYS * _DAY_MS, sessions)
    frame_at = _at(now - _FRAME_DAYS * _DAY_MS, _FRAME_DAYS * _DAY_MS, max(1, frames))
    outgoing = "n % 2" if url.startswith("sqlite") else "n % 2 = 1"
    fixed = {"stations": stations, "samples": SAMPLES, "outgoing": outgoing}
    with _connection(url) as execute:
        _fill(execute, _SESSIONS, sessions, at=session_at("n"), **fixed)
        _fill(execute, _VALUES, sessions * _VALUES_PER_SESSION, at=session_at("(n / 60)"), **fixed)
        _fill(execute, _FRAMES, frames, at=frame_at("n"), **fixed)
        if not url.startswith("sqlite"):
            # PostgreSQL does this by itself, some minutes later.
            execute("ANALYZE")


def _at(begin: int, span: int, number: int) -> Callable[[str], str]:
    return lambda n: _SESSION_AT.format(begin=begin, number=n, step=max(1, span // number))


def _fill(execute: Callable[[str], Any], statement: str, number: int, **parts: Any) -> None:
    for first in range(0, number, _CHUNK):
        last = min(number, first + _CHUNK) - 1
        execute(statement.format(series=_SERIES.format(first=first, last=last), **parts))


@contextmanager
def _connection(url: str) -> Iterator[Callable[[str], Any]]:
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        # It is thrown away in the end.
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-400000")
        try:
            yield connection.execute
        finally:
            connection.close()
        return
    with psycopg.connect(url, autocommit=True) as session:
        yield session.execute
