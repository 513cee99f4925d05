"""Which charge points are connected in this process. One session each; the newest wins."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocpp_server.session import Session

_sessions: dict[int, "Session"] = {}


def get(charge_point_id: int) -> "Session | None":
    return _sessions.get(charge_point_id)


def is_connected(charge_point_id: int) -> bool:
    return charge_point_id in _sessions


def connected_ids() -> set[int]:
    return set(_sessions)


def last_seen(charge_point_id: int) -> datetime | None:
    """When anything last arrived on the station's open connection; None while it is not connected."""
    session = _sessions.get(charge_point_id)
    return session.last_seen_at if session else None


def everyone() -> Iterator["Session"]:
    """All sessions, safe against changes meanwhile."""
    return iter(tuple(_sessions.values()))


def enter(session: "Session") -> "Session | None":
    """Make this the station's session; the one it replaces, if any."""
    replaced = _sessions.get(session.charge_point_id)
    _sessions[session.charge_point_id] = session
    return replaced


def leave(session: "Session") -> bool:
    """Forget the session, unless a newer one has taken its place; whether it was forgotten."""
    if _sessions.get(session.charge_point_id) is not session:
        return False
    del _sessions[session.charge_point_id]
    return True
