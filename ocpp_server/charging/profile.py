"""A charging profile as it is calculated with, read from the JSON of SetChargingProfile (sections 7.8, 7.13, 7.14).

Reading is tolerant: what a payload by hand leaves out or gets wrong must not stop a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ocpp_server import timestamps

CHARGE_POINT_MAX, TX_DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
PURPOSES = (CHARGE_POINT_MAX, TX_DEFAULT, TX)
ABSOLUTE, RECURRING, RELATIVE = "Absolute", "Recurring", "Relative"
DAILY, WEEKLY = "Daily", "Weekly"
#: Errata 3.78: every 24 hours, every 7 days; in milliseconds.
REPEATS = {DAILY: 86_400_000, WEEKLY: 7 * 86_400_000}
#: A period without numberPhases (errata 3.68).
PHASES = 3
#: More periods than any station takes are not calculated with; nor limits beyond any fuse.
_MAX_PERIODS, _MAX_LIMIT, _MAX_MS = 1000, 1e9, 2**53


@dataclass(frozen=True, slots=True)
class Period:
    """One step: from so many milliseconds after the schedule's start, at most `limit` in the schedule's unit."""

    start: int
    limit: float
    phases: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile with the connector it was set for. Times in ms since 1970, spans in ms."""

    connector_id: int
    id: int
    stack_level: int
    purpose: str
    kind: str
    unit: str
    periods: tuple[Period, ...]
    transaction_id: int | None = None
    start: int | None = None
    duration: int | None = None
    repeat: int | None = None
    valid_from: int | None = None
    valid_to: int | None = None


def parse(connector_id: int, payload: Mapping[str, Any]) -> Profile:
    """The profile that this JSON means."""
    schedule = payload.get("chargingSchedule")
    schedule = schedule if isinstance(schedule, Mapping) else {}
    kind = str(payload.get("chargingProfileKind", ABSOLUTE))
    duration = schedule.get("duration")
    return Profile(
        connector_id=connector_id,
        id=whole(payload.get("chargingProfileId")),
        stack_level=whole(payload.get("stackLevel")),
        purpose=str(payload.get("chargingProfilePurpose", "")),
        kind=kind,
        unit="W" if schedule.get("chargingRateUnit") == "W" else "A",
        periods=periods_of(schedule),
        transaction_id=None if payload.get("transactionId") is None else whole(payload["transactionId"]),
        start=timestamps.parse(schedule.get("startSchedule")),
        duration=None if duration is None else min(whole(duration) * 1000, _MAX_MS),
        repeat=REPEATS.get(str(payload.get("recurrencyKind"))) if kind == RECURRING else None,
        valid_from=timestamps.parse(payload.get("validFrom")),
        valid_to=timestamps.parse(payload.get("validTo")),
    )


def periods_of(schedule: Mapping[str, Any]) -> tuple[Period, ...]:
    """The periods of a chargingSchedule in the order of time."""
    given = schedule.get("chargingSchedulePeriod")
    items = [item for item in given if isinstance(item, Mapping)] if isinstance(given, list) else []
    found = (
        Period(
            min(whole(item.get("startPeriod")) * 1000, _MAX_MS),
            number(item.get("limit")),
            whole(item.get("numberPhases"), PHASES) or PHASES,
        )
        for item in items[:_MAX_PERIODS]
    )
    return tuple(sorted(found, key=lambda period: period.start))


def number(value: Any) -> float:
    """A limit that can be calculated with; nothing where there is none."""
    return max(0.0, min(float(value), _MAX_LIMIT)) if _is_number(value) else 0.0


def whole(value: Any, otherwise: int = 0) -> int:
    """A whole number that any database can keep; JSON knows no limits, and 1.0 is a whole number there."""
    return max(-_MAX_MS, min(int(max(-1e18, min(value, 1e18))), _MAX_MS)) if _is_number(value) else otherwise


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
