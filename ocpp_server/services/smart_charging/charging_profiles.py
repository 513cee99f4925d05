"""Charging profiles for connectors: what people apply, and the limits that other parts of Chargeyard hold.

For such another part (an owner) this is the contract:

- It makes itself known once: `SITE = Owner("site", 2)` (services/smart_charging/charging_owners.py). From its number
  follow its own chargingProfileIds, one for each purpose on each connector, so that what it sends again replaces what
  it sent before.
- `set_limit(unit, SITE, charge_point_id, connector_id, 16.0, purpose=TX, by=...)` limits a connector to so many amperes
  per phase and `set_limit(..., None, ...)` takes the limit away. Each makes one command at most, and none where the
  station holds just that already and nothing else is on its way. A later call takes the place of an earlier one whose
  command has not left.
- A refusal is met by itself: the profile is tried in other forms (charging/ladder.py), and what the station took is
  remembered, so that the next call begins with it.
- `@on_outcome(SITE)` hears how it ended, within the unit that notes it: installed, refused, failed (no answer, not
  connected, connection lost), left_out (no session, or one that may be over), or later gone: it was cleared, also where
  the owner asked for that, or another profile took its place. A TxProfile's end with its session is not told.
- `purpose`: TX needs a running session on the connector, and overrules every TxDefaultProfile; TX_DEFAULT counts for
  sessions to come as well, on connector 0 for all connectors; CHARGE_POINT_MAX is for connector 0, and on a station
  that refuses it becomes a TxDefaultProfile of the limit divided by the connectors.
- Stack levels: of one purpose only the highest level counts, they do not add up. Operators' templates begin on level 1;
  a default that must hold where nothing else does belongs on level 0. On a station that knows level 0 alone, the
  later one replaces the earlier, and its owner hears `gone`.
- Whether a station may be asked at all (its switch for spontaneous calls, the setting, its connection) is the owner's
  to look at before.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from ocpp_server import clock
from ocpp_server.charging import building, fitting
from ocpp_server.charging.profile import TX, whole
from ocpp_server.models import (
    ChargePoint,
    ChargingApplication,
    ChargingProfileRequest,
    Command,
    Transaction,
)
from ocpp_server.models.charging import WAITING
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.smart_charging import charging_requests, installed_profiles, unanswered_profiles
from ocpp_server.services.smart_charging.charging_owners import OPERATOR, Owner, own_profile_id, template_profile_id
from ocpp_server.services.smart_charging.charging_requests import LATE, NO_SESSION, Wish
from ocpp_server.services.smart_charging.charging_rules import problems
from ocpp_server.services.smart_charging.charging_traits import LATE_AFTER
from ocpp_server.store import Unit

Json = dict[str, Any]

#: How long an owner's limit waits for a station that is busy, in seconds.
LIMIT_LIFETIME = 60.0


class Spot(NamedTuple):
    """Where a profile goes; connector 0 is the whole station, and for a TxProfile each of its sessions."""

    charge_point_id: int
    connector_id: int


def apply(
    unit: Unit, profile: Json, spots: Sequence[Spot], *, by: str, name: str = "", **options: Any
) -> ChargingApplication:
    """`begin` and `give` at once, for few connectors. Raises Invalid."""
    application = begin(unit, profile, spots, by=by, name=name)
    give(unit, application, spots, **options)
    return application


def begin(unit: Unit, profile: Json, spots: Sequence[Spot], *, by: str, name: str = "") -> ChargingApplication:
    """Note a profile that goes to these connectors and stations; `give` sends it. Raises Invalid."""
    profile = _checked(profile, spots)
    text = json.dumps(profile, ensure_ascii=False)
    return ChargingApplication.create(name=name, profile=text, requested_by=by, requested_at=clock.now())


def give(
    unit: Unit,
    application: ChargingApplication,
    spots: Sequence[Spot],
    *,
    template_id: int = 0,
    even_if_late: bool = False,
) -> None:
    """Send an application's profile to some of its places; what becomes of it on each is a request of it.

    Without a chargingProfileId each connector gets one that belongs to the template.
    """
    profile = json.loads(application.profile)
    stations = {row.id: row for row in ChargePoint.select().where(ChargePoint.id.in_([spot[0] for spot in spots]))}
    lifetime = commands.INTERACTIVE if profile["chargingProfilePurpose"] == TX else None
    for spot in spots:
        for connector_id, session in _places(profile, spot):
            own = {"chargingProfileId": _profile_id(profile, template_id, connector_id), **profile}
            if session is not None:
                own = {**own, "transactionId": own.get("transactionId", session.id)}
            place, by = stations[spot.charge_point_id], application.requested_by
            wish = Wish(place, connector_id, own, OPERATOR, by, lifetime, session, application.id)
            _send(unit, wish, even_if_late=even_if_late)


def set_limit(
    unit: Unit,
    owner: Owner,
    charge_point_id: int,
    connector_id: int,
    limit_a: float | None,
    *,
    purpose: str,
    by: str,
    phases: int | None = None,
    stack_level: int = 0,
    lifetime: float = LIMIT_LIFETIME,
) -> ChargingProfileRequest | Command | None:
    """Hold a connector to so many amperes per phase, or take the limit away; see the module's contract.

    The request that was made, for None a ClearChargingProfile; nothing where nothing has to be sent.
    """
    if limit_a is None:
        return _take_away(unit, owner, charge_point_id, connector_id, purpose, by, lifetime)
    number, now = owner.profile_id(purpose, connector_id), clock.now()
    profile = building.constant(number, purpose, limit_a, stack_level=stack_level, phases=phases, now=now)
    session = installed_profiles.running_on(charge_point_id, connector_id) if purpose == TX else None
    if session is not None:
        profile["transactionId"] = session.id
    if _holds(owner, charge_point_id, connector_id, profile):
        return None
    charging_requests.supersede(unit, owner, charge_point_id, connector_id, purpose)
    charge_point = ChargePoint.get_by_id(charge_point_id)
    return _send(unit, Wish(charge_point, connector_id, profile, owner, by, lifetime, session))


def hold(
    unit: Unit,
    owner: Owner,
    charge_point_id: int,
    connector_id: int,
    profile: Json,
    *,
    by: str,
    lifetime: float = LIMIT_LIFETIME,
    phases: int | None = None,
) -> ChargingProfileRequest:
    """Send an owner's own profile, whatever the station holds already. Its chargingProfileId is one of the owner's; a
    TxProfile names its transaction, and is left out where another one runs. The owner has looked whether it is late.
    `phases`: how many of them share the limit for sure, where the station takes W; else as many as it has."""
    session = None
    if profile["chargingProfilePurpose"] == TX:
        running = installed_profiles.running_on(charge_point_id, connector_id)
        session = running if running is not None and running.id == profile.get("transactionId") else None
    charging_requests.supersede(unit, owner, charge_point_id, connector_id, profile["chargingProfilePurpose"])
    charge_point = ChargePoint.get_by_id(charge_point_id)
    wish = Wish(charge_point, connector_id, profile, owner, by, lifetime, session, phases=phases)
    return _send(unit, wish, even_if_late=True)


def may_be_over(session: Transaction) -> bool:
    """Whether we heard of the session's start so late that it may have ended since (section 5.16.1)."""
    is_late = session.start_received_at - session.started_at > LATE_AFTER
    return is_late and (session.values_until is None or session.values_until < session.start_received_at)


