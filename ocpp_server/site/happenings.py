"""What a site is told: cars, readings, statuses, connections, and what became of its orders. Pure."""

from collections.abc import Sequence

from ocpp_server.charging.profile import Profile
from ocpp_server.site import others
from ocpp_server.site.belief import Belief
from ocpp_server.site.controller import Order, Site
from ocpp_server.site.default import Steps
from ocpp_server.site.hold import Hold, Lent
from ocpp_server.site.member import LATE, Key, Member
from ocpp_server.site.session import Session
from ocpp_server.site.turns import Turn

_CHARGING, _SUSPENDED_EV, _SUSPENDED_EVSE = "Charging", "SuspendedEV", "SuspendedEVSE"


def started(site: Site, key: Key, transaction_id: int, started_at: float, now: float) -> None:
    """A session began. One that began long ago and is reported only now may be over already (section 5.16.1)."""
    member = site.members.get(key)
    if member is None or (member.session is not None and member.session.transaction_id == transaction_id):
        return
    # A station's clock may be ahead; its default counts from what was the beginning indeed.
    started_at = min(started_at, now)
    member.session = Session(
        transaction_id,
        started_at,
        first_belief(member),
        # Its first limit may be a pause, too, which some sessions do not survive.
        Hold(member.first_limit(started_at, site.wait), changed_at=started_at),
        Turn(waiting_since=now),
        is_proven=now - started_at < LATE,
    )


def first_belief(member: Member) -> Belief:
    """Of a car that nothing is known of: it takes all that its connector can give."""
    return Belief(member.minimum, member.maximum, tuple(range(len(member.phases))))


def resumed(site: Site, key: Key, transaction_id: int, started_at: float, lent: Lent | None) -> None:
    """After a restart: a session runs, and what it was told before."""
    if _session(site, key) is None:
        started(site, key, transaction_id, started_at, started_at)
    session = _session(site, key)
    if session is not None and session.transaction_id == transaction_id and lent is not None:
        session.hold.recall(lent)


def doubted(site: Site, key: Key, transaction_id: int, lent: Lent, now: float) -> None:
    """After a restart: this may have been told to a session besides, and nobody knows whether it arrived."""
    session = _session(site, key)
    if session is not None and session.transaction_id == transaction_id:
        session.hold.may_follow(lent, now)


def follows_another(site: Site, key: Key, transaction_id: int, profile: Profile, now: float) -> None:
    """A session has a profile of somebody else, as one that came with its remote start."""
    session, member = _session(site, key), site.members.get(key)
    if member is not None and session is not None:
        most = others.of_session(profile, key[1], session.started_at, member.maximum, now)
        doubted(site, key, transaction_id, Lent(most, most), now)


def default_doubted(site: Site, key: Key, steps: Steps, now: float) -> None:
    """The same of a connector's default."""
    member = site.members[key]
    member.default.may_have(steps)
    member.follow_default(site.wait, now)


def ended(site: Site, key: Key, transaction_id: int) -> None:
    """A session is over."""
    member = site.members.get(key)
    if member is not None and member.session is not None and member.session.transaction_id == transaction_id:
        member.session = None


def measured(
    site: Site, key: Key, currents: Sequence[float], now: float, *, is_total: bool = False, is_sure: bool = True
) -> bool:
    """A reading of the session on a connector: A for each phase of the station. `is_total`: only their sum is known;
    `is_sure`: which of them carry current is.

    Whether it changes what is believed, so that there may be something to decide.
    """
    session = _session(site, key)
    return session is not None and session.measure(currents, now, is_total=is_total, is_sure=is_sure)


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


def connection(site: Site, charge_point_id: int, is_connected: bool, heard_at: float) -> bool:
    """Whether a station is in reach, and when it was last heard of (s since 1970); whether that is news.

    Who comes back is asked again, whatever it refused before.
    """
    is_news = False
    for member in site.members.values():
        if member.key[0] != charge_point_id:
            continue
        if is_connected:
            # A car that comes now, unseen, has only what its session begins with, for so long.
            member.quiet_until = heard_at + site.wait
        if member.is_connected != is_connected:
            is_news, member.is_connected = True, is_connected
            member.default.retry()
            if member.session is not None:
                member.session.hold.retry()
    return is_news


def permission(site: Site, charge_point_id: int, may_be_asked: bool) -> bool:
    """Whether a station may be sent limits unasked; whether that is news."""
    changed = [m for m in site.members.values() if m.key[0] == charge_point_id and m.may_be_asked != may_be_asked]
    for member in changed:
        member.may_be_asked = may_be_asked
    return bool(changed)


def lost(site: Site, key: Key, now: float, *, is_default: bool) -> None:
    """A station holds no longer what it had accepted."""
    member = site.members.get(key)
    if member is None:
        return
    if is_default:
        member.default.installed = None
        member.follow_default(site.wait, now)
    elif member.session is not None:
        member.session.hold.lose(member.first_limit(member.session.started_at, site.wait), now)


def accepted(site: Site, order: Order, now: float) -> None:
    """The station has what it was sent."""
    member = site.members.get(order.key)
    if member is None:
        return
    if order.transaction_id is None:
        member.default.accept()
    elif member.session is not None and member.session.transaction_id == order.transaction_id:
        member.session.hold.accept(now)


def failed(site: Site, order: Order, now: float, *, refused: bool) -> None:
    """It refused, or nothing was heard of it."""
    member = site.members.get(order.key)
    if member is None:
        return
    if order.transaction_id is None:
        _default_failed(member, order, now, refused)
    elif member.session is not None and member.session.transaction_id == order.transaction_id:
        member.session.hold.fail(now, refused=refused)
        # What it has instead may be shared by other phases.
        member.session.shared_by = 0


def _default_failed(member: Member, order: Order, now: float, refused: bool) -> None:
    if refused and order.amperes != order.fail_safe:
        # It takes no rising one; a constant one comes next.
        member.can_wait, member.default.asked = False, None
    else:
        member.default.fail(now, refused=refused)


def _session(site: Site, key: Key) -> Session | None:
    member = site.members.get(key)
    return None if member is None else member.session
