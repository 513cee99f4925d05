"""Writes down when each connected station was last heard, so that it is known after a crash too."""

from functools import partial

from ocpp_server import bulk, clock, sessions
from ocpp_server.scheduler import every
from ocpp_server.settings import Settings
from ocpp_server.store import Store, Unit

_TIMES = bulk.update("charge_point", "id", ("last_seen_at",))
#: Stations in one unit of work: some milliseconds.
_STEP = 500


@every(minutes=1)
def note_last_seen(store: Store, settings: Settings) -> None:
    seen = [(clock.to_ms(session.last_seen_at), session.charge_point_id) for session in sessions.everyone()]
    for first in range(0, len(seen), _STEP):
        store.write(partial(_note, seen=seen[first : first + _STEP]))


def _note(unit: Unit, seen: list[tuple[int, int]]) -> None:
    for row in seen:
        unit.put(_TIMES, row)
