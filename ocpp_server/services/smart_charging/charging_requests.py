"""A wanted profile on its way to a station: attempt after attempt, until it is accepted or none is left.

What to try next follows from charging/ladder.py; what was tried is kept with the request, each with the answer that it
got. A station that does not answer, or cannot be reached, is not asked again.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ocpp_server import clock
from ocpp_server.charging import fitting, ladder
from ocpp_server.charging.ladder import Attempt
from ocpp_server.charging.limits import Limits, Traits
from ocpp_server.models import ChargePoint, ChargingProfileRequest, Transaction
from ocpp_server.models.charging import FAILED, INSTALLED, LEFT_OUT, REFUSED, SUPERSEDED, WAITING
from ocpp_server.models.commands import ANSWERED, ERROR, LOST, TIMEOUT
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.failures import Failure
from ocpp_server.services.smart_charging import charging_owners, charging_traits, installed_profiles
from ocpp_server.services.smart_charging.charging_owners import OPERATOR, Outcome, Owner
from ocpp_server.services.smart_charging.charging_traits import StationPlace
from ocpp_server.services.smart_charging.installed_profiles import Wished
from ocpp_server.store import Unit

#: Reasons: the station knows no smart charging; it holds as many profiles as it can; nobody charges there; the session
#: began long before we heard of it, and may be over (section 5.16.1); its refusal came too late to go on.
NOT_SUPPORTED, FULL, NO_SESSION, LATE = "not_supported", "full", "no_session", "late"
REFUSED_LATE = "refused_late"
_NO_SMART_CHARGING = {"NotSupported", "NotImplemented"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Wish:
    """A profile for a connector. `lifetime` in seconds as for commands; None waits for the station. `phases`: how many
    of them share it for sure, where it is sent in W; None: as many as the station has."""

    charge_point: ChargePoint
    connector_id: int
    profile: Json
    owner: Owner
    by: str
    lifetime: float | None = None
    session: Transaction | None = None
    application_id: int | None = None
    phases: int | None = None


def begin(unit: Unit, wish: Wish) -> ChargingProfileRequest:
    """Send it in its first form. Raises Invalid for what the standard does not allow."""
    place = StationPlace(wish.charge_point.id, wish.connector_id, wish.session, wish.phases)
    first = next(ladder.attempts(wish.profile, place, place.now))
    request = _row(wish)
    _try(unit, request, wish.charge_point, first)
    return request


def leave_out(unit: Unit, wish: Wish, reason: str) -> ChargingProfileRequest:
    """Note that nothing is sent, and why."""
    request = _row(wish)
    _finish(unit, request, LEFT_OUT, reason)
    return request


def answered(unit: Unit, command_id: int, status: str) -> None:
    """The station's word on an attempt, if the command was one."""
    request = _of_command(command_id, WAITING)
    if request is not None and not _is_taken(unit, request, command_id, status):
        _go_on(unit, request)


def answered_late(unit: Unit, command_id: int, status: str) -> None:
    """The station's word on an attempt that was given up, unless its owner has wished something else since."""
    request = _of_command(command_id, FAILED)
    if request is not None and not _is_taken(unit, request, command_id, status):
        _finish(unit, request, REFUSED, REFUSED_LATE)


def failed(failure: Failure) -> None:
    """An attempt ended without a usable answer."""
    unit, request = failure.unit, _of_command(failure.command_id, WAITING)
    if request is None:
        return
    _note(request, failure.command_id, failure.error_code or failure.state)
    if failure.state == ERROR and failure.error_code in _NO_SMART_CHARGING:
        _forgo(unit, request)
    elif failure.state in (ERROR, ANSWERED):
        _go_on(unit, request)
    else:
        _finish(unit, request, FAILED, failure.error_code or failure.state)


def attempts_of(request: ChargingProfileRequest) -> list[Json]:
    """What was tried: `profile`, `connector_id`, `changed`, `command` and `answer` of each."""
    return json.loads(request.attempts)["tried"]


