"""What a site is told: cars, readings, statuses, connections, and what became of its orders. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ocpp_server.site.belief import Belief
from ocpp_server.site.controller import Order, Site
from ocpp_server.site.hold import Hold, retry_at
from ocpp_server.site.member import LATE, Key, Member, Session
from ocpp_server.site.turns import Turn

_CHARGING, _SUSPENDED_EV, _SUSPENDED_EVSE = "Charging", "SuspendedEV", "SuspendedEVSE"


def started(site: Site, key: Key, transaction_id: int, started_at: float, now: float) -> None:
    """A session began. One that began long ago and is reported only now may be over already (section 5.16.1)."""
    member = site.members.get(key)
    if member is None or (member.session is not None and member.session.transaction_id == transaction_id):
        return
    member.session = Session(
        transaction_id,
        started_at,
        first_belief(member),
        _first_hold(site, member, started_at),
        Turn(waiting_since=now, is_kept=not member.can_pause),
        is_proven=now - started_at < LATE,
    )


def first_belief(member: Member) -> Belief:
    """Of a car that nothing is known of: it takes all that its connector can give."""
    return Belief(member.minimum, member.maximum, tuple(range(len(member.phases))))


def _first_hold(site: Site, member: Member, started_at: float) -> Hold:
    """What holds for a session before it is told anything: the connector's default, if it has one."""
    if member.installed is None:
        return Hold(member.maximum, member.fail_safe, math.inf)
    return Hold(min(member.first, member.installed), member.installed, started_at + site.wait)


@dataclass(frozen=True, slots=True)
class Lent:
    """What a session was told: so many A until `ends` (s since 1970), then `fail_safe`."""

    amperes: float
    fail_safe: float
    ends: float


def resumed(site: Site, key: Key, transaction_id: int, started_at: float, lent: Lent | None) -> None:
    """After a restart: a session runs, and what it was told before."""
    if _session(site, key) is None:
        started(site, key, transaction_id, started_at, started_at)
    session = _session(site, key)
    if session is not None and session.transaction_id == transaction_id and lent is not None:
        session.hold.amperes, session.hold.fail_safe, session.hold.lease_ends = lent.amperes, lent.fail_safe, lent.ends
        session.hold.is_uncertain = False


def doubted(site: Site, key: Key, transaction_id: int, lent: Lent, now: float) -> None:
    """After a restart: this may have been told to a session besides, and nobody knows whether it arrived."""
    session = _session(site, key)
    if session is not None and session.transaction_id == transaction_id:
        session.hold.ask(lent.amperes, lent.ends)
        session.hold.fail(now, refused=False)
        session.hold.retry()


def ended(site: Site, key: Key, transaction_id: int) -> None:
    """A session is over."""
    member = site.members.get(key)
    if member is not None and member.session is not None and member.session.transaction_id == transaction_id:
        member.session = None


def measured(site: Site, key: Key, currents: Sequence[float], now: float) -> bool:
    """A reading of the session on a connector: A for each phase of the station, or one that counts for all.

    Whether it changes what is believed, so that there may be something to decide.
    """
    session = _session(site, key)
    return session is not None and session.measure(currents, now)


def status(site: Site, key: Key, word: str, now: float) -> None:
    """A connector's status."""
    session = _session(site, key)
    if session is None:
        return
    if word in {_CHARGING, _SUSPENDED_EV, _SUSPENDED_EVSE}:
        session.is_proven = True
    if word == _SUSPENDED_EV:
        session.suspended_since = session.suspended_since or now
    else:
        session.suspended_since = None
    if word == _CHARGING:
        session.belief.wake()


def connection(site: Site, charge_point_id: int, is_connected: bool, now: float) -> bool:
    """A station came or went; whether that is news. Who comes back is asked again, whatever it refused before."""
    is_news = False
    for member in site.members.values():
        if member.key[0] != charge_point_id or member.is_connected == is_connected:
            continue
        is_news, member.is_connected = True, is_connected
        # A car that comes now, unseen, begins with nothing and has nothing for so long.
        member.quiet_until = now + site.wait
        member.default_failures, member.default_retry_at = 0, 0.0
        if member.session is not None:
            member.session.hold.retry()
    return is_news


def permission(site: Site, charge_point_id: int, may_be_asked: bool) -> bool:
    """Whether a station may be sent limits unasked; whether that is news."""
    changed = [m for m in site.members.values() if m.key[0] == charge_point_id and m.may_be_asked != may_be_asked]
    for member in changed:
        member.may_be_asked = may_be_asked
    if changed:
        site.plan()
    return bool(changed)


def lost(site: Site, key: Key, *, is_default: bool) -> None:
    """A station holds no longer what it had accepted."""
    member = site.members.get(key)
    if member is None:
        return
    if is_default:
        member.installed = None
    elif member.session is not None:
        member.session.hold.lose(member.fail_safe if member.installed is not None else member.maximum)


def accepted(site: Site, order: Order, now: float) -> None:
    """The station has what it was sent."""
    member = site.members.get(order.key)
    if member is None:
        return
    if order.transaction_id is None:
        member.installed, member.asked_default, member.default_failures = order.fail_safe, None, 0
    elif member.session is not None and member.session.transaction_id == order.transaction_id:
        member.session.hold.accept(now)


def failed(site: Site, order: Order, now: float, *, refused: bool) -> None:
    """It refused, or nothing was heard of it."""
    member = site.members.get(order.key)
    if member is None:
        return
    if order.transaction_id is None:
        member.asked_default = None
        if refused and order.amperes != order.fail_safe:
            member.can_wait = False
            return
        member.default_retry_at = retry_at(member.default_failures, now)
        member.default_failures += 1
    elif member.session is not None and member.session.transaction_id == order.transaction_id:
        member.session.hold.fail(now, refused=refused)


def _session(site: Site, key: Key) -> Session | None:
    member = site.members.get(key)
    return None if member is None else member.session