def requests_of(charge_point_id: int, limit: int = 10) -> list[ChargingProfileRequest]:
    """The latest wishes for a station, the newest first."""
    row = ChargingProfileRequest
    found = row.select(row, ChargePoint).join(ChargePoint).where(row.charge_point == charge_point_id)
    return list(found.order_by(row.id.desc()).limit(limit))


def _send(unit: Unit, wish: Wish, *, even_if_late: bool = False) -> ChargingProfileRequest:
    if wish.profile["chargingProfilePurpose"] == TX and wish.session is None:
        return charging_requests.leave_out(unit, wish, NO_SESSION)
    if wish.session is not None and may_be_over(wish.session) and not even_if_late:
        return charging_requests.leave_out(unit, wish, LATE)
    return charging_requests.begin(unit, wish)


def _places(profile: Json, spot: Spot) -> Iterator[tuple[int, Transaction | None]]:
    """The connectors that a spot means, with their sessions where the profile is for those."""
    if profile["chargingProfilePurpose"] != TX:
        yield spot.connector_id, None
        return
    query = Transaction.select().where(
        Transaction.charge_point == spot.charge_point_id, Transaction.stopped_at.is_null()
    )
    running = {row.connector_id: row for row in query.order_by(Transaction.id)}
    numbers = [spot.connector_id] if spot.connector_id else sorted(running) or [0]
    yield from ((number, running.get(number)) for number in numbers)


