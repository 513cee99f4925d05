"""From the tables to the sites at work: at the start, and whenever somebody changed a site."""

import json
from collections import defaultdict
from collections.abc import Iterable

from ocpp_server import clock
from ocpp_server.charging.profile import TX
from ocpp_server.models import ChargePoint, InstalledChargingProfile, SiteCircuit, SiteMember, Transaction
from ocpp_server.models import Site as SiteRow
from ocpp_server.models.sites import AMPERES
from ocpp_server.services.site import site_sharing
from ocpp_server.services.site.site_sharing import SITE, Live
from ocpp_server.services.smart_charging import charging_profiles, installed_profiles
from ocpp_server.site import happenings
from ocpp_server.site.controller import Site
from ocpp_server.site.grid import Circuit
from ocpp_server.site.member import Key, Member
from ocpp_server.site.wishes import PAST


def load() -> list[Live]:
    """All sites, with what is known of them. Needs a connection."""
    circuits, members = _by_site(_circuits()), _by_site(_members())
    found = [_live(row, circuits[row.id], members[row.id]) for row in SiteRow.select()]
    _recall_limits(found)
    reconcile(found)
    return found


def has_deleted(sites: Iterable[Live]) -> bool:
    """Whether a station of theirs was deleted meanwhile."""
    stations = {key[0] for live in sites for key in live.site.members}
    gone = ChargePoint.select().where(ChargePoint.id.in_(list(stations)), ChargePoint.deleted_at.is_null(False))
    return gone.exists()


def reconcile(sites: Iterable[Live]) -> None:
    """Sessions as the tables have them: not all ends and beginnings come with a message of the station's."""
    sites = list(sites)
    stations = {key[0] for live in sites for key in live.site.members}
    query = Transaction.select().where(Transaction.stopped_at.is_null(), Transaction.charge_point.in_(list(stations)))
    running = {(row.charge_point_id, row.connector_id): row for row in query.order_by(Transaction.id)}
    for live in sites:
        for key, member in live.site.members.items():
            row, session = running.get(key), member.session
            if session is not None and (row is None or row.id != session.transaction_id):
                happenings.ended(live.site, key, session.transaction_id)
                live.is_dirty = True
            if row is not None and member.session is None:
                _resume(live.site, key, row)
                live.is_dirty = True


def _resume(site: Site, key: Key, row: Transaction) -> None:
    started_at = row.started_at.timestamp()
    happenings.resumed(site, key, row.id, started_at, None)
    session = site.members[key].session
    if session is not None:
        session.is_proven = not charging_profiles.may_be_over(row)


def _live(row: SiteRow, circuits: list[SiteCircuit], members: list[SiteMember]) -> Live:
    """What was learnt of cars and stations is kept where the site was at work before."""
    before = site_sharing.get(row.id)
    site = Site([_circuit(item) for item in circuits], {}, row.mode, float(row.lease_s), float(row.slot_s))
    for item in members:
        member = _member(item, site.wait)
        old = before.site.members.get(member.key) if before is not None else None
        if old is not None:
            _carry_over(old, member)
        site.members[member.key] = member
    site.plan()
    live = Live(row.id, row.name, site)
    if before is not None:
        live.pending, live.sampled_at = before.pending, before.sampled_at
    return live


def _carry_over(old: Member, new: Member) -> None:
    new.is_connected, new.may_be_asked, new.can_wait = old.is_connected, old.may_be_asked, old.can_wait
    new.asked_default, new.session, new.quiet_until = old.asked_default, old.session, old.quiet_until
    new.ended_by_pause = old.ended_by_pause
    new.default_failures, new.default_retry_at = old.default_failures, old.default_retry_at
    is_same = (old.phases, old.minimum, old.maximum) == (new.phases, new.minimum, new.maximum)
    if new.session is not None and not is_same:
        new.session.belief = happenings.first_belief(new)


def _circuit(row: SiteCircuit) -> Circuit:
    is_amperes = row.unit == AMPERES
    return Circuit(
        row.id,
        row.parent_id,
        limit_a=row.limit if is_amperes else None,
        limit_w=None if is_amperes else row.limit * 1000,
        reserve_a=row.reserve_a,
    )


def _member(row: SiteMember, wait: float) -> Member:
    point = row.charge_point
    seen_at = point.last_seen_at.timestamp() if point.last_seen_at is not None else 0.0
    return Member(
        (row.charge_point_id, row.connector_id),
        row.circuit_id,
        tuple(int(phase) - 1 for phase in row.phases),
        row.minimum_a,
        row.maximum_a,
        row.priority,
        row.can_pause,
        may_be_asked=point.spontaneous_calls,
        quiet_until=seen_at + wait,
    )


def _recall_limits(sites: list[Live]) -> None:
    """What stations hold of ours, and until when."""
    members = {key: (live.site, member) for live in sites for key, member in live.site.members.items()}
    rows = installed_profiles.of_stations({key[0] for key in members})
    for row in rows:
        found = members.get((row.charge_point_id, row.connector_id))
        if row.owner == SITE.name and found is not None:
            _recall(*found, row)


def _recall(site: Site, member: Member, row: InstalledChargingProfile) -> None:
    periods = json.loads(row.profile)["chargingSchedule"]["chargingSchedulePeriod"]
    first, last = periods[0], periods[-1]
    if row.purpose != TX:
        # One that was made for another lease counts as none, and is made anew.
        fits = len(periods) == 1 or last["startPeriod"] == round(site.wait)
        member.installed = float(last["limit"]) if fits else None
        member.can_wait = member.can_wait and (len(periods) > 1 or last["limit"] == 0 or not member.can_pause)
        return
    if row.transaction_id is None or (member.session is not None):
        return
    ends = row.installed_at.timestamp() + (last["startPeriod"] - PAST if len(periods) > 1 else site.lease)
    started = Transaction.select(Transaction.started_at).where(Transaction.id == row.transaction_id).scalar()
    if started is not None:
        happenings.resumed(
            site, member.key, row.transaction_id, clock.to_ms(started) / 1000, (float(first["limit"]), ends)
        )


def _circuits() -> Iterable[tuple[int, SiteCircuit]]:
    return ((row.site_id, row) for row in SiteCircuit.select().order_by(SiteCircuit.id))


def _members() -> Iterable[tuple[int, SiteMember]]:
    query = (
        SiteMember.select(SiteMember, SiteCircuit, ChargePoint).join(SiteCircuit).switch(SiteMember).join(ChargePoint)
    )
    rows = query.where(ChargePoint.deleted_at.is_null()).order_by(SiteMember.id)
    return ((row.circuit.site_id, row) for row in rows)


def _by_site(pairs: Iterable[tuple[int, object]]) -> dict[int, list]:
    found: dict[int, list] = defaultdict(list)
    for site_id, row in pairs:
        found[site_id].append(row)
    return found
