"""The sites as they are shared at this moment: kept in memory, told by messages, looked at by a job.

Messages of connectors that belong to no site cost a look into a dictionary. What matters outlives a restart: which
limits stations hold stands in the record of installed profiles, which sessions run in theirs.
"""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ocpp_server import clock, timestamps
from ocpp_server.charging.fitting import PERIODS, UNIT
from ocpp_server.charging.profile import TX, TX_DEFAULT, Profile
from ocpp_server.models import Command
from ocpp_server.models.commands import QUEUED
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.site import site_readings
from ocpp_server.services.smart_charging import charging_profiles, installed_profiles
from ocpp_server.services.smart_charging.charging_owners import Owner
from ocpp_server.services.spontaneous import BY
from ocpp_server.site import happenings
from ocpp_server.site.controller import Order, Site
from ocpp_server.site.member import Key, Member
from ocpp_server.store import Unit

SITE = Owner("site", 2)
#: A reading older than this (ms) when it arrives says nothing about now.
_STALE_MS = 120_000
#: What a station says that ended a session neither for its driver nor for us (section 7.36).
_NO_REASON = "Other"
_CANNOT_PAUSE = "UPDATE site_member SET can_pause = ? WHERE charge_point_id = ? AND connector_id = ?"
#: So long (s) a connector that left its site may take to hear of it.
_FAREWELL = 7 * 24 * 3600.0


@dataclass(slots=True)
class Live:
    """One site at work. `pending`: what was sent and not answered, and since when (s since 1970)."""

    id: int
    name: str
    site: Site
    is_dirty: bool = True
    looked_at: float = 0.0
    sampled_at: float = 0.0
    pending: dict[tuple[Key, str], tuple[Order, float]] = field(default_factory=dict)
    #: The defaults of others than the site on its connectors, and when it was looked at what they will say.
    others: dict[Key, list[Profile]] = field(default_factory=dict)
    #: All that may be one there, where a request that would tell got no answer.
    doubtful: dict[Key, list[Profile]] = field(default_factory=dict)
    others_at: float = 0.0


@dataclass(slots=True)
class _State:
    sites: dict[int, Live] = field(default_factory=dict)
    places: dict[Key, Live] = field(default_factory=dict)
    is_stale: bool = True
    are_others_stale: bool = False
    silent: set[int] = field(default_factory=set)


_state = _State()


def all_sites() -> list[Live]:
    return list(_state.sites.values())


def get(site_id: int) -> Live | None:
    return _state.sites.get(site_id)


def at(key: Key) -> Live | None:
    """The site that a connector belongs to."""
    return _state.places.get(key)


def keys() -> list[Key]:
    """The connectors of all sites."""
    return list(_state.places)


def is_stale() -> bool:
    """Whether the sites must be read from the database before they are looked at."""
    return _state.is_stale


def reload_soon() -> None:
    """Somebody changed a site."""
    _state.is_stale = True


def are_others_stale() -> bool:
    """Whether it must be read what others than the site have at its stations."""
    return _state.are_others_stale


def others_are_read() -> None:
    _state.are_others_stale = False


def note_profiles(unit: Unit, charge_point_id: int, *, is_silent: bool = False) -> None:
    """What others than a site have at a station may have changed. `is_silent`: it did not answer whether."""
    if any(key[0] == charge_point_id for key in _state.places):
        if is_silent:
            unit.after_commit(lambda: _state.silent.add(charge_point_id))
        unit.after_commit(read_others_soon)


def silent() -> set[int]:
    """The stations that may owe an answer about profiles."""
    return _state.silent


def read_others_soon() -> None:
    _state.are_others_stale = True


def take(sites: list[Live]) -> None:
    """These are the sites from now on."""
    _state.sites = {live.id: live for live in sites}
    _state.places = {key: live for live in sites for key in live.site.members}
    _state.is_stale = False


def clear() -> None:
    """Forget all sites: another database follows."""
    take([])
    _state.is_stale = True
    _state.silent.clear()


# -- what messages tell ------------------------------------------------------------------------------------


def note_start(
    unit: Unit, charge_point_id: int, payload: dict[str, Any], transaction_id: int, received_at: int
) -> None:
    """A session began; times in ms since 1970. One whose start was queued at the station may be over already."""
    key = charge_point_id, payload["connectorId"]
    if key in _state.places:
        reported = timestamps.parse(payload.get("timestamp"))
        credible = reported if timestamps.is_credible(reported, received_at) else None
        started_at, now = (credible or received_at) / 1000, received_at / 1000
        _tell(unit, key, lambda site: happenings.started(site, key, transaction_id, started_at, now))
        # One that came with a remote start holds from the first moment on.
        for profile in installed_profiles.of_session(charge_point_id, transaction_id):
            follow = partial(happenings.follows_another, key=key, transaction_id=transaction_id, profile=profile)
            _tell(unit, key, partial(follow, now=now))


def note_values(unit: Unit, charge_point_id: int, payload: dict[str, Any], received_at: int) -> None:
    """A meter was read; only the newest of the values says what is drawn now."""
    key = charge_point_id, payload["connectorId"]
    live = _state.places.get(key)
    values = payload.get("meterValue")
    if live is None or not isinstance(values, list) or not values or not isinstance(values[-1], dict):
        return
    at = timestamps.parse(values[-1].get("timestamp"))
    if at is not None and timestamps.is_credible(at, received_at) and received_at - at > _STALE_MS:
        return
    found = site_readings.currents(values[-1].get("sampledValue"), len(live.site.members[key].phases))
    if found is not None:
        tell = partial(happenings.measured, is_total=found.is_total, is_sure=found.is_sure)
        _tell(unit, key, lambda site: tell(site, key, found.each, received_at / 1000))


