"""What a station holds of charging profiles, what it adds up to, what was tried, and what was learnt of it."""

from datetime import timedelta
from typing import Any

from ocpp_server import clock
from ocpp_server.charging.units import UNITS
from ocpp_server.models import ChargePoint, ChargingProfileRequest, CompositeReading, InstalledChargingProfile
from ocpp_server.services.errors import Invalid
from ocpp_server.services.smart_charging import (
    charging_requests,
    charging_traits,
    composite_schedules,
    installed_profiles,
    unanswered_profiles,
)
from portal import audit
from portal.api import paging
from portal.api.operation import operation
from portal.api.resources.stations import fetch
from portal.api.schema import (
    ANYTHING,
    BOOLEAN,
    ID,
    INTEGER,
    NUMBER,
    PAGING,
    SINCE,
    STRING,
    TIME,
    argument,
    list_of,
    one_of,
    or_null,
    page_of,
    record,
)
from portal.api.values import parsed, time

TAG = "Charging"
CONNECTOR = {"type": "integer", "minimum": 0, "maximum": 1000}
_ATTEMPT = record(changed=list_of(STRING), profile=ANYTHING, command_id=or_null(ID), answer=or_null(STRING))
REQUEST = record(
    id=ID,
    station=STRING,
    connector_id=INTEGER,
    purpose=STRING,
    transaction_id=or_null(INTEGER),
    state={**STRING, "description": "waiting, installed, refused, failed, left_out or superseded."},
    reason=STRING,
    attempts=list_of(_ATTEMPT),
    requested_by=STRING,
    requested_at=TIME,
    finished_at=or_null(TIME),
)
INSTALLED = record(
    connector_id=INTEGER,
    charging_profile_id=INTEGER,
    stack_level=INTEGER,
    purpose=STRING,
    transaction_id=or_null(INTEGER),
    profile=ANYTHING,
    installed_at=TIME,
    source=STRING,
    is_certain={**BOOLEAN, "description": "False where a later request that may have removed it got no answer."},
)
_STEP = record(at=TIME, limit=or_null(NUMBER))
COMPOSITE = record(
    connector_id=INTEGER,
    unit=STRING,
    begins_at=TIME,
    ends_at=TIME,
    calculated=list_of(_STEP),
    reported=or_null(record(at=TIME, unit=STRING, duration=INTEGER, schedule=list_of(_STEP), differs=BOOLEAN)),
)
_TRAITS = (*("supported", "max_stack_level", "unit", "kind", "charge_point_max", "station_default"),)
CAPABILITIES = record(
    max_stack_level=or_null(INTEGER),
    units=list_of(STRING),
    max_periods=or_null(INTEGER),
    max_installed=or_null(INTEGER),
    learnt=record(
        supported=or_null(BOOLEAN),
        max_stack_level=or_null(INTEGER),
        unit=or_null(STRING),
        kind=or_null(STRING),
        charge_point_max=or_null(BOOLEAN),
        station_default=or_null(BOOLEAN),
    ),
)
_DURATION = {"type": "integer", "minimum": 60, "maximum": composite_schedules.LONGEST, "default": 86_400}


@operation(
    "GET",
    "/stations/<identity>/charging-profiles",
    "List the profiles that a station holds, by our record",
    tag=TAG,
    answer=page_of(INSTALLED),
)
def installed(identity: str) -> dict[str, Any]:
    station = fetch(identity)
    rows = installed_profiles.of_station(station.id)
    unanswered = unanswered_profiles.of_station(station.id, rows)
    items = [_installed(row, is_certain=not any(item.concerns(row) for item in unanswered)) for row in rows]
    return {"items": items, "next": None}


@operation(
    "GET",
    "/stations/<identity>/charging-requests",
    "List the profiles that a station was to take, with every attempt, newest first",
    tag=TAG,
    answer=page_of(REQUEST),
    query=PAGING,
)
def requests(identity: str, query: dict[str, Any]) -> dict[str, Any]:
    row = ChargingProfileRequest
    found = row.select(row, ChargePoint).join(ChargePoint).where(row.charge_point == fetch(identity).id)
    return paging.part(found, paging.Order((row.id,), descending=True), query, paging.each(request_to_json))


