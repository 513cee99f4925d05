"""Removes old rows of what grows with each message and each request, in steps so small that nobody notices."""

import time
from dataclasses import dataclass

from ocpp_server import clock
from ocpp_server.scheduler import every
from ocpp_server.settings import Settings
from ocpp_server.store import Store, Unit

_STEP = 500
_DAY_MS = 24 * 3600 * 1000
#: Seconds between two steps: most of the time belongs to the stations.
_PAUSE = 0.01


@dataclass(frozen=True)
class _Record:
    """A table that is written in the order of a time; rows that somebody still needs stay."""

    table: str
    time: str = "at"
    spared: str = ""


#: The message log, and the messages that are kept with the TriggerMessage that asked for them.
_FRAMES = (_Record("frame"), _Record("triggered_message"))
_RECORDS = (
    _Record("command", "requested_at", "finished_at IS NULL"),
    _Record("orphan_message", "received_at", "resolved_at IS NULL"),
    _Record("audit_entry"),
)
# Not parts of SQL from outside: the names stand above.
_OLDEST = (
    "SELECT min(id), max(id) FROM (SELECT id, {time} AS at FROM {table} WHERE id > ? ORDER BY id LIMIT ?) AS oldest"
    " WHERE at < ?"
)
_DELETE = "DELETE FROM {table} WHERE id BETWEEN ? AND ?"


@every(hours=1)
def prune_frames(store: Store, settings: Settings) -> None:
    for record in _FRAMES:
        _prune(store, record, settings.frame_log_days)


@every(hours=1)
def prune_records(store: Store, settings: Settings) -> None:
    """What was asked and done long ago."""
    for record in _RECORDS:
        _prune(store, record, settings.record_days)


def _prune(store: Store, record: _Record, days: int) -> None:
    """The oldest ids are looked at until one is young enough; no days keep everything."""
    before, done = clock.to_ms(clock.now()) - days * _DAY_MS, 0
    while days and (last := _step(store, record, done, before)) is not None:
        done = last
        time.sleep(_PAUSE)


def _step(store: Store, record: _Record, done: int, before: int) -> int | None:
    """The last id that was old enough, if any was.

    Ids up to `done` are gone already; PostgreSQL would step over each of them again until it has cleaned up.
    """

    def work(unit: Unit) -> int | None:
        oldest = _OLDEST.format(table=record.table, time=record.time)
        first, last = unit.one(oldest, done, _STEP, before) or (None, None)
        if last is not None:
            but = f" AND NOT ({record.spared})" if record.spared else ""
            unit.execute(_DELETE.format(table=record.table) + but, first, last)
        return last

    return store.write(work)
