"""Making profiles: a constant limit, a drawn schedule. Pure; the JSON of SetChargingProfile.

A schedule begins in the past, so that no gap opens while it replaces another (section 3.13.2, rule 117).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ocpp_server import clock
from ocpp_server.charging.composite import composite
from ocpp_server.charging.fitting import Json
from ocpp_server.charging.profile import (
    ABSOLUTE,
    CHARGE_POINT_MAX,
    DAILY,
    RECURRING,
    RELATIVE,
    TX,
    TX_DEFAULT,
    WEEKLY,
    parse,
)
from ocpp_server.charging.units import one_decimal

#: How a drawn schedule repeats: every day, every week, once from a date, or from the start of each session.
ONCE, FROM_START = "once", "from_start"
REPEATS = (DAILY, WEEKLY, ONCE, FROM_START)
SPAN = {DAILY: 86_400, WEEKLY: 7 * 86_400}


@dataclass(frozen=True)
class Drawing:
    """A schedule as it was drawn. `steps` are (second, limit); seconds count from midnight, for a week from Monday's,
    in `zone`; `begins_on` is the day of a schedule that happens once; `duration` in seconds of that, or of one from
    the start of a session."""

    steps: Sequence[tuple[int, float]]
    repeat: str = DAILY
    unit: str = "A"
    purpose: str = TX_DEFAULT
    phases: int | None = None
    min_rate: float | None = None
    zone: str = "UTC"
    begins_on: datetime | None = None
    duration: int | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    stack_level: int = field(default=1)


def from_drawing(drawing: Drawing, profile_id: int, now: datetime) -> Json:
    """The profile of a drawn schedule."""
    start, kind = _start(drawing, now), _KINDS[drawing.repeat]
    valid_from, valid_to = drawing.valid_from, drawing.valid_to
    duration = SPAN.get(drawing.repeat, drawing.duration)
    if kind == ABSOLUTE and start is not None and duration:
        valid_from, valid_to = valid_from or start, valid_to or start + timedelta(seconds=duration)
    profile: Json = {
        "chargingProfileId": profile_id,
        "stackLevel": drawing.stack_level,
        "chargingProfilePurpose": drawing.purpose,
        "chargingProfileKind": kind,
        "recurrencyKind": drawing.repeat if kind == RECURRING else None,
        "validFrom": _iso(valid_from),
        "validTo": _iso(valid_to),
        "chargingSchedule": _without_none(
            {
                "duration": duration,
                "startSchedule": _iso(start),
                "chargingRateUnit": drawing.unit,
                "chargingSchedulePeriod": [_period(second, limit, drawing.phases) for second, limit in drawing.steps],
                "minChargingRate": drawing.min_rate,
            }
        ),
    }
    return _without_none(profile)


def constant(
    profile_id: int, purpose: str, limit: float, *, stack_level: int, phases: int | None, now: datetime, unit: str = "A"
) -> Json:
    """A limit from now on: relative to the session, for the whole station absolute."""
    is_absolute = purpose == CHARGE_POINT_MAX
    schedule = {
        "startSchedule": clock.iso(now) if is_absolute else None,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [_period(0, limit, phases)],
    }
    return {
        "chargingProfileId": profile_id,
        "stackLevel": stack_level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": ABSOLUTE if is_absolute else RELATIVE,
        "chargingSchedule": _without_none(schedule),
    }


def for_remote_start(profile: Json, now: datetime) -> Json:
    """The profile as RemoteStartTransaction may carry it: a TxProfile without a transactionId, never Recurring (rule
    108, TC_059). What repeats is written out from now on for as long as it lasts."""
    profile = {**profile, "chargingProfilePurpose": TX}
    profile.pop("transactionId", None)
    kind = profile.pop("recurrencyKind", None)
    if profile["chargingProfileKind"] != RECURRING:
        return profile
    now = now.replace(microsecond=0)
    end = now + timedelta(seconds=SPAN.get(kind or DAILY, SPAN[DAILY]))
    read = parse(1, {**profile, "recurrencyKind": kind, "chargingProfilePurpose": TX_DEFAULT})
    unit = profile["chargingSchedule"]["chargingRateUnit"]
    found = [step for step in composite([read], 1, now, end, unit=unit) if step.limit is not None]
    first = found[0].at if found else now
    periods = [_period(int((step.at - first).total_seconds()), step.limit or 0.0, step.phases) for step in found]
    schedule = {
        **profile["chargingSchedule"],
        "startSchedule": clock.iso(first),
        "duration": int((end - first).total_seconds()),
        "chargingSchedulePeriod": periods or profile["chargingSchedule"]["chargingSchedulePeriod"],
    }
    valid = {"validFrom": clock.iso(first), "validTo": clock.iso(end)}
    return {**profile, **valid, "chargingProfileKind": ABSOLUTE, "chargingSchedule": schedule}


_KINDS = {DAILY: RECURRING, WEEKLY: RECURRING, ONCE: ABSOLUTE, FROM_START: RELATIVE}


def _start(drawing: Drawing, now: datetime) -> datetime | None:
    """The last midnight, or Monday's, before now in the drawing's zone. What repeats begins a whole turn before that,
    which means the same also to a station whose clock is behind."""
    if drawing.repeat == FROM_START:
        return None
    zone = ZoneInfo(drawing.zone)
    day = (drawing.begins_on or now).astimezone(zone) if drawing.repeat == ONCE else now.astimezone(zone)
    day = day.replace(hour=0, minute=0, second=0, microsecond=0)
    if drawing.repeat == WEEKLY:
        day -= timedelta(days=day.weekday())
    # A turn is so many seconds, also over a night on which the clocks change.
    return day.astimezone(UTC) - timedelta(seconds=SPAN.get(drawing.repeat, 0))


def _period(second: int, limit: float, phases: int | None) -> Json:
    period: Json = {"startPeriod": second, "limit": one_decimal(limit)}
    return period if phases is None else {**period, "numberPhases": phases}


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else clock.iso(moment)


def _without_none(fields: dict[str, Any]) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
