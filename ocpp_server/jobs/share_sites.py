"""Looks at the sites: soon after something happened there, and now and then without; keeps a picture of them."""

import time

from ocpp_server import clock, sessions
from ocpp_server.scheduler import every
from ocpp_server.services import spontaneous
from ocpp_server.services.site import site_loading, site_orders, site_others, site_samples, site_sharing
from ocpp_server.services.site.site_sharing import Live
from ocpp_server.settings import Settings
from ocpp_server.site import happenings
from ocpp_server.store import Store

#: So long (s) a site where nothing happened is left alone.
QUIET = 10.0
_STEP_PAUSE = 0.01


@every(seconds=2)
def share_sites(store: Store, settings: Settings) -> None:
    if site_sharing.is_stale():
        with store.reading():
            site_sharing.take(site_loading.load())
    now = clock.now().timestamp()
    if site_sharing.are_others_stale():
        site_sharing.others_are_read()
        with store.reading():
            site_others.read(site_sharing.all_sites(), now)
            site_others.doubt(site_sharing.all_sites(), now)
    for live in site_sharing.all_sites():
        _look_at_stations(live, settings, now)
        site_others.look(live, now)
        site_orders.give_up(live, now)
        if live.is_dirty or now - live.looked_at >= QUIET:
            _decide(store, live, now)
        if site_samples.is_due(live, now):
            live.sampled_at = now
            store.write(lambda unit, live=live: site_samples.keep(unit, live, now))  # type: ignore[misc]


@every(minutes=1)
def reconcile_sites(store: Store, settings: Settings) -> None:
    """Not every session begins and ends with a message."""
    if site_sharing.all_sites():
        with store.reading():
            site_loading.reconcile(site_sharing.all_sites())
            if site_loading.has_deleted(site_sharing.all_sites()):
                site_sharing.reload_soon()


@every(hours=1)
def reduce_site_samples(store: Store, settings: Settings) -> None:
    for step in (site_samples.reduce, site_orders.forget_old):
        while store.write(step):
            time.sleep(_STEP_PAUSE)


def _decide(store: Store, live: Live, now: float) -> None:
    live.is_dirty, live.looked_at = False, now
    orders = live.site.decide(now)
    for order in orders:
        site_sharing.sent(live, order, now)
    if orders:
        store.write(lambda unit: site_orders.send(unit, orders))


def _look_at_stations(live: Live, settings: Settings, now: float) -> None:
    """Who is connected, settled, and may be asked."""
    for charge_point_id in {key[0] for key in live.site.members}:
        session, heard_at = sessions.get(charge_point_id), now
        is_here = session is not None and session.station.is_accepted
        if session is not None and is_here:
            at = clock.to_ms(session.connected_at)
            is_here = spontaneous.has_settled(session.station, at, round(now * 1000))
            # Pongs count, too: all that matters is that a car would have been reported.
            heard_at = now - (time.monotonic() - session.socket.last_heard)
            may_be_asked = settings.spontaneous_calls and session.station.spontaneous_calls
            live.is_dirty |= happenings.permission(live.site, charge_point_id, may_be_asked)
        live.is_dirty |= happenings.connection(live.site, charge_point_id, is_here, heard_at)