def note_status(unit: Unit, charge_point_id: int, payload: dict[str, Any], received_at: int) -> None:
    """A connector's status."""
    key = charge_point_id, payload["connectorId"]
    if key in _state.places:
        _tell(unit, key, lambda site: happenings.status(site, key, payload["status"], received_at / 1000))


def note_stop(unit: Unit, charge_point_id: int, payload: dict[str, Any], received_at: int) -> None:
    """A session ended. The message does not name its connector."""
    for key, live in _state.places.items() if _state.places else ():
        member = live.site.members[key]
        if key[0] != charge_point_id or member.session is None:
            continue
        if member.session.transaction_id == payload["transactionId"]:
            if payload.get("reason") == _NO_REASON and member.is_just_paused(received_at / 1000):
                _note_end_by_pause(unit, key, member)
            _end(unit, key, payload["transactionId"])


def _end(unit: Unit, key: Key, transaction_id: int) -> None:
    _tell(unit, key, lambda site: happenings.ended(site, key, transaction_id))


def _note_end_by_pause(unit: Unit, key: Key, member: Member) -> None:
    """Some stations end a session that is given nothing (quirk 43). After the second time it is not paused any more."""
    unit.after_commit(lambda: setattr(member, "ended_by_pause", member.ended_by_pause + 1))
    if member.ended_by_pause and member.can_pause:
        unit.execute(_CANNOT_PAUSE, False, *key)
        unit.after_commit(reload_soon)


def _tell(unit: Unit, key: Key, event: Callable[[Site], bool | None]) -> None:
    """Once the message is committed; an event that changes nothing worth deciding says False."""

    def tell() -> None:
        live = _state.places.get(key)
        if live is not None and event(live.site) is not False:
            live.is_dirty = True

    unit.after_commit(tell)


# -- what is sent, and what comes of it --------------------------------------------------------------------


def sent(live: Live, order: Order, now: float) -> None:
    live.pending[order.key, _purpose(order)] = order, now


def is_awaited(key: Key, purpose: str, transaction_id: int | None) -> bool:
    """Whether an order was sent whose answer has not come."""
    live = _state.places.get(key)
    found = None if live is None else live.pending.get((key, purpose))
    return found is not None and found[0].transaction_id == transaction_id


def conclude(key: Key, purpose: str, transaction_id: int | None, *, accepted: bool, refused: bool) -> None:
    """What became of an order."""
    live, now = _state.places.get(key), clock.now().timestamp()
    found = None if live is None else live.pending.get((key, purpose))
    if live is None or found is None or found[0].transaction_id != transaction_id:
        return
    del live.pending[key, purpose]
    live.is_dirty = True
    if accepted:
        happenings.accepted(live.site, found[0], now)
    else:
        happenings.failed(live.site, found[0], now, refused=refused)


def fitted(key: Key, purpose: str, changed: Collection[str]) -> None:
    """In what a station took an order otherwise than it was meant. One that takes no limit that changes by itself is
    given constant ones from now on."""
    live = _state.places.get(key)
    if live is None:
        return
    member = live.site.members[key]
    before = member.takes_watts, member.can_step
    member.takes_watts |= UNIT in changed
    member.can_step &= PERIODS not in changed
    if before != (member.takes_watts, member.can_step):
        live.site.plan()
        live.is_dirty = True
    if PERIODS in changed:
        gone(key, purpose)


def gone(key: Key, purpose: str) -> None:
    """What a station held it holds no longer: somebody cleared it, or put another profile in its place."""
    live = _state.places.get(key)
    if live is not None:
        happenings.lost(live.site, key, clock.now().timestamp(), is_default=purpose == TX_DEFAULT)
        live.is_dirty = True


def let_go(unit: Unit, left: Iterable[Key]) -> None:
    """Connectors that belong to no site any more forget the limits that it gave them."""
    for charge_point_id, connector_id in left:
        for purpose in (TX, TX_DEFAULT):
            try:
                charging_profiles.set_limit(
                    unit, SITE, charge_point_id, connector_id, None, purpose=purpose, by=BY, lifetime=_FAREWELL
                )
            except Invalid as error:
                # A rejected station cannot be told; what it holds stays on record.
                if error.field != "registration":
                    raise


def keep(unit: Unit, members: Iterable[Key]) -> None:
    """Connectors that belong to a site: whoever is still to be told to forget its limits is not told any more."""
    numbers = {(key[0], SITE.profile_id(purpose, key[1])) for key in members for purpose in (TX, TX_DEFAULT)}
    waiting = Command.select().where(
        Command.charge_point.in_([number for number, _ in numbers]),
        Command.finished_at.is_null(),
        Command.state == QUEUED,
        Command.action == "ClearChargingProfile",
        Command.requested_by == BY,
    )
    for row in list(waiting):
        if (row.charge_point_id, json.loads(row.payload).get("id")) in numbers:
            commands.cancel(unit, row.id)


def _purpose(order: Order) -> str:
    return TX_DEFAULT if order.transaction_id is None else TX