def _profile_id(profile: Json, template_id: int, connector_id: int) -> int:
    if template_id:
        return template_profile_id(template_id, connector_id)
    return own_profile_id(profile["chargingProfilePurpose"], profile["stackLevel"], connector_id)


def _checked(profile: Json, spots: Collection[Spot]) -> Json:
    """The profile as it can be fitted: whole numbers whole, the stack level there. Raises Invalid naming the field."""
    profile = {"stackLevel": 0, **profile}
    if not spots:
        raise Invalid("targets", "Name at least one station.")
    sample = {"connectorId": 0, "csChargingProfiles": {"chargingProfileId": 1, **profile}}
    commands.check_payload("SetChargingProfile", sample)
    is_tx = profile["chargingProfilePurpose"] == TX
    for connector_id in {1 if is_tx else spot.connector_id for spot in spots}:
        for problem in problems(profile, connector_id):
            raise problem
    most = max(Counter(spot.charge_point_id for spot in spots).values())
    if most > 1 and "chargingProfileId" in profile:
        raise Invalid("chargingProfileId", "On one station an id is one profile's alone; leave it out for several.")
    for name in ("stackLevel", "chargingProfileId", "transactionId"):
        if name in profile:
            profile[name] = min(whole(profile[name]), 2**31 - 1)
    return profile


def _holds(owner: Owner, charge_point_id: int, connector_id: int, profile: Json) -> bool:
    """Whether the station holds this limit already, with nothing on its way that would change it."""
    row = ChargingProfileRequest
    latest = (
        row.select()
        .where(
            row.charge_point == charge_point_id,
            row.owner == owner.name,
            row.connector_id == connector_id,
            row.purpose == profile["chargingProfilePurpose"],
        )
        .order_by(row.id.desc())
        .first()
    )
    if latest is None:
        return False
    wished = charging_requests.wish_of(latest)
    if latest.state == WAITING:
        return _same(wished, profile)
    held = [item for item in installed_profiles.of_station(charge_point_id) if item.owner == owner.name]
    return any(item.command_id == latest.command_id for item in held) and _same(wished, profile)


def _same(one: Json, other: Json) -> bool:
    return fitting.without_times(one) == fitting.without_times(other)


def _take_away(
    unit: Unit, owner: Owner, charge_point_id: int, connector_id: int, purpose: str, by: str, lifetime: float
) -> Command | None:
    on_its_way = charging_requests.supersede(unit, owner, charge_point_id, connector_id, purpose)
    number, held = owner.profile_id(purpose, connector_id), installed_profiles.of_station(charge_point_id)
    unanswered = (item.may_hold for item in unanswered_profiles.of_station(charge_point_id, held))
    is_there = any(row is not None and row.charging_profile_id == number for row in (*held, *unanswered))
    if not is_there and not on_its_way:
        return None
    return commands.request(unit, charge_point_id, "ClearChargingProfile", {"id": number}, by=by, lifetime=lifetime)
