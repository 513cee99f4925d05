"""Charging schedules: drawn once, applied often."""

import json
from dataclasses import replace
from typing import Any

from ocpp_server.charging.building import REPEATS, Drawing
from ocpp_server.charging.profile import PURPOSES
from ocpp_server.charging.units import UNITS
from ocpp_server.models import ChargingProfileTemplate
from ocpp_server.services.smart_charging import charging_templates
from ocpp_server.services.smart_charging.charging_templates import (
    MAX_LEVEL,
    MAX_LIMIT,
    MAX_NAME,
    MAX_SECONDS,
    MAX_STEPS,
    drawing_of,
)
from portal import audit
from portal.api import paging
from portal.api.operation import Reply, operation
from portal.api.problems import missing
from portal.api.reading import moments
from portal.api.routing import PREFIX
from portal.api.schema import (
    ID,
    INTEGER,
    NUMBER,
    PAGING,
    STRING,
    TIME,
    body,
    list_of,
    one_of,
    or_null,
    page_of,
    record,
    text,
)
from portal.api.values import time

TAG = "Charging"
ORDER = paging.Order((ChargingProfileTemplate.id,))
_WHOLE = {"type": "integer", "minimum": 0, "maximum": MAX_LEVEL}
_LIMIT = {"type": "number", "minimum": 0, "maximum": MAX_LIMIT}
_STEP = body(
    ["at_seconds", "limit"], at_seconds={"type": "integer", "minimum": 0, "maximum": MAX_SECONDS}, limit=_LIMIT
)
_FIELDS: dict[str, Any] = {
    "name": text(MAX_NAME, minLength=1),
    "purpose": one_of(PURPOSES, default="TxDefaultProfile"),
    "repeat": one_of(REPEATS, default="Daily"),
    "unit": one_of(UNITS, default="A"),
    "phases": or_null({"type": "integer", "minimum": 1, "maximum": 3}),
    "steps": {
        **list_of(_STEP),
        "maxItems": MAX_STEPS,
        "description": "Seconds from midnight in `zone` (a week's from Monday), or from the start of the session.",
    },
    "min_rate": or_null(_LIMIT),
    "stack_level": {**_WHOLE, "default": 1},
    "zone": text(64, default="UTC", examples=["Europe/Berlin"]),
    "begins_on": or_null(TIME),
    "duration": or_null({"type": "integer", "minimum": 60, "maximum": MAX_SECONDS}),
    "valid_from": or_null(TIME),
    "valid_to": or_null(TIME),
}
_TIMES = ("begins_on", "valid_from", "valid_to")
TEMPLATE = record(
    id=ID,
    name=STRING,
    purpose=STRING,
    repeat=STRING,
    unit=STRING,
    phases=or_null(INTEGER),
    steps=list_of(record(at_seconds=INTEGER, limit=NUMBER)),
    min_rate=or_null(NUMBER),
    stack_level=INTEGER,
    zone=STRING,
    begins_on=or_null(TIME),
    duration=or_null(INTEGER),
    valid_from=or_null(TIME),
    valid_to=or_null(TIME),
    updated_at=TIME,
)


@operation("GET", "/charging/templates", "List charging schedules", tag=TAG, answer=page_of(TEMPLATE), query=PAGING)
def index(query: dict[str, Any]) -> dict[str, Any]:
    return paging.part(ChargingProfileTemplate.select(), ORDER, query, paging.each(_template))


@operation(
    "POST",
    "/charging/templates",
    "Add a charging schedule",
    tag=TAG,
    body=body(["name", "steps"], **_FIELDS),
    answer=TEMPLATE,
    status=201,
)
def create(body: dict[str, Any]) -> Reply:
    drawing = replace(Drawing(steps=[]), **_drawn(body))
    added = audit.write(
        lambda unit: charging_templates.save(unit, body["name"], drawing), "charging.template.add", body["name"].strip()
    )
    return Reply(_template(added), 201, {"Location": f"{PREFIX}/charging/templates/{added.id}"})


@operation("GET", "/charging/templates/<int:template_id>", "Show a charging schedule", tag=TAG, answer=TEMPLATE)
def show(template_id: int) -> dict[str, Any]:
    return _template(fetch(template_id))


@operation(
    "PATCH",
    "/charging/templates/<int:template_id>",
    "Change a charging schedule; stations keep what they have until it is applied again",
    tag=TAG,
    body=body(**_FIELDS),
    answer=TEMPLATE,
)
def update(template_id: int, body: dict[str, Any]) -> dict[str, Any]:
    template = fetch(template_id)
    name, drawing = body.get("name", template.name), replace(drawing_of(template), **_drawn(body))
    changed = audit.write(
        lambda unit: charging_templates.save(unit, name, drawing, template_id),
        "charging.template.change",
        name.strip(),
        audit.changes(body),
    )
    return _template(changed)


@operation(
    "DELETE",
    "/charging/templates/<int:template_id>",
    "Delete a charging schedule; stations keep what they have",
    tag=TAG,
)
def delete(template_id: int) -> None:
    template = fetch(template_id)
    audit.write(lambda unit: charging_templates.delete(unit, template_id), "charging.template.delete", template.name)


def fetch(template_id: int) -> ChargingProfileTemplate:
    """The template, or 404."""
    template = ChargingProfileTemplate.get_or_none(ChargingProfileTemplate.id == template_id)
    if template is None:
        raise missing(f"charging schedule {template_id}")
    return template


def _drawn(body: dict[str, Any]) -> dict[str, Any]:
    """The fields of the drawing that a body has."""
    fields = {name: value for name, value in moments(body, *_TIMES).items() if name != "name"}
    if "steps" in fields:
        fields["steps"] = [(step["at_seconds"], float(step["limit"])) for step in fields["steps"]]
    return fields


def _template(row: ChargingProfileTemplate) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "purpose": row.purpose,
        "repeat": row.repeat,
        "unit": row.unit,
        "phases": row.phases,
        "steps": [{"at_seconds": second, "limit": limit} for second, limit in json.loads(row.steps)],
        "min_rate": row.min_rate,
        "stack_level": row.stack_level,
        "zone": row.zone,
        "begins_on": time(row.begins_on),
        "duration": row.duration,
        "valid_from": time(row.valid_from),
        "valid_to": time(row.valid_to),
        "updated_at": time(row.updated_at),
    }
