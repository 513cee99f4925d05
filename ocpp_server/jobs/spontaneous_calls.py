"""Asks stations what is worth asking after they have connected, a few at a time."""

import time
from functools import partial

from ocpp_server import clock, sessions
from ocpp_server.scheduler import every
from ocpp_server.services import spontaneous
from ocpp_server.settings import Settings
from ocpp_server.stations import Station
from ocpp_server.store import Store, Unit

_AT_ONCE = 100
#: Stations in one unit of work: some milliseconds, in which nobody else is answered.
_STEP = 4
#: Seconds between two steps: most of the time belongs to the stations.
_PAUSE = 0.02


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
    for first in range(0, len(due), _STEP):
        some = due[first : first + _STEP]
        for station in some:
            station.looked_after = True
        store.write(partial(_look_after, due=some))
        time.sleep(_PAUSE)


def _look_after(unit: Unit, due: list[Station]) -> None:
    for station in due:
        spontaneous.look_after(unit, station)
