"""Charging profiles (OCPP 1.6 section 3.13): keeping them, and the limit in W that they add up to. Pure.

Profiles are the dictionaries of SetChargingProfile with snake_case keys. Amperes are converted at 230 V per phase.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ocpp_server.simulator.car import NOMINAL_VOLTAGE
from ocpp_server.simulator.cards import parse_time

Profile = dict[str, Any]

CHARGE_POINT_MAX = "ChargePointMaxProfile"
TX_DEFAULT = "TxDefaultProfile"
TX = "TxProfile"
REPEATS = {"Daily": timedelta(days=1), "Weekly": timedelta(weeks=1)}


@dataclass(frozen=True)
class Moment:
    """For when a limit is asked: the time, and when the transaction began (None: nobody charges)."""

    now: datetime
    transaction_started: datetime | None = None

    def later(self, seconds: float) -> "Moment":
        """The same transaction, some seconds on."""
        return Moment(self.now + timedelta(seconds=seconds), self.transaction_started)


@dataclass
class Profiles:
    """The profiles installed in one station, each with the connector it was set for."""

    installed: list[tuple[int, Profile]] = field(default_factory=list)

    def add(self, connector_id: int, profile: Profile) -> None:
        """Install a profile; it replaces the one with its id, or its stack level and purpose (section 5.16.4)."""
        self.installed = [
            (other_connector, other)
            for other_connector, other in self.installed
            if not _is_replaced(other_connector, other, connector_id, profile)
        ]
        self.installed.append((connector_id, profile))

    def clear(self, profile_id: int | None, connector_id: int | None, purpose: str | None, level: int | None) -> int:
        """Remove what matches all the given criteria, an id alone wins (errata 3.25); how many were removed."""
        kept = [
            (installed_for, profile)
            for installed_for, profile in self.installed
            if not _matches(installed_for, profile, profile_id, connector_id, purpose, level)
        ]
        removed = len(self.installed) - len(kept)
        self.installed = kept
        return removed

    def end_transaction(self, connector_id: int) -> None:
        """A TxProfile ends with its transaction (section 3.13.1)."""
        self.clear(None, connector_id, TX, None)

    def limit_watts(self, connector_id: int, phases: int, moment: Moment) -> float:
        """The limit in W for one connector, without the station's own limit; infinite without a profile."""
        for purpose in (TX, TX_DEFAULT):
            limit = self._highest(purpose, connector_id, phases, moment)
            if limit is not None:
                return limit
        return math.inf

    def station_limit_watts(self, phases: int, moment: Moment) -> float:
        """The limit in W for all connectors together (ChargePointMaxProfile)."""
        limit = self._highest(CHARGE_POINT_MAX, 0, phases, moment)
        return math.inf if limit is None else limit

    def _highest(self, purpose: str, connector_id: int, phases: int, moment: Moment) -> float | None:
        """The limit of the highest stack level that has one now. A connector's own profile replaces that of the whole
        station on its level (section 3.13.1)."""
        same = [item for item in self.installed if item[1]["charging_profile_purpose"] == purpose]
        levels = {
            **{profile["stack_level"]: profile for place, profile in same if place == 0},
            **{profile["stack_level"]: profile for place, profile in same if place == connector_id},
        }
        for level in sorted(levels, reverse=True):
            limit = limit_of(levels[level], phases, moment)
            if limit is not None:
                return limit
        return None


def limit_of(profile: Profile, phases: int, moment: Moment) -> float | None:
    """The limit in W that one profile sets at this moment; None if it says nothing about it."""
    schedule = profile["charging_schedule"]
    start = schedule_start(profile, moment)
    if not _is_valid(profile, moment.now) or start is None or moment.now < start:
        return None
    elapsed = (moment.now - start).total_seconds()
    if elapsed >= schedule.get("duration", math.inf):
        return None
    period = [item for item in schedule["charging_schedule_period"] if item["start_period"] <= elapsed][-1:]
    return to_watts(period[0], schedule["charging_rate_unit"], phases) if period else None


def schedule_start(profile: Profile, moment: Moment) -> datetime | None:
    """When the schedule that counts at this moment began; None for a relative one while nobody charges."""
    text = profile["charging_schedule"].get("start_schedule")
    if profile["charging_profile_kind"] == "Relative" or not text:
        return moment.transaction_started
    start = parse_time(text)
    repeat = REPEATS.get(profile.get("recurrency_kind", ""))
    if profile["charging_profile_kind"] == "Recurring" and repeat and moment.now >= start:
        return start + (moment.now - start) // repeat * repeat
    return start


def to_watts(period: dict[str, Any], unit: str, phases: int) -> float:
    """A limit in W; A are per phase, and a DC station counts as three phases."""
    limit = float(period["limit"])
    used = min(period.get("number_phases", 3), phases or 3)
    return limit if unit == "W" else limit * NOMINAL_VOLTAGE * used


def from_watts(watts: float, unit: str, phases: int) -> float:
    """The other way round, with one decimal as the schema wants it."""
    return round(watts if unit == "W" else watts / (NOMINAL_VOLTAGE * (phases or 3)), 1)


def composite(limits: Iterable[tuple[int, float]]) -> Iterator[tuple[int, float]]:
    """From (second, limit) pairs only those where the limit changes."""
    last = None
    for second, limit in limits:
        if limit != last:
            yield second, limit
        last = limit


def change_points(profiles: Profiles, moment: Moment, duration: int) -> list[int]:
    """The seconds from now on, at most `duration`, at which some profile may change its limit."""
    points = {0}
    for _, profile in profiles.installed:
        for edge in _edges(profile, moment, duration):
            offset = math.ceil((edge - moment.now).total_seconds())
            if 0 < offset < duration:
                points.add(offset)
    return sorted(points)


def _edges(profile: Profile, moment: Moment, duration: int) -> Iterator[datetime]:
    yield from (parse_time(profile[key]) for key in ("valid_from", "valid_to") if profile.get(key))
    schedule = profile["charging_schedule"]
    start = schedule_start(profile, moment)
    if start is None:
        return
    offsets = [item["start_period"] for item in schedule["charging_schedule_period"]]
    offsets.append(schedule.get("duration", 0))
    repeat = REPEATS.get(profile.get("recurrency_kind", ""))
    rounds = int(timedelta(seconds=duration) / repeat) + 2 if repeat else 1
    for number in range(rounds):
        yield from (start + number * (repeat or timedelta()) + timedelta(seconds=offset) for offset in offsets)


def _is_valid(profile: Profile, now: datetime) -> bool:
    valid_from, valid_to = profile.get("valid_from"), profile.get("valid_to")
    return not (valid_from and now < parse_time(valid_from)) and not (valid_to and now >= parse_time(valid_to))


def _is_replaced(other_connector: int, other: Profile, connector_id: int, profile: Profile) -> bool:
    if other["charging_profile_id"] == profile["charging_profile_id"]:
        return True
    same_level = other["stack_level"] == profile["stack_level"]
    same_purpose = other["charging_profile_purpose"] == profile["charging_profile_purpose"]
    return same_level and same_purpose and other_connector == connector_id


def _matches(
    installed_for: int,
    profile: Profile,
    profile_id: int | None,
    connector_id: int | None,
    purpose: str | None,
    level: int | None,
) -> bool:
    if profile_id is not None:
        return profile["charging_profile_id"] == profile_id
    wanted = (
        (connector_id, installed_for),
        (purpose, profile["charging_profile_purpose"]),
        (level, profile["stack_level"]),
    )
    return all(value is None or value == actual for value, actual in wanted)