def wish_of(request: ChargingProfileRequest) -> Json:
    """The profile as it was wished."""
    return json.loads(request.attempts)["wish"]


def supersede(unit: Unit, owner: Owner, charge_point_id: int, connector_id: int, purpose: str) -> bool:
    """Another wish of the owner's takes the place of the earlier ones: what is not sent yet is taken back. Whether
    one of them is with the station."""
    row, is_on_its_way = ChargingProfileRequest, False
    earlier = row.select().where(
        row.charge_point == charge_point_id,
        row.owner == owner.name,
        row.connector_id == connector_id,
        row.purpose == purpose,
    )
    for request in list(earlier):
        was, request.state = request.state, SUPERSEDED
        request.save()
        is_sent = was == WAITING and request.command_id is not None and not commands.cancel(unit, request.command_id)
        is_on_its_way = is_on_its_way or is_sent
        # What may have reached the station is remembered, so that a late answer finds its owner.
        if not is_sent and not (was == FAILED and request.reason in (TIMEOUT, LOST)):
            request.delete_instance()
    return is_on_its_way


def wished_by(command_id: int) -> Wished | None:
    """Which owner's wish that command is to fulfil; none where it is nobody's, or an operator's."""
    row = ChargingProfileRequest.get_or_none(ChargingProfileRequest.command_id == command_id)
    if row is None or row.owner == OPERATOR.name:
        return None
    return Wished(row.owner, row.connector_id, wish_of(row), row.requested_at)


def unanswered(owner: Owner, charge_point_ids: Collection[int]) -> list[ChargingProfileRequest]:
    """What may have reached these stations though no answer came, or none yet; the oldest first."""
    row = ChargingProfileRequest
    has_left = (row.state == FAILED) & row.reason.in_([TIMEOUT, LOST])
    is_open = row.state.in_([WAITING, SUPERSEDED])
    found = row.select().where(
        row.owner == owner.name, row.charge_point.in_(list(charge_point_ids)), has_left | is_open
    )
    return list(found.order_by(row.id))


def _is_full(limits: Limits, charge_point_id: int, connector_id: int, profile: Json) -> bool:
    """Whether the station holds as many profiles as it can, and this one would replace none of them."""
    if limits.max_installed is None:
        return False
    held = installed_profiles.of_station(charge_point_id)
    is_replacing = any(
        row.charging_profile_id == profile["chargingProfileId"]
        or (row.stack_level, row.purpose, row.connector_id)
        == (profile["stackLevel"], profile["chargingProfilePurpose"], connector_id)
        for row in held
    )
    return len(held) >= limits.max_installed and not is_replacing


def _row(wish: Wish) -> ChargingProfileRequest:
    """Not stored yet."""
    return ChargingProfileRequest(
        application=wish.application_id,
        charge_point=wish.charge_point,
        connector_id=wish.connector_id,
        owner=wish.owner.name,
        purpose=wish.profile["chargingProfilePurpose"],
        transaction_id=wish.session.id if wish.session else None,
        attempts=json.dumps({"wish": wish.profile, "phases": wish.phases, "tried": []}),
        lifetime=wish.lifetime,
        requested_by=wish.by,
        requested_at=clock.now(),
    )


def _try(unit: Unit, request: ChargingProfileRequest, charge_point: ChargePoint, attempt: Attempt) -> None:
    payload = {"connectorId": attempt.connector_id, "csChargingProfiles": attempt.profile}
    try:
        command = commands.enqueue(
            unit, charge_point, "SetChargingProfile", payload, by=request.requested_by, lifetime=request.lifetime
        )
    except Invalid as error:
        if error.field != "registration":
            raise
        _finish(unit, request, LEFT_OUT, error.message)
        return
    made = {
        "profile": attempt.profile,
        "connector_id": attempt.connector_id,
        "changed": attempt.changed,
        "command": command.id,
    }
    _keep(request, [*attempts_of(request), made])
    request.command_id = command.id
    request.save()
    _publish(unit, request)


