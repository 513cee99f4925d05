"""Charging schedules that are drawn once and applied often."""

import json
from dataclasses import fields, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ocpp_server import clock
from ocpp_server.charging.building import (
    FROM_START,
    ONCE,
    REPEATS,
    SPAN,
    Drawing,
    for_remote_start,
    from_drawing,
)
from ocpp_server.charging.fitting import Json
from ocpp_server.charging.profile import CHARGE_POINT_MAX, PURPOSES
from ocpp_server.charging.units import UNITS
from ocpp_server.models import ChargingProfileTemplate
from ocpp_server.services.errors import Invalid
from ocpp_server.services.smart_charging.charging_owners import start_profile_id, template_profile_id
from ocpp_server.store import Unit

MAX_NAME, MAX_STEPS, MAX_LEVEL, MAX_LIMIT = 255, 200, 99, 1_000_000
#: A schedule that is no day's or week's lasts a month at most.
MAX_SECONDS = 31 * 86_400
_PHASES = (None, 1, 2, 3)


def save(unit: Unit, name: str, drawing: Drawing, template_id: int | None = None) -> ChargingProfileTemplate:
    """Add a template, or change one. Raises Invalid for `name` or a field of the drawing."""
    name = name.strip()
    _check_name(name, template_id)
    drawing = checked(drawing)
    template = ChargingProfileTemplate.get_by_id(template_id) if template_id else ChargingProfileTemplate()
    template.name, template.updated_at = name, clock.now()
    for field in fields(Drawing):
        setattr(template, field.name, getattr(drawing, field.name))
    template.steps = json.dumps(list(drawing.steps))
    template.save()
    unit.publish("charging")
    return template


def delete(unit: Unit, template_id: int) -> None:
    """Stations keep what was installed from it."""
    ChargingProfileTemplate.delete_by_id(template_id)
    unit.publish("charging")


def drawing_of(template: ChargingProfileTemplate) -> Drawing:
    """What was drawn."""
    values: dict[str, Any] = {field.name: getattr(template, field.name) for field in fields(Drawing)}
    return Drawing(**{**values, "steps": [(int(second), float(limit)) for second, limit in json.loads(template.steps)]})


def profile_of(template: ChargingProfileTemplate, now: datetime) -> Json:
    """The profile to apply; each connector gets its own chargingProfileId."""
    profile = from_drawing(drawing_of(template), 0, now)
    del profile["chargingProfileId"]
    return profile


def profile_for(template: ChargingProfileTemplate, connector_id: int, now: datetime) -> Json:
    """The profile for one connector, as `apply` would send it."""
    return {"chargingProfileId": template_profile_id(template.id, connector_id), **profile_of(template, now)}


def profile_for_start(template: ChargingProfileTemplate, now: datetime) -> Json:
    """The profile for a session that a remote start begins now, on whichever connector."""
    return for_remote_start({"chargingProfileId": start_profile_id(now), **profile_of(template, now)}, now)


def checked(drawing: Drawing) -> Drawing:
    """The drawing in order: steps by time, one at each, the first at the beginning. Raises Invalid."""
    if drawing.purpose not in PURPOSES:
        raise Invalid("purpose", "Choose what the schedule is for.")
    if drawing.repeat not in REPEATS:
        raise Invalid("repeat", "Choose how it repeats.")
    if drawing.unit not in UNITS:
        raise Invalid("unit", "Choose A or W.")
    if drawing.phases not in _PHASES:
        raise Invalid("phases", "Choose 1, 2 or 3 phases, or none.")
    _check_times(drawing)
    if not 0 <= drawing.stack_level <= MAX_LEVEL:
        raise Invalid("stack_level", "The stack level is a whole number from 0 to %(most)s.", most=MAX_LEVEL)
    if drawing.min_rate is not None and not 0 <= drawing.min_rate <= MAX_LIMIT:
        raise Invalid("min_rate", "This is a number from 0 on.")
    steps = _steps(drawing)
    rate = None if drawing.min_rate is None else round(drawing.min_rate, 1)
    return replace(drawing, steps=steps, min_rate=rate)


def _steps(drawing: Drawing) -> list[tuple[int, float]]:
    last = SPAN.get(drawing.repeat, drawing.duration or MAX_SECONDS)
    steps = sorted({second: (second, round(limit, 1)) for second, limit in drawing.steps}.values())
    if not steps or len(steps) > MAX_STEPS:
        raise Invalid("steps", "Draw at least one step, and %(most)s at most.", most=MAX_STEPS)
    if steps[0][0] != 0:
        raise Invalid("steps", "The first step begins at 00:00, or there would be a time without a limit.")
    if steps[-1][0] >= last:
        raise Invalid("steps", "A step begins after the schedule has ended.")
    if any(not 0 <= limit <= MAX_LIMIT for _, limit in steps):
        raise Invalid("steps", "A limit is a number from 0 to %(most)s.", most=MAX_LIMIT)
    return steps


def _check_times(drawing: Drawing) -> None:
    try:
        ZoneInfo(drawing.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("zone", "There is no such time zone.") from None
    if drawing.repeat == ONCE and drawing.begins_on is None:
        raise Invalid("begins_on", "Say on which day it begins.")
    if drawing.repeat == FROM_START and drawing.purpose == CHARGE_POINT_MAX:
        raise Invalid("repeat", "A limit of the whole station belongs to no session, so it cannot begin with one.")
    if drawing.duration is not None and not 60 <= drawing.duration <= MAX_SECONDS:
        raise Invalid("duration", "It lasts from a minute to 31 days.")
    if drawing.valid_from and drawing.valid_to and drawing.valid_from >= drawing.valid_to:
        raise Invalid("valid_to", "This must be after the beginning.")


def _check_name(name: str, template_id: int | None) -> None:
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Invalid("name", "Give the schedule a name of 255 characters at most.")
    other = ChargingProfileTemplate.get_or_none(ChargingProfileTemplate.name == name)
    if other is not None and other.id != template_id:
        raise Invalid("name", "Another schedule has this name.")
