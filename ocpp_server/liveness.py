"""Half-open sockets: a station that says nothing is pinged, and given up after some pings (J 5.3, errata J 3.9).

Any frame is a sign of life, not only a pong (quirk 9). One greenlet looks after all sessions.
"""

import time
from contextlib import suppress

import gevent

from ocpp_server import sessions
from ocpp_server.session import Session
from ocpp_server.settings import Settings
from ocpp_server.websocket import Closed


def watch(settings: Settings) -> None:
    """Ping the silent and drop the dead, for ever."""
    if not settings.ping_interval:
        return
    while True:
        gevent.sleep(min(1.0, settings.ping_interval / 2))
        now = time.monotonic()
        for session in sessions.everyone():
            _look_after(session, now, settings)


def _look_after(session: Session, now: float, settings: Settings) -> None:
    socket = session.socket
    silent = now - socket.last_heard
    if silent < settings.ping_interval * (socket.unanswered_pings + 1):
        return
    if socket.unanswered_pings >= settings.ping_misses:
        gevent.spawn(socket.hang_up, 1001, f"no sign of life for {silent:.0f} s")
    else:
        # A peer that reads nothing would hold up everyone's pings.
        gevent.spawn(_ping, session)


def _ping(session: Session) -> None:
    with suppress(Closed):
        session.socket.ping()
