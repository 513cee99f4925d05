"""From the tables to the sites at work: at the start, and whenever somebody changed a site."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from ocpp_server import clock
from ocpp_server.charging import fitting
from ocpp_server.charging.profile import TX
from ocpp_server.charging.units import WATTS
from ocpp_server.models import (
    ChargePoint,
    ChargingProfileRequest,
    InstalledChargingProfile,
    SiteCircuit,
    SiteMember,
    Transaction,
)
from ocpp_server.models import Site as SiteRow
from ocpp_server.models.sites import AMPERES
from ocpp_server.services.site import site_others, site_sharing
from ocpp_server.services.site.site_sharing import SITE, Live
from ocpp_server.services.smart_charging import (
    charging_profiles,
    charging_requests,
    charging_traits,
    installed_profiles,
    unanswered_profiles,
)
from ocpp_server.services.smart_charging.installed_profiles import Wished
from ocpp_server.site import happenings, wishes
from ocpp_server.site.controller import Site
from ocpp_server.site.default import Steps
from ocpp_server.site.grid import Circuit
from ocpp_server.site.hold import Lent
from ocpp_server.site.member import Key, Member


def load() -> list[Live]:
    """All sites, with what is known of them. Needs a connection."""
    circuits, members = _by_site(_circuits()), _by_site(_members())
    found = [_live(row, circuits[row.id], members[row.id]) for row in SiteRow.select()]
    now = clock.now().timestamp()
    _fit(found)
    stations = {key[0] for live in found for key in live.site.members}
    site_sharing.silent().update(unanswered_profiles.stations(stations))
    site_others.read(found, now)
    _recall_all(found)
    site_others.doubt(found, now)
    for live in found:
        live.site.plan()
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
                # It may have come with a profile.
                site_sharing.read_others_soon()
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
    live = Live(row.id, row.name, site)
    if before is not None:
        live.pending, live.sampled_at = before.pending, before.sampled_at
    return live


def _carry_over(old: Member, new: Member) -> None:
    new.is_connected, new.may_be_asked, new.can_wait = old.is_connected, old.may_be_asked, old.can_wait
    new.default, new.session, new.quiet_until = replace(old.default, installed=None), old.session, old.quiet_until
    new.ended_by_pause, new.can_step = old.ended_by_pause, new.can_step and old.can_step
    new.takes_watts = new.takes_watts or old.takes_watts
    is_same = (old.phases, old.minimum, old.maximum) == (new.phases, new.minimum, new.maximum)
    if new.session is not None and not is_same:
        new.session.belief = happenings.first_belief(new)


def _fit(sites: list[Live]) -> None:
    """In which form stations take limits, as far as it is known."""
    members = [member for live in sites for member in live.site.members.values()]
    stations = sorted({member.key[0] for member in members})
    limits = dict(zip(stations, charging_traits.known_limits(stations), strict=True))
    for member in members:
        known = limits[member.key[0]]
        member.takes_watts |= known.units == {WATTS}
        member.can_step &= known.max_periods != 1


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


def recall(site: Site, row: InstalledChargingProfile, wished: Wished, started_at: float | None) -> None:
    """What a station holds of ours, and until when, as it was wished; `started_at` of the session that it is for."""
    member = site.members[row.charge_point_id, wished.connector_id]
    lent, (*_, follows) = _lent(site, wished), wishes.read(wished.profile)
    is_whole = len(fitting.periods(wished.profile)) == len(fitting.periods(json.loads(row.profile)))
    if row.purpose != TX:
        # One that was made for another lease rises at another time, so it counts as if it did at once, and is made
        # anew; one of which the station took a part counts as none.
        first = lent.amperes if follows in (None, round(site.wait)) else lent.fail_safe
        member.default.recall(Steps(first, lent.fail_safe) if is_whole else None)
        member.can_wait = member.can_wait and (follows is not None or lent.fail_safe == 0 or not member.can_pause)
    elif is_whole and row.transaction_id is not None and started_at is not None:
        happenings.resumed(site, member.key, row.transaction_id, started_at, lent)


def started_at(row: InstalledChargingProfile) -> float | None:
    """When the session began that a TxProfile is for, in s since 1970. Needs a connection."""
    query = Transaction.select(Transaction.started_at).where(Transaction.id == row.transaction_id)
    started = query.scalar() if row.transaction_id is not None else None
    return None if started is None else clock.to_ms(started) / 1000


def _lent(site: Site, wished: Wished) -> Lent:
    amperes, fail_safe, follows = wishes.read(wished.profile)
    return Lent(amperes, fail_safe, wished.at.timestamp() + (site.lease if follows is None else follows))


def _recall_all(sites: list[Live]) -> None:
    """What stations hold of ours, by their answers, and what may have reached them besides. Sessions that were at work
    before know it better themselves."""
    places = {key: live for live in sites for key in live.site.members}
    at_work = {key for key, live in places.items() if live.site.members[key].session is not None}
    stations, newest = {key[0] for key in places}, {}
    for row in installed_profiles.of_stations(stations):
        wished = installed_profiles.wished_of(row)
        key = (row.charge_point_id, wished.connector_id) if wished else None
        if wished is None or key not in places or row.owner != SITE.name:
            continue
        newest[key, row.purpose] = wished.at
        if row.purpose != TX or key not in at_work:
            recall(places[key].site, row, wished, started_at(row))
    reconcile(sites)
    for request in charging_requests.unanswered(SITE, stations):
        key = request.charge_point_id, request.connector_id
        place = key, request.purpose
        is_news = place not in newest or request.requested_at > newest[place]
        if key in places and is_news and place not in places[key].pending:
            _doubt(places[key].site, key, request, is_at_work=key in at_work)


def _doubt(site: Site, key: Key, request: ChargingProfileRequest, *, is_at_work: bool) -> None:
    """It was on its way when the process ended."""
    wished = Wished(SITE.name, request.connector_id, charging_requests.wish_of(request), request.requested_at)
    lent, now = _lent(site, wished), clock.now().timestamp()
    if request.purpose != TX:
        happenings.default_doubted(site, key, Steps(lent.amperes, lent.fail_safe), now)
    elif request.transaction_id is not None and not is_at_work:
        happenings.doubted(site, key, request.transaction_id, lent, now)


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
