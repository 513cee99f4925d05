"""Configuration templates, and applying one to many stations."""

from typing import Any

from ocpp_server.models import ConfigurationTemplate
from ocpp_server.services.configuration import configuration_templates
from ocpp_server.services.configuration.configuration_templates import MAX_KEY, MAX_NAME, MAX_VALUE, Difference, keys_of
from portal import audit, configuration
from portal.api import paging
from portal.api.operation import Reply, operation
from portal.api.problems import missing
from portal.api.resources.batches import BATCH, STATIONS, batches_to_json, fetch_stations
from portal.api.resources.calls import LIFETIME
from portal.api.routing import PREFIX
from portal.api.schema import BOOLEAN, ID, OBJECT, PAGING, STRING, TIME, body, list_of, or_null, page_of, record, text
from portal.api.values import time

TAG = "Configuration templates"
ORDER = paging.Order((ConfigurationTemplate.name,))
_NAME = text(MAX_NAME, minLength=1)
_KEYS = {
    **OBJECT,
    "minProperties": 1,
    "maxProperties": 500,
    "propertyNames": text(MAX_KEY, minLength=1),
    "additionalProperties": text(MAX_VALUE),
    "examples": [{"HeartbeatInterval": "300"}],
    "description": "Configuration keys and the values they shall have, as texts.",
}
TEMPLATE = record(id=ID, name=STRING, keys={**OBJECT, "additionalProperties": STRING}, updated_at=TIME)
_DIFFERENCE = record(
    station=STRING,
    key=STRING,
    current={**or_null(STRING), "description": "Null where it is not known."},
    wanted=STRING,
    sent={**BOOLEAN, "description": "False where the station does not know the key, or it cannot be written."},
)


@operation(
    "GET", "/configuration-templates", "List configuration templates", tag=TAG, answer=page_of(TEMPLATE), query=PAGING
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    return paging.part(ConfigurationTemplate.select(), ORDER, query, paging.each(_template))


@operation(
    "POST",
    "/configuration-templates",
    "Add a configuration template",
    tag=TAG,
    body=body(["name", "keys"], name=_NAME, keys=_KEYS),
    answer=TEMPLATE,
    status=201,
)
def create(body: dict[str, Any]) -> Reply:
    saved = _save(body["name"], body["keys"], None)
    return Reply(_template(saved), 201, {"Location": f"{PREFIX}/configuration-templates/{saved.id}"})


@operation(
    "GET", "/configuration-templates/<int:template_id>", "Show a configuration template", tag=TAG, answer=TEMPLATE
)
def show(template_id: int) -> dict[str, Any]:
    return _template(_fetch(template_id))


@operation(
    "PATCH",
    "/configuration-templates/<int:template_id>",
    "Change a configuration template; `keys` replaces all of its keys",
    tag=TAG,
    body=body(name=_NAME, keys=_KEYS),
    answer=TEMPLATE,
)
def update(template_id: int, body: dict[str, Any]) -> dict[str, Any]:
    template = _fetch(template_id)
    return _template(_save(body.get("name", template.name), body.get("keys", keys_of(template)), template_id))


@operation(
    "DELETE",
    "/configuration-templates/<int:template_id>",
    "Delete a configuration template; stations keep what they are set to",
    tag=TAG,
)
def delete(template_id: int) -> None:
    template = _fetch(template_id)
    audit.write(
        lambda unit: configuration_templates.delete(unit, template_id), "configuration.template.delete", template.name
    )


@operation(
    "POST",
    "/configuration-templates/<int:template_id>/differences",
    "List where stations are not as a template wants",
    tag=TAG,
    body=body(["stations"], stations=STATIONS),
    answer=record(items=list_of(_DIFFERENCE)),
)
def differences(template_id: int, body: dict[str, Any]) -> dict[str, Any]:
    names = {station.id: station.identity for station in fetch_stations(body["stations"])}
    found = configuration_templates.differences(_fetch(template_id), names)
    return {"items": [_difference(names[item.charge_point_id], item) for item in found]}


@operation(
    "POST",
    "/configuration-templates/<int:template_id>/apply",
    "Set stations as a template wants, where they differ: a batch for each key",
    tag=TAG,
    body=body(["stations"], stations=STATIONS, lifetime=LIFETIME),
    answer=record(items=list_of(BATCH)),
)
def apply(template_id: int, body: dict[str, Any]) -> dict[str, Any]:
    options = {"lifetime": body["lifetime"]} if "lifetime" in body else {}
    made = configuration.apply_template(_fetch(template_id), fetch_stations(body["stations"]), options)
    return {"items": batches_to_json(made)}


def _save(name: str, keys: dict[str, str], template_id: int | None) -> ConfigurationTemplate:
    return audit.write(
        lambda unit: configuration_templates.save(unit, name, keys, template_id),
        "configuration.template.change" if template_id else "configuration.template.add",
        name.strip(),
        audit.changes(keys),
    )


def _fetch(template_id: int) -> ConfigurationTemplate:
    template = ConfigurationTemplate.get_or_none(ConfigurationTemplate.id == template_id)
    if template is None:
        raise missing(f"configuration template {template_id}")
    return template


def _template(row: ConfigurationTemplate) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "keys": keys_of(row), "updated_at": time(row.updated_at)}


def _difference(station: str, item: Difference) -> dict[str, Any]:
    return {
        "station": station,
        "key": item.key,
        "current": item.current,
        "wanted": item.wanted,
        "sent": item.is_sent,
    }