def _keep(request: ChargingProfileRequest, tried: list[Json]) -> None:
    request.attempts = json.dumps({**json.loads(request.attempts), "tried": tried})


def _of_command(command_id: int, state: str) -> ChargingProfileRequest | None:
    row = ChargingProfileRequest
    return row.select().where(row.command_id == command_id, row.state == state).first()


def _note(request: ChargingProfileRequest, command_id: int, answer: str) -> int:
    """Keep the answer; which attempt it was."""
    attempts = attempts_of(request)
    place = next(number for number, item in enumerate(attempts) if item.get("command") == command_id)
    attempts[place]["answer"] = answer
    _keep(request, attempts)
    return place


def _is_taken(unit: Unit, request: ChargingProfileRequest, command_id: int, status: str) -> bool:
    """Note the station's word; where it accepted, that is the end."""
    place = _note(request, command_id, status)
    if status != "Accepted":
        return False
    _learn(unit, request, place)
    _finish(unit, request, INSTALLED)
    return True


def _go_on(unit: Unit, request: ChargingProfileRequest) -> None:
    """The next attempt, or the end."""
    tried = attempts_of(request)
    session = Transaction.get_or_none(Transaction.id == request.transaction_id) if request.transaction_id else None
    phases = json.loads(request.attempts)["phases"]
    place = StationPlace(request.charge_point_id, request.connector_id, session, phases)
    is_full = _is_full(place.limits, request.charge_point_id, request.connector_id, tried[0]["profile"])
    following = None if is_full else _next(wish_of(request), place, tried)
    if following is not None:
        _try(unit, request, request.charge_point, following)
    elif all(item["answer"] in _NO_SMART_CHARGING for item in tried):
        _forgo(unit, request)
    else:
        _finish(unit, request, REFUSED, FULL if is_full else "")


def _next(wish: Json, place: StationPlace, tried: list[Json]) -> Attempt | None:
    """The first attempt that is none of those before, but for the time at which a limit begins."""
    before = [_said(_attempt(item)) for item in tried]
    return next((item for item in ladder.attempts(wish, place, place.now) if _said(item) not in before), None)


def _said(attempt: Attempt) -> tuple[int, Json]:
    return attempt.connector_id, fitting.without_times(attempt.profile)


def _attempt(tried: Json) -> Attempt:
    return Attempt(tried["profile"], tried["connector_id"], tuple(tried["changed"]))


def _forgo(unit: Unit, request: ChargingProfileRequest) -> None:
    """X-S-04: the station has no smart charging."""
    charging_traits.learn(unit, request.charge_point_id, Traits(supported=False))
    _finish(unit, request, REFUSED, NOT_SUPPORTED)


def _learn(unit: Unit, request: ChargingProfileRequest, place: int) -> None:
    before = charging_traits.of_station(request.charge_point_id)
    if place == 0 and before.supported is not False:
        return
    first, accepted = (_attempt(attempts_of(request)[number]) for number in (0, place))
    charging_traits.learn(unit, request.charge_point_id, ladder.learnt(first, accepted, before))


def _finish(unit: Unit, request: ChargingProfileRequest, state: str, reason: str = "") -> None:
    request.state, request.reason, request.finished_at = state, reason, clock.now()
    request.save()
    _publish(unit, request)
    if request.owner == OPERATOR.name:
        return
    taken = [item for item in attempts_of(request) if item.get("answer") == "Accepted"]
    purpose = taken[0]["profile"]["chargingProfilePurpose"] if taken else request.purpose
    changed = taken[0]["changed"] if taken else ()
    place = (request.charge_point_id, request.connector_id, purpose, request.transaction_id)
    charging_owners.tell(request.owner, Outcome(unit, *place, state, reason, changed))


def _publish(unit: Unit, request: ChargingProfileRequest) -> None:
    unit.publish("charging", f"charging-{request.charge_point_id}")
