"""What the pages of stations show of the actions: what can be asked, and what came of the latest requests."""

import json
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from ocpp_server import clock, timestamps
from ocpp_server.models import ChargingProfileTemplate, Command, CommandBatch, ConfigurationTemplate
from portal import formats, operation, outcomes

#: How many of the latest commands a station's page shows.
LATEST = 5


def on_station(charge_point_id: int) -> dict[str, Any]:
    """For templates/commands/latest.html and actions.html."""
    return {
        "topics": operation.by_topic(),
        "apart": [item for item in operation.everything() if item.is_apart],
        "latest": latest(charge_point_id),
        "outcome_of": outcomes.of,
        "label_of": label_of,
        "brief": brief,
    }


def on_list() -> dict[str, Any]:
    """For templates/batches/on_list.html."""
    return {
        "operations": [item for item in operation.everything() if item.for_many],
        "templates": list(ConfigurationTemplate.select().order_by(ConfigurationTemplate.name)),
        "schedules": list(ChargingProfileTemplate.select().order_by(ChargingProfileTemplate.name)),
    }


def latest(charge_point_id: int, *actions: str) -> list[Command]:
    """The newest commands of a station, of all actions or of these; of each by the index on it."""
    query = Command.select().where(Command.charge_point == charge_point_id).order_by(Command.id.desc()).limit(LATEST)
    queries = [query.where(Command.action == action) for action in actions] or [query]
    found = [command for each in queries for command in each]
    return sorted(found, key=lambda command: command.id, reverse=True)[:LATEST]


def label_of(command: Command | CommandBatch) -> str:
    """What was asked, in the operator's words."""
    known = operation.find(command.action)
    return str(known.label) if known else command.action


def brief(payload: str) -> str:
    """The plain values of a payload, in a line."""
    try:
        values = json.loads(payload)
        if set(values) == {"key", "value"}:
            return f"{values['key']} = {values['value']}"[:120]
        if "updateType" in values:
            entries = len(values.get("localAuthorizationList") or ())
            return ngettext(
                "%(kind)s, version %(version)s, %(num)d entry",
                "%(kind)s, version %(version)s, %(num)d entries",
                entries,
                kind=values["updateType"],
                version=values["listVersion"],
            )
        shown = (_shown(name, value) for name, value in values.items() if not isinstance(value, dict))
        return ", ".join(shown)[:120]
    except (ValueError, AttributeError, KeyError, TypeError):
        return payload[:120]


def _shown(name: str, value: Any) -> str:
    """A number says nothing without what it numbers, and times are shown in the viewer's zone."""
    if name == "connectorId":
        return _("connector %(number)s", number=value) if value else _("whole station")
    if name == "reservationId":
        return _("reservation %(number)s", number=value)
    if name == "transactionId":
        return _("session %(number)s", number=value)
    if name == "expiryDate" and (until := timestamps.parse(value)) is not None:
        return _("until %(time)s", time=formats.plain(clock.from_ms(until)))
    return " ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def pretty(text: str | None) -> str:
    """JSON as people read it; what is none stays as it is."""
    try:
        return json.dumps(json.loads(text or ""), indent=2, ensure_ascii=False)
    except ValueError:
        return text or ""
