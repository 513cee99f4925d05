"""Removes old frames from the message log, in steps so small that nobody notices."""

import time

from ocpp_server import clock
from ocpp_server.scheduler import every
from ocpp_server.settings import Settings
from ocpp_server.store import Store, Unit

_STEP = 500
_DAY_MS = 24 * 3600 * 1000
#: Seconds between two steps: most of the time belongs to the stations.
_PAUSE = 0.01
_OLDEST = (
    "SELECT min(id), max(id) FROM (SELECT id, at FROM frame WHERE id > ? ORDER BY id LIMIT ?) AS oldest WHERE at < ?"
)
_DELETE = "DELETE FROM frame WHERE id BETWEEN ? AND ?"


@every(hours=1)
def prune_frames(store: Store, settings: Settings) -> None:
    """Frames are written in the order of time, so the oldest ids are looked at until one is young enough."""
    if not settings.frame_log_days:
        return
    before = clock.to_ms(clock.now()) - settings.frame_log_days * _DAY_MS
    removed = 0
    while (last := _step(store, removed, before)) is not None:
        removed = last
        time.sleep(_PAUSE)


def _step(store: Store, removed: int, before: int) -> int | None:
    """The last id that was removed, if any was.

    Ids up to `removed` are gone already; PostgreSQL would step over each of them again until it has cleaned up.
    """

    def work(unit: Unit) -> int | None:
        first, last = unit.one(_OLDEST, removed, _STEP, before) or (None, None)
        if last is not None:
            unit.execute(_DELETE, first, last)
        return last

    return store.write(work)