@operation(
    "GET",
    "/stations/<identity>/composite-schedule",
    "Show what a connector's profiles add up to, and what the station last reported",
    tag=TAG,
    answer=COMPOSITE,
    query=(
        argument("connector_id", CONNECTOR, "0 is the station as a whole."),
        argument("unit", one_of(UNITS, default="A"), "The unit of what is calculated."),
        argument("duration", _DURATION, "Seconds from the beginning on."),
        SINCE,
    ),
)
def composite(identity: str, query: dict[str, Any]) -> dict[str, Any]:
    station, connector_id = fetch(identity), query.get("connector_id", 0)
    unit, begin = query.get("unit", "A"), query.get("since") or clock.now().replace(microsecond=0)
    try:
        end = begin + timedelta(seconds=query.get("duration", 86_400))
    except OverflowError:
        raise Invalid("since", "That is too far away.") from None
    holdings = composite_schedules.Holdings(station.id)
    steps = holdings.calculate(connector_id, begin, end, unit=unit, planned=True)
    return {
        "connector_id": connector_id,
        "unit": unit,
        "begins_at": time(begin),
        "ends_at": time(end),
        "calculated": [
            {"at": time(step.at), "limit": None if step.limit is None else round(step.limit, 1)} for step in steps
        ],
        "reported": _reported(holdings.readings.get(connector_id)),
    }


@operation(
    "GET",
    "/stations/<identity>/charging-capabilities",
    "Show what a station can keep, as it said and as it was learnt",
    tag=TAG,
    answer=CAPABILITIES,
)
def capabilities(identity: str) -> dict[str, Any]:
    number = fetch(identity).id
    limits, traits = charging_traits.limits_of([number])[number], charging_traits.of_station(number)
    return {
        "max_stack_level": limits.max_stack_level,
        "units": sorted(limits.units),
        "max_periods": limits.max_periods,
        "max_installed": limits.max_installed,
        "learnt": {name: getattr(traits, name) for name in _TRAITS},
    }


@operation(
    "DELETE",
    "/stations/<identity>/charging-capabilities",
    "Forget what was learnt of a station",
    tag=TAG,
)
def forget(identity: str) -> None:
    station = fetch(identity)
    audit.write(lambda unit: charging_traits.forget(unit, station.id), "charging.forget", station.identity)


def request_to_json(row: ChargingProfileRequest) -> dict[str, Any]:
    return {
        "id": row.id,
        "station": row.charge_point.identity,
        "connector_id": row.connector_id,
        "purpose": row.purpose,
        "transaction_id": row.transaction_id,
        "state": row.state,
        "reason": row.reason,
        "attempts": [
            {
                "changed": item["changed"],
                "profile": item["profile"],
                "command_id": item.get("command"),
                "answer": item.get("answer"),
            }
            for item in charging_requests.attempts_of(row)
            if "command" in item
        ],
        "requested_by": row.requested_by,
        "requested_at": time(row.requested_at),
        "finished_at": time(row.finished_at),
    }


def _installed(row: InstalledChargingProfile, *, is_certain: bool) -> dict[str, Any]:
    return {
        "connector_id": row.connector_id,
        "charging_profile_id": row.charging_profile_id,
        "stack_level": row.stack_level,
        "purpose": row.purpose,
        "transaction_id": row.transaction_id,
        "profile": parsed(row.profile),
        "installed_at": time(row.installed_at),
        "source": row.source,
        "is_certain": is_certain,
    }


def _reported(reading: CompositeReading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {
        "at": time(reading.begins_at),
        "unit": reading.unit,
        "duration": reading.duration,
        "schedule": [{"at": time(at), "limit": limit} for at, _, limit in composite_schedules.rows(reading)],
        "differs": bool(composite_schedules.differences(reading)),
    }
