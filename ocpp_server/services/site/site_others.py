"""Profiles of others than the site on its connectors: operators' schedules, and what came with remote starts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ocpp_server.charging.profile import TX, TX_DEFAULT
from ocpp_server.models import InstalledChargingProfile
from ocpp_server.services.site import site_sharing
from ocpp_server.services.site.site_sharing import SITE, Live
from ocpp_server.services.smart_charging import installed_profiles, unanswered_profiles
from ocpp_server.services.smart_charging.unanswered_profiles import Unanswered
from ocpp_server.services.spontaneous import BY
from ocpp_server.site import happenings, others
from ocpp_server.site.member import Member
from ocpp_server.site.others import Instead

#: How often (s) it is looked at what they will say later.
_OFTEN = 60.0


def read(sites: Iterable[Live], now: float) -> None:
    """Which defaults of others stations hold, by the record. Needs a connection; `now` in s since 1970."""
    sites = list(sites)
    rows = _rows(sites)
    unanswered = _unanswered(rows)
    for live in sites:
        found = {key: [row for row in rows[key[0]] if _counts(row, key[1])] for key in live.site.members}
        live.others = {key: installed_profiles.parsed(held) for key, held in found.items() if held}
        maybe = {key: _doubtful(held, unanswered.get(key[0], ()), key[1]) for key, held in found.items()}
        live.doubtful = {key: installed_profiles.parsed(each) for key, each in maybe.items() if each}
        live.others_at = 0.0
        look(live, now)


def look(live: Live, now: float) -> None:
    """What they say at this moment, and now and then what they will say."""
    is_time = now - live.others_at >= _OFTEN
    for member in live.site.members.values():
        before = member.cap, member.instead
        profiles, connector_id, session = live.others.get(member.key, []), member.key[1], member.session
        if profiles and session is not None:
            phases = member.sure_phases if member.takes_watts else len(session.belief.phases)
            member.cap = others.cap(profiles, connector_id, session.started_at, phases, now)
        else:
            member.cap = None
        if is_time:
            member.instead = _instead(live, member, now)
        if before != (member.cap, member.instead):
            member.follow_default(live.site.wait, now)
            live.is_dirty = True
    live.others_at = now if is_time else live.others_at


def _instead(live: Live, member: Member, now: float) -> Instead | None:
    what = member.key[1], live.site.wait + _OFTEN, member.maximum, now
    if doubtful := live.doubtful.get(member.key):
        return others.instead_of_any(doubtful, *what)
    held = live.others.get(member.key)
    return others.instead(held, *what) if held else None


def _unanswered(rows: Mapping[int, Sequence[InstalledChargingProfile]]) -> dict[int, list[Unanswered]]:
    """What was asked about profiles and may have been done; whoever owes no answer any more is forgotten."""
    silent = site_sharing.silent()
    found = {number: unanswered_profiles.of_station(number, rows.get(number, ())) for number in silent}
    silent.intersection_update([number for number, items in found.items() if items])
    return found


def _doubtful(
    held: Sequence[InstalledChargingProfile], unanswered: Sequence[Unanswered], connector_id: int
) -> list[InstalledChargingProfile]:
    """All that may hold on a connector; nothing where that is certain."""
    maybe = [row for row in _asked(unanswered) if _counts(row, connector_id)]
    may_be_gone = any(item.concerns(row) for item in unanswered for row in held)
    return [*held, *maybe] if maybe or may_be_gone else []


def _asked(unanswered: Iterable[Unanswered]) -> list[InstalledChargingProfile]:
    """What others than the site wanted to be there."""
    return [item.may_hold for item in unanswered if item.may_hold is not None and item.may_hold.source != BY]


def doubt(sites: Iterable[Live], now: float) -> None:
    """Sessions that follow, or may follow, a profile of somebody else: one that has a higher level than ours, came
    before it or took its place. Needs a connection."""
    sites = list(sites)
    rows = _rows(sites)
    for number, unanswered in _unanswered(rows).items():
        rows[number] += _asked(unanswered)
    for live in sites:
        for member in live.site.members.values():
            for row in _overriding(rows[member.key[0]], member):
                _doubt(live, member, row, now)
                live.is_dirty = True


def _doubt(live: Live, member: Member, row: InstalledChargingProfile, now: float) -> None:
    session = member.session
    if session is not None:
        (profile,) = installed_profiles.parsed([row])
        happenings.follows_another(live.site, member.key, session.transaction_id, profile, now)


def _overriding(rows: Iterable[InstalledChargingProfile], member: Member) -> list[InstalledChargingProfile]:
    number = member.session.transaction_id if member.session is not None else None
    of_session = [row for row in rows if row.purpose == TX and row.transaction_id == number and number is not None]
    ours = max((row.stack_level for row in of_session if row.owner == SITE.name), default=-1)
    return [row for row in of_session if row.owner != SITE.name and row.stack_level >= ours]


def _counts(row: InstalledChargingProfile, connector_id: int) -> bool:
    is_others = row.owner != SITE.name and row.purpose == TX_DEFAULT
    return is_others and row.connector_id in (0, connector_id)


def _rows(sites: Iterable[Live]) -> dict[int, list[InstalledChargingProfile]]:
    """What the stations of these sites hold."""
    found: dict[int, list[InstalledChargingProfile]] = defaultdict(list)
    for row in installed_profiles.of_stations({key[0] for live in sites for key in live.site.members}):
        found[row.charge_point_id].append(row)
    return found
