"""Asks stations what is worth asking after they have connected, a few at a time."""

from ocpp_server import clock, sessions
from ocpp_server.scheduler import every
from ocpp_server.services import spontaneous
from ocpp_server.settings import Settings
from ocpp_server.store import Store

_AT_ONCE = 100


@every(seconds=5)
def ask_by_itself(store: Store, settings: Settings) -> None:
    if not settings.spontaneous_calls:
        return
    now = clock.to_ms(clock.now())
    due = [
        session.station
        for session in sessions.everyone()
        if spontaneous.is_due(session.station, clock.to_ms(session.connected_at), now)
    ][:_AT_ONCE]
    for station in due:
        station.looked_after = True
    if due:
        store.write(lambda unit: [spontaneous.look_after(unit, station) for station in due])
