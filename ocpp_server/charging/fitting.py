"""Fitting a profile to a station: its highest stack level, its unit, its number of periods, what it prefers. Pure.

Profiles here are the JSON of SetChargingProfile; every function returns a new one, or None where it cannot be said so.
"""

import json
from datetime import datetime
from itertools import pairwise
from typing import Any

from ocpp_server import clock
from ocpp_server.charging.limits import Limits, Traits
from ocpp_server.charging.profile import ABSOLUTE, CHARGE_POINT_MAX, RELATIVE, TX, TX_DEFAULT, number, parse, whole
from ocpp_server.charging.units import AMPERES, WATTS, Supply, convert, one_decimal

Json = dict[str, Any]

#: What was changed in a profile, as it is kept and worded.
LEVEL, UNIT, PERIODS, KIND, PURPOSE = "stack_level", "unit", "periods", "kind", "purpose"
#: And where it was sent: to connector 0, which is the whole station, in place of its only connector.
CONNECTOR = "connector"


def fit(profile: Json, limits: Limits, traits: Traits, supply: Supply) -> tuple[Json, list[str]]:
    """The profile as this station takes it by all that is known, and what was changed."""
    changed: list[str] = []
    highest = min(
        (level for level in (limits.max_stack_level, traits.max_stack_level) if level is not None), default=None
    )
    if highest is not None and profile["stackLevel"] > highest:
        profile, changed = with_level(profile, highest), [LEVEL]
    units = {traits.unit} if traits.unit else limits.units
    if units and unit_of(profile) not in units:
        profile, changed = in_unit(profile, other_unit(profile), supply), [*changed, UNIT]
    most = limits.max_periods
    if most is not None and len(periods(profile)) > most:
        profile, changed = with_fewer_periods(profile, most), [*changed, PERIODS]
    return profile, changed


def with_level(profile: Json, level: int) -> Json:
    return {**profile, "stackLevel": level}


def unit_of(profile: Json) -> str:
    return WATTS if profile["chargingSchedule"].get("chargingRateUnit") == WATTS else AMPERES


def other_unit(profile: Json) -> str:
    return AMPERES if unit_of(profile) == WATTS else WATTS


def in_unit(profile: Json, unit: str, supply: Supply) -> Json:
    """The same limits in the other unit, rounded down."""
    schedule, was = profile["chargingSchedule"], unit_of(profile)

    def converted(limit: Any, phases: Any) -> float:
        return one_decimal(convert(number(limit), was, unit, whole(phases, 3) or 3, supply))

    changed = [{**item, "limit": converted(item["limit"], item.get("numberPhases"))} for item in periods(profile)]
    schedule = {**schedule, "chargingRateUnit": unit, "chargingSchedulePeriod": changed}
    if "minChargingRate" in schedule:
        schedule["minChargingRate"] = converted(schedule["minChargingRate"], changed[0].get("numberPhases"))
    return {**profile, "chargingSchedule": schedule}


def with_fewer_periods(profile: Json, most: int) -> Json:
    """Neighbours become one with the lower limit, those first that lose least by it: never more than was allowed."""
    found = periods(profile)
    end = whole(profile["chargingSchedule"].get("duration")) or found[-1]["startPeriod"] + 86_400
    while len(found) > max(1, most):
        edges = [*(item["startPeriod"] for item in found), end]
        losses = [
            abs(first["limit"] - second["limit"]) * (edges[place + 1] - edges[place])
            if first["limit"] > second["limit"]
            else abs(first["limit"] - second["limit"]) * (edges[place + 2] - edges[place + 1])
            for place, (first, second) in enumerate(pairwise(found))
        ]
        place = losses.index(min(losses))
        low = min(found[place : place + 2], key=lambda item: item["limit"])
        found = [*found[:place], {**low, "startPeriod": found[place]["startPeriod"]}, *found[place + 2 :]]
    return _with_periods(profile, found)


def as_other_kind(profile: Json, now: datetime, session_start: datetime | None) -> Json | None:
    """Absolute for Relative and the other way round, where that says the same: a constant limit, or a known session."""
    kind = profile["chargingProfileKind"]
    if kind == RELATIVE:
        return _absolute(profile, now, session_start)
    return _relative(profile, now, session_start) if kind == ABSOLUTE else None


def as_default(profile: Json, connectors: int) -> Json | None:
    """A limit of the station as a TxDefaultProfile, which counts for each connector: its part of it (quirk 41)."""
    if profile["chargingProfilePurpose"] != CHARGE_POINT_MAX:
        return None
    shared = [{**item, "limit": one_decimal(number(item["limit"]) / max(1, connectors))} for item in periods(profile)]
    return {**_with_periods(profile, shared), "chargingProfilePurpose": TX_DEFAULT}


def is_constant(profile: Json) -> bool:
    """Whether it limits to the same for ever, or for as long as the session runs."""
    bounded = profile["chargingSchedule"].get("duration") is not None or profile.get("validTo") is not None
    return len(periods(profile)) == 1 and not bounded


def periods(profile: Json) -> list[Json]:
    return list(profile["chargingSchedule"]["chargingSchedulePeriod"])


def without_times(profile: Json) -> Json:
    """What it says apart from when it was said: to tell whether two constant limits are the same."""
    schedule = {key: value for key, value in profile["chargingSchedule"].items() if key != "startSchedule"}
    return json.loads(json.dumps({**profile, "validFrom": None, "chargingSchedule": schedule}))


def _absolute(profile: Json, now: datetime, session_start: datetime | None) -> Json | None:
    if session_start is None and not is_constant(profile):
        return None
    start = clock.iso(session_start or now)
    return {
        **profile,
        "chargingProfileKind": ABSOLUTE,
        "chargingSchedule": {**profile["chargingSchedule"], "startSchedule": start},
    }


def _relative(profile: Json, now: datetime, session_start: datetime | None) -> Json | None:
    schedule = {key: value for key, value in profile["chargingSchedule"].items() if key != "startSchedule"}
    bare = {key: value for key, value in profile.items() if key not in ("validFrom", "validTo")}
    changed = {**bare, "chargingProfileKind": RELATIVE, "chargingSchedule": schedule}
    if is_constant(profile):
        return changed
    start = parse(0, profile).start
    if profile["chargingProfilePurpose"] != TX or session_start is None or start is None:
        return None
    begun = clock.to_ms(session_start)
    return _shifted(changed, (start - begun) // 1000, max(0, clock.to_ms(now) - begun) // 1000)


def _shifted(profile: Json, seconds: int, over: int) -> Json | None:
    """The schedule counted from another beginning, so many seconds before its own, of which `over` have passed: what
    counts at that moment is said from the beginning on."""
    moved = [{**item, "startPeriod": item["startPeriod"] + seconds} for item in periods(profile)]
    past = [item for item in moved if item["startPeriod"] <= over]
    if not past:
        return None  # Until its first step it says nothing, which a relative schedule cannot say.
    duration = profile["chargingSchedule"].get("duration")
    schedule = profile["chargingSchedule"]
    if duration is not None:
        schedule = {**schedule, "duration": max(0, duration + seconds)}
    future = [item for item in moved if item["startPeriod"] > over]
    return _with_periods({**profile, "chargingSchedule": schedule}, [{**past[-1], "startPeriod": 0}, *future])


def _with_periods(profile: Json, found: list[Json]) -> Json:
    return {**profile, "chargingSchedule": {**profile["chargingSchedule"], "chargingSchedulePeriod": found}}
