"""What a station can keep, as its configuration keys say (sections 3.13.5 and 9.4), and what was learnt of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

KEYS = (
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods",
    "MaxChargingProfilesInstalled",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """None, and an empty set of units, is: not known."""

    max_stack_level: int | None = None
    units: frozenset[str] = frozenset()
    max_periods: int | None = None
    max_installed: int | None = None


@dataclass(frozen=True, slots=True)
class Traits:
    """What worked with a station after it had refused something else (quirks 39 to 41); None: nothing learnt.

    `charge_point_max` is False where it takes TxDefaultProfiles in place of ChargePointMaxProfiles; `station_default`
    is True where it takes the TxDefaultProfile of its only connector as that of the whole station, on connector 0.
    """

    supported: bool | None = None
    max_stack_level: int | None = None
    unit: str | None = None
    kind: str | None = None
    charge_point_max: bool | None = None
    station_default: bool | None = None


def common(each: Iterable[Limits]) -> Limits:
    """What all of these stations can keep; no unit is said where there is none that all of them take."""
    known = list(each)
    levels = [item.max_stack_level for item in known if item.max_stack_level is not None]
    most = [item.max_periods for item in known if item.max_periods is not None]
    units = [item.units for item in known if item.units]
    together = frozenset.intersection(*units) if units else frozenset()
    return Limits(min(levels, default=None), together, min(most, default=None))


def read(keys: Mapping[str, str | None]) -> Limits:
    """From the keys as the station spells them."""
    values = {name.lower(): value or "" for name, value in keys.items()}
    level, unit, periods, installed = (values.get(key.lower(), "") for key in KEYS)
    return Limits(_number(level, 0), units(unit), _number(periods, 1), _number(installed, 1))


def units(text: str) -> frozenset[str]:
    """The units that a station means: `Current`, `Power`, but also `W`, `A,W`, `current, power` (quirk 39)."""
    words = re.findall(r"[a-z]+", text.lower())
    found = set()
    if any(word == "a" or word.startswith(("curr", "amp")) for word in words):
        found.add("A")
    if any(word in ("w", "kw") or word.startswith(("power", "watt")) for word in words):
        found.add("W")
    return frozenset(found)


def _number(text: str, least: int) -> int | None:
    text = text.strip()[:9]
    return int(text) if text.isascii() and text.isdigit() and int(text) >= least else None
