"""Removes old frames, and old copies of them, in steps so small that nobody notices."""

import time

from ocpp_server import clock
from ocpp_server.scheduler import every
from ocpp_server.settings import Settings
from ocpp_server.store import Store, Unit

_STEP = 500
_DAY_MS = 24 * 3600 * 1000
#: Seconds between two steps: most of the time belongs to the stations.
_PAUSE = 0.01
#: The message log, and the messages that are kept with the TriggerMessage that asked for them.
_TABLES = ("frame", "triggered_message")
# Not parts of SQL from outside: the names stand above.
_OLDEST = "SELECT min(id), max(id) FROM (SELECT id, at FROM {} WHERE id > ? ORDER BY id LIMIT ?) AS oldest WHERE at < ?"
_DELETE = "DELETE FROM {} WHERE id BETWEEN ? AND ?"


@every(hours=1)
def prune_frames(store: Store, settings: Settings) -> None:
    """Frames are written in the order of time, so the oldest ids are looked at until one is young enough."""
    if not settings.frame_log_days:
        return
    before = clock.to_ms(clock.now()) - settings.frame_log_days * _DAY_MS
    for table in _TABLES:
        removed = 0
        while (last := _step(store, table, removed, before)) is not None:
            removed = last
            time.sleep(_PAUSE)


def _step(store: Store, table: str, removed: int, before: int) -> int | None:
    """The last id that was removed, if any was.

    Ids up to `removed` are gone already; PostgreSQL would step over each of them again until it has cleaned up.
    """

    def work(unit: Unit) -> int | None:
        first, last = unit.one(_OLDEST.format(table), removed, _STEP, before) or (None, None)
        if last is not None:
            unit.execute(_DELETE.format(table), first, last)
        return last

    return store.write(work)
