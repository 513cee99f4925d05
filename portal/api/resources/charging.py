"""Giving charging schedules to connectors and stations, and what became of it."""

from collections.abc import Sequence
from typing import Any

from ocpp_server import clock
from ocpp_server.models import ChargePoint, ChargingApplication, ChargingProfileRequest, ChargingProfileTemplate
from ocpp_server.services.errors import Invalid
from ocpp_server.services.smart_charging import charging_templates
from ocpp_server.services.smart_charging.charging_profiles import Spot
from portal import applying
from portal.api.operation import Reply, operation
from portal.api.problems import missing
from portal.api.resources.charging_stations import CONNECTOR, REQUEST, TAG, request_to_json
from portal.api.routing import PREFIX
from portal.api.schema import ANYTHING, BOOLEAN, ID, OBJECT, STRING, TIME, body, list_of, record, text
from portal.api.values import parsed, time

_TARGET = body(["station"], station=text(255, minLength=1), connector_id={**CONNECTOR, "default": 0})
APPLICATION = record(id=ID, name=STRING, profile=ANYTHING, requested_at=TIME, requests=list_of(REQUEST))


@operation(
    "POST",
    "/charging/applications",
    "Give a schedule to connectors or stations",
    tag=TAG,
    body=body(
        ["targets"],
        template_id=ID,
        profile={**OBJECT, "description": "A csChargingProfiles of SetChargingProfile, where no template is named."},
        targets={**list_of(_TARGET), "minItems": 1, "maxItems": 5000},
        even_if_late={**BOOLEAN, "description": "Also for sessions that were reported late and may be over."},
    ),
    answer=APPLICATION,
    status=201,
)
def apply(body: dict[str, Any]) -> Reply:
    template = _template(body)
    profile = charging_templates.profile_of(template, clock.now()) if template else body["profile"]
    made = applying.apply(
        profile,
        _spots(body["targets"]),
        name=template.name if template else "",
        template_id=template.id if template else 0,
        even_if_late=body.get("even_if_late", False),
    )
    return Reply(_application(made), 201, {"Location": f"{PREFIX}/charging/applications/{made.id}"})


@operation(
    "GET",
    "/charging/applications/<int:application_id>",
    "Show what became of an application",
    tag=TAG,
    answer=APPLICATION,
)
def show_application(application_id: int) -> dict[str, Any]:
    found = ChargingApplication.get_or_none(ChargingApplication.id == application_id)
    if found is None:
        raise missing(f"application {application_id}")
    return _application(found)


def _template(body: dict[str, Any]) -> ChargingProfileTemplate | None:
    """The template that the body names. Raises Invalid where there is none, and no profile or both."""
    if ("template_id" in body) == ("profile" in body):
        raise Invalid("template_id", "Name a template, or send a profile.")
    if "profile" in body:
        return None
    found = ChargingProfileTemplate.get_or_none(ChargingProfileTemplate.id == int(body["template_id"]))
    if found is None:
        raise Invalid("template_id", "There is no such template.")
    return found


def _spots(targets: Sequence[dict[str, Any]]) -> list[Spot]:
    """Raises Invalid for a station that there is not."""
    keys = {target["station"].casefold() for target in targets}
    rows = ChargePoint.select().where(ChargePoint.identity_key.in_(list(keys)), ChargePoint.deleted_at.is_null())
    known = {row.identity_key: row.id for row in rows}
    for number, target in enumerate(targets):
        if target["station"].casefold() not in known:
            raise Invalid(f"targets.{number}.station", "There is no station %(name)s.", name=target["station"])
    spots = [Spot(known[target["station"].casefold()], int(target.get("connector_id", 0))) for target in targets]
    return list(dict.fromkeys(spots))


def _application(row: ChargingApplication) -> dict[str, Any]:
    found = (
        ChargingProfileRequest.select(ChargingProfileRequest, ChargePoint)
        .join(ChargePoint)
        .where(ChargingProfileRequest.application == row.id)
        .order_by(ChargingProfileRequest.id)
    )
    return {
        "id": row.id,
        "name": row.name,
        "profile": parsed(row.profile),
        "requested_at": time(row.requested_at),
        "requests": [request_to_json(item) for item in found],
    }
