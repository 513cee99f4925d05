"""Removes old frames from the message log, in steps so small that nobody notices."""

from ocpp_server import clock
from ocpp_server.scheduler import every
from ocpp_server.settings import Settings
from ocpp_server.store import Store, Unit

_STEP = 500
_DAY_MS = 24 * 3600 * 1000
_OLDEST = "SELECT min(id), max(id) FROM (SELECT id, at FROM frame ORDER BY id LIMIT ?) AS oldest WHERE at < ?"


@every(hours=1)
def prune_frames(store: Store, settings: Settings) -> None:
    """Frames are written in the order of time, so the oldest ids are looked at until one is young enough."""
    if not settings.frame_log_days:
        return
    before = clock.to_ms(clock.now()) - settings.frame_log_days * _DAY_MS
    while store.write(lambda unit: _prune_step(unit, before)):
        pass


def _prune_step(unit: Unit, before: int) -> bool:
    """Whether anything was removed."""
    first, last = unit.one(_OLDEST, _STEP, before) or (None, None)
    if first is None:
        return False
    unit.execute("DELETE FROM frame WHERE id BETWEEN ? AND ?", first, last)
    return True
