"""Writes down when each connected station was last heard, so that it is known after a crash too."""

from ocpp_server import clock, sessions
from ocpp_server.scheduler import every
from ocpp_server.settings import Settings
from ocpp_server.store import Store, Unit

_UPDATE = "UPDATE charge_point SET last_seen_at = ? WHERE id = ?"


@every(minutes=1)
def note_last_seen(store: Store, settings: Settings) -> None:
    seen = [(clock.to_ms(session.last_seen_at), session.charge_point_id) for session in sessions.everyone()]
    if seen:
        store.write(lambda unit: _note(unit, seen))


def _note(unit: Unit, seen: list[tuple[int, int]]) -> None:
    for row in seen:
        unit.insert_later(_UPDATE, row)
