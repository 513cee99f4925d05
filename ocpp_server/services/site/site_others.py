"""Profiles of others than the site on its connectors: operators' schedules, and what came with remote starts."""

from collections import defaultdict
from collections.abc import Iterable

from ocpp_server.charging.profile import TX, TX_DEFAULT
from ocpp_server.models import InstalledChargingProfile
from ocpp_server.services.site.site_sharing import SITE, Live
from ocpp_server.services.smart_charging import installed_profiles
from ocpp_server.site import happenings, others
from ocpp_server.site.member import Member

#: How often (s) it is looked at what they will say later.
_OFTEN = 60.0


def read(sites: Iterable[Live], now: float) -> None:
    """Which defaults of others stations hold, by the record. Needs a connection; `now` in s since 1970."""
    sites = list(sites)
    rows = _rows(sites)
    for live in sites:
        found = {key: [row for row in rows[key[0]] if _counts(row, key[1])] for key in live.site.members}
        live.others = {key: installed_profiles.parsed(held) for key, held in found.items() if held}
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
            wait = live.site.wait + _OFTEN
            member.instead = others.instead(profiles, connector_id, wait, member.maximum, now) if profiles else None
        if before != (member.cap, member.instead):
            member.follow_default(live.site.wait, now)
            live.is_dirty = True
    live.others_at = now if is_time else live.others_at


def doubt(sites: Iterable[Live], now: float) -> None:
    """Sessions that follow a profile of somebody else, which has a higher level than ours or came before it. Needs a
    connection."""
    sites = list(sites)
    rows = _rows(sites)
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
    return [row for row in of_session if row.owner != SITE.name and row.stack_level > ours]


def _counts(row: InstalledChargingProfile, connector_id: int) -> bool:
    is_others = row.owner != SITE.name and row.purpose == TX_DEFAULT
    return is_others and row.connector_id in (0, connector_id)


def _rows(sites: Iterable[Live]) -> dict[int, list[InstalledChargingProfile]]:
    """What the stations of these sites hold."""
    found: dict[int, list[InstalledChargingProfile]] = defaultdict(list)
    for row in installed_profiles.of_stations({key[0] for live in sites for key in live.site.members}):
        found[row.charge_point_id].append(row)
    return found
