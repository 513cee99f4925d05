"""Fills a prepared database with a long history: sessions of an hour, sixty meter values each, and the message log;
and with it requests, the audit log, and messages that fit no session.

Half of it is that of ten stations, as in a small yard after years. Everything is younger than what retention takes
away, but for sessions whose meter values are gone already. Done by the database itself, in minutes for millions of
rows.
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
#: Days back at which sessions, frames and requests begin.
_SESSION_DAYS, _FRAME_DAYS, _REQUEST_DAYS = 80, 25, 5
#: Sessions whose values are gone began so many days ago.
_OLD_DAYS = 400
#: To so many frames there is a request and an entry of the audit log.
_FRAMES_PER_REQUEST = 20
_ORPHANS = 5_000

_SERIES = "WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last})"
_STATION = "(CASE WHEN {n} % 2 = 0 THEN 1 + {n} / 2 % 10 ELSE 1 + {n} % {stations} END)"
_SESSION_AT = "({begin} + CAST({number} AS bigint) * {step})"
_SESSIONS = (
    "INSERT INTO charging_transaction (charge_point_id, connector_id, id_tag, id_tag_status, started_at,"
    " start_reported_at, start_received_at, meter_start, stopped_at, stop_reported_at, stop_received_at, meter_stop,"
    " stop_reason, energy_wh, meter_last_wh, meter_last_at, values_until, flags) {series}"
    " SELECT {station}, 1, 'CARD' || substr(CAST(100000 + n % {stations} AS text), 2), 'Accepted', {at}, {at}, {at},"
    " 1000, {at} + 3600000 + n % 977, {at} + 3600000, {at} + 3600000, 12000, 'Local', 11000 + n % 777, 12000,"
    " {at} + 3540000, {at} + 3540000, CASE WHEN n % 50 = 0 THEN 'estimated' ELSE '' END FROM s"
)
_VALUES = (
    "INSERT INTO meter_value (charge_point_id, connector_id, transaction_id, at, received_at, samples, energy_wh,"
    " power_w, current_a, voltage_v) {series}"
    " SELECT {station}, 1, 1 + n / 60, {at} + (n % 60) * 60000, {at} + (n % 60) * 60000, '{samples}',"
    " 1000 + (n % 60) * 183, 11040, 16, 230.1 FROM s"
)
_FRAMES = (
    "INSERT INTO frame (charge_point_id, at, outgoing, message_type, message_id, action, text, outcome, note) {series}"
    " SELECT {station}, {at}, {outgoing}, 2 + n % 2, CAST(n / 2 AS text), 'MeterValues',"
    ' \'[2,"1","MeterValues",{{"connectorId":1,"meterValue":{samples}}}]\','
    " CASE WHEN n % 2000 = 0 THEN 'InternalError' ELSE '' END, CASE WHEN n % 200 = 0 THEN 'odd' ELSE '' END FROM s"
)
_REQUESTS = (
    "INSERT INTO command (charge_point_id, action, payload, state, requested_by, requested_at, timeout, finished_at,"
    " status, error_code, error_description) {series}"
    " SELECT {station}, 'SetChargingProfile', '{samples}', 'answered', 'Chargeyard', {at}, 30, {at}, 'Accepted', '', ''"
    " FROM s"
)
_AUDIT = (
    "INSERT INTO audit_entry (at, who, address, action, target, detail, result) {series}"
    " SELECT {at}, 'Anna', '10.0.0.7', 'station.change', 'BENCH', 'label=Gate', '' FROM s"
)
_ORPHAN = (
    "INSERT INTO orphan_message (charge_point_id, action, payload, reason, received_at, resolved_at) {series}"
    " SELECT {station}, 'StopTransaction', '{{}}', '', {at}, CASE WHEN n % 2 = 0 THEN {at} END FROM s"
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
    sessions, requests = max(1, meter_values // _VALUES_PER_SESSION), frames // _FRAMES_PER_REQUEST
    session_at = _at(now - _SESSION_DAYS * _DAY_MS, _SESSION_DAYS * _DAY_MS, sessions)
    old_at = _at(now - _OLD_DAYS * _DAY_MS, (_OLD_DAYS - 100) * _DAY_MS, max(1, sessions // 2))
    frame_at = _at(now - _FRAME_DAYS * _DAY_MS, _FRAME_DAYS * _DAY_MS, max(1, frames // 2))
    request_at = _at(now - _REQUEST_DAYS * _DAY_MS, _REQUEST_DAYS * _DAY_MS, max(1, requests))
    outgoing = "n % 2" if url.startswith("sqlite") else "n % 2 = 1"
    fixed = {"stations": stations, "samples": SAMPLES, "outgoing": outgoing}
    with _connection(url) as execute:

        def fill(statement: str, number: int, at: Callable[[str], str], n: str = "n") -> None:
            station = _STATION.format(n=n, stations=stations)
            _fill(execute, statement, number, at=at(n), station=station, **fixed)

        fill(_SESSIONS, sessions, session_at)
        fill(_VALUES, sessions * _VALUES_PER_SESSION, session_at, "(n / 60)")
        fill(_SESSIONS, sessions // 2, old_at)
        fill(_FRAMES, frames, frame_at, "(n / 2)")
        fill(_REQUESTS, requests, request_at)
        fill(_AUDIT, requests, request_at)
        fill(_ORPHAN, min(_ORPHANS, requests), request_at)
        if not url.startswith("sqlite"):
            # PostgreSQL does this by itself, some minutes later, and would be at it during the measurement.
            execute("VACUUM ANALYZE")


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
