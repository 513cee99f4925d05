"""Keeps the stations' local lists in step with the cards, a request at a time for each station."""

import time
from functools import partial

from ocpp_server import clock, sessions
from ocpp_server.scheduler import every
from ocpp_server.services import spontaneous
from ocpp_server.services.card import id_tag_changes
from ocpp_server.services.local_list import upkeep as local_list_upkeep
from ocpp_server.services.local_list.upkeep import Standing
from ocpp_server.settings import Settings
from ocpp_server.stations import Station
from ocpp_server.store import Store

_DAY_MS = 24 * 3600 * 1000
#: So many whole lists are under way at a time: sessions that begin meanwhile must not wait for them.
_WHOLE_AT_ONCE = 10
#: Seconds between two steps: most of the time belongs to the stations.
_PAUSE = 0.01


@every(seconds=5)
def keep_local_lists(store: Store, settings: Settings) -> None:
    now = clock.to_ms(clock.now())
    with store.reading():
        standings = local_list_upkeep.standings(store.query)
        has_expired = bool(standings) and id_tag_changes.any_expired(store.query, now)
    if has_expired:
        store.write(lambda unit: id_tag_changes.note_expired(unit, now))
    with store.reading():
        newest = id_tag_changes.latest(store.query) if standings else 0
    free = _WHOLE_AT_ONCE - sum(standing.is_waiting and standing.is_whole for standing in standings)
    for standing in standings:
        station = _reachable(standing, settings, now)
        number = standing.charge_point_id
        if station is None:
            if local_list_upkeep.is_outdated(standing, newest):
                store.write(partial(local_list_upkeep.compare, charge_point_id=number))
        elif local_list_upkeep.is_due(standing, newest, station, now) and (free > 0 or not standing.is_whole):
            free -= standing.is_whole
            booted_at = station.booted_at
            store.write(partial(local_list_upkeep.bring_in_step, charge_point_id=number, booted_at=booted_at))


@every(hours=1)
def forget_updates(store: Store, settings: Settings) -> None:
    """What Chargeyard sent by itself is kept for as long as the message log."""
    if not settings.frame_log_days:
        return
    before = clock.to_ms(clock.now()) - settings.frame_log_days * _DAY_MS
    while store.write(lambda unit: local_list_upkeep.forget(unit, before)):
        time.sleep(_PAUSE)


def _reachable(standing: Standing, settings: Settings, now: int) -> Station | None:
    """The station, if it may be asked now: unasked messages are allowed, or somebody asked for it."""
    session = sessions.get(standing.charge_point_id)
    if session is None or not session.station.is_accepted:
        return None
    station, connected_at = session.station, clock.to_ms(session.connected_at)
    is_allowed = bool(standing.asked_by) or (settings.spontaneous_calls and station.spontaneous_calls)
    return station if is_allowed and spontaneous.has_settled(station, connected_at, now) else None
