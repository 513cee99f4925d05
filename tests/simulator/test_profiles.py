"""What charging profiles add up to."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocpp_server.simulator.profiles import (
    CHARGE_POINT_MAX,
    TX,
    TX_DEFAULT,
    Moment,
    Profiles,
    change_points,
    composite,
    from_watts,
    limit_of,
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)  # a Sunday
RUNNING = Moment(NOW, NOW - timedelta(minutes=10))


def profile(
    *periods: tuple[int, float],
    number: int = 1,
    level: int = 0,
    purpose: str = TX_DEFAULT,
    kind: str = "Relative",
    unit: str = "W",
    schedule: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    return {
        "charging_profile_id": number,
        "stack_level": level,
        "charging_profile_purpose": purpose,
        "charging_profile_kind": kind,
        "charging_schedule": {
            "charging_rate_unit": unit,
            "charging_schedule_period": [{"start_period": second, "limit": limit} for second, limit in periods],
            **(schedule or {}),
        },
        **fields,
    }


def test_without_profiles_there_is_no_limit() -> None:
    assert Profiles().limit_watts(1, 3, RUNNING) == math.inf


def test_amperes_count_per_phase() -> None:
    assert limit_of(profile((0, 16), unit="A"), 3, RUNNING) == 16 * 230 * 3
    assert limit_of(profile((0, 16), unit="A"), 1, RUNNING) == 16 * 230


def test_the_period_that_has_begun_last_counts() -> None:
    steps = profile((0, 11_000), (300, 7_000), (900, 4_200))
    assert limit_of(steps, 3, RUNNING) == 7_000
    assert limit_of(steps, 3, RUNNING.later(300)) == 4_200


def test_a_relative_profile_says_nothing_while_nobody_charges() -> None:
    assert limit_of(profile((0, 11_000)), 3, Moment(NOW)) is None


def test_an_absolute_schedule_ends_after_its_duration() -> None:
    hour = profile((0, 5_000), kind="Absolute", schedule={"start_schedule": "2026-11-22T09:30:00Z", "duration": 3600})
    assert limit_of(hour, 3, RUNNING) == 5_000
    assert limit_of(hour, 3, RUNNING.later(1800)) is None


@pytest.mark.parametrize(("recurrency", "limit"), [("Daily", 7_000), ("Weekly", 9_000)])
def test_a_recurring_schedule_begins_anew(recurrency: str, limit: float) -> None:
    periods = ((0, 11_000), (3600, 7_000), (86_400, 9_000))
    fields = {"kind": "Recurring", "schedule": {"start_schedule": "2026-11-14T09:00:00Z"}}
    assert limit_of(profile(*periods, recurrency_kind=recurrency, **fields), 3, RUNNING) == limit


def test_the_validity_of_a_profile_is_respected() -> None:
    assert limit_of(profile((0, 1), valid_from="2026-11-22T10:00:01Z"), 3, RUNNING) is None
    assert limit_of(profile((0, 1), valid_to="2026-11-22T10:00:00Z"), 3, RUNNING) is None


def test_the_profile_of_the_transaction_goes_before_the_default() -> None:
    profiles = Profiles()
    profiles.add(0, profile((0, 6_000)))
    profiles.add(1, profile((0, 9_000), number=2, purpose=TX))
    assert profiles.limit_watts(1, 3, RUNNING) == 9_000
    assert profiles.limit_watts(2, 3, RUNNING) == 6_000
    profiles.end_transaction(1)
    assert profiles.limit_watts(1, 3, RUNNING) == 6_000


def test_the_higher_stack_level_wins_while_it_has_a_limit() -> None:
    profiles = Profiles()
    profiles.add(1, profile((0, 6_000)))
    profiles.add(1, profile((0, 9_000), number=2, level=1, schedule={"duration": 700}))
    assert profiles.limit_watts(1, 3, RUNNING) == 9_000
    assert profiles.limit_watts(1, 3, RUNNING.later(100)) == 6_000


def test_a_connectors_own_default_replaces_that_of_the_station_on_its_level() -> None:
    profiles = Profiles()
    profiles.add(0, profile((0, 7000), number=1))
    profiles.add(1, profile((0, 4000), number=2, schedule={"duration": 60}))
    assert profiles.limit_watts(1, 3, RUNNING) == math.inf
    assert profiles.limit_watts(2, 3, RUNNING) == 7000


def test_the_same_id_or_the_same_level_and_purpose_replace() -> None:
    profiles = Profiles()
    profiles.add(1, profile((0, 6_000)))
    profiles.add(1, profile((0, 7_000), number=2))
    profiles.add(0, profile((0, 8_000), number=2, level=3))
    assert [installed["charging_profile_id"] for _, installed in profiles.installed] == [2]


def test_clearing_combines_its_criteria_and_an_id_wins() -> None:
    profiles = Profiles()
    profiles.add(1, profile((0, 6_000)))
    profiles.add(2, profile((0, 6_000), number=2))
    assert profiles.clear(None, 1, TX_DEFAULT, 5) == 0
    assert profiles.clear(2, 1, None, None) == 1
    assert profiles.clear(None, None, None, None) == 1


def test_the_whole_station_has_a_limit_of_its_own() -> None:
    profiles = Profiles()
    fields = {"kind": "Absolute", "schedule": {"start_schedule": "2026-11-22T00:00:00Z"}}
    profiles.add(0, profile((0, 15_000), purpose=CHARGE_POINT_MAX, **fields))
    assert profiles.station_limit_watts(3, Moment(NOW)) == 15_000


def test_change_points_are_the_seconds_at_which_a_limit_may_change() -> None:
    profiles = Profiles()
    profiles.add(1, profile((0, 11_000), (900, 7_000), valid_to="2026-11-22T10:20:00Z"))
    assert change_points(profiles, RUNNING, 3600) == [0, 300, 1200]


def test_a_composite_schedule_keeps_only_changes() -> None:
    assert list(composite([(0, 5.0), (60, 5.0), (120, 7.0)])) == [(0, 5.0), (120, 7.0)]


def test_limits_have_one_decimal() -> None:
    assert from_watts(10_000, "A", 3) == 14.5
