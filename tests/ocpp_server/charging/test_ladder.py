"""How a profile is fitted to a station, and what is tried when it refuses."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_server import clock
from ocpp_server.charging import fitting, ladder
from ocpp_server.charging.building import Drawing, constant, for_remote_start, from_drawing
from ocpp_server.charging.composite import Session, composite
from ocpp_server.charging.ladder import Attempt, learnt
from ocpp_server.charging.limits import Limits, Traits, read, units
from ocpp_server.charging.profile import CHARGE_POINT_MAX, DAILY, TX, TX_DEFAULT, WEEKLY, parse
from ocpp_server.charging.units import Supply
from ocpp_server.services.smart_charging.charging_rules import problems
from ocpp_server.site import wishes
from ocpp_server.site.controller import Order

NOW = datetime(2026, 11, 26, 15, 30, tzinfo=UTC)
NIGHT = ((0, 16.0), (6 * 3600, 8.0), (22 * 3600, 16.0))
BOTH = frozenset("AW")


@dataclass
class Place:
    limits: Limits = field(default_factory=Limits)
    traits: Traits = field(default_factory=Traits)
    supply: Supply = field(default_factory=Supply)
    connector_id: int = 0
    connectors: int = 1
    session_start: datetime | None = None


def attempts(wish: dict, place: Place, now: datetime) -> list[Attempt]:
    return list(ladder.attempts(wish, place, now))


def drawn(**more: object) -> dict:
    return from_drawing(Drawing(**{"steps": NIGHT, **more}), 1, NOW)


def limit(purpose: str, amperes: float = 10, level: int = 0) -> dict:
    return constant(1, purpose, amperes, stack_level=level, phases=None, now=NOW)


def sent(wish: dict, place: Place) -> list[tuple]:
    """Stack level, purpose, kind and unit of each attempt."""
    found = [item.profile for item in attempts(wish, place, NOW)]
    return [
        (item["stackLevel"], item["chargingProfilePurpose"][:6], item["chargingProfileKind"], fitting.unit_of(item))
        for item in found
    ]


# -- what keys mean ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Current", "A"),
        ("Power", "W"),
        ("Current,Power", "AW"),
        ("W", "W"),
        ("A, W", "AW"),
        ("current;POWER", "AW"),
        ("Amps", "A"),
        ("", ""),
        ("yes", ""),
    ],
)
def test_allowed_units_are_understood_however_they_are_spelt(text, meant):
    assert units(text) == frozenset(meant)


def test_keys_are_read_whatever_their_case_and_nonsense_is_no_limit():
    keys = {
        "chargeprofilemaxstacklevel": " 3 ",
        "ChargingScheduleMaxPeriods": "0",
        "MaxChargingProfilesInstalled": "-4",
    }
    assert read(keys) == Limits(max_stack_level=3)


# -- fitting -------------------------------------------------------------------------------------------------------


def test_a_profile_is_bound_to_the_stations_limits():
    place = Place(Limits(max_stack_level=0, units=frozenset("W"), max_periods=2))
    (first, *_others) = attempts(drawn(stack_level=4), place, NOW)
    schedule = first.profile["chargingSchedule"]
    assert first.profile["stackLevel"] == 0
    assert schedule["chargingRateUnit"] == "W"
    assert [item["limit"] for item in schedule["chargingSchedulePeriod"]] == [11040.0, 5520.0]
    assert first.changed == ("stack_level", "unit", "periods")


def test_amperes_become_watts_by_phases_and_voltage_and_never_more():
    one = fitting.in_unit(drawn(phases=1), "W", Supply())
    assert one["chargingSchedule"]["chargingSchedulePeriod"][0] == {
        "startPeriod": 0,
        "limit": 3680.0,
        "numberPhases": 1,
    }
    back = fitting.in_unit(drawn(unit="W", steps=((0, 10_000),)), "A", Supply())
    assert back["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 14.4


@given(
    st.lists(st.tuples(st.integers(1, 86_399), st.sampled_from([0.0, 6.0, 8.0, 16.0, 32.0])), max_size=20),
    st.integers(1, 8),
)
def test_fewer_periods_never_allow_more_at_any_time(steps, most):
    wish = drawn(steps=[(0, 16.0), *sorted({second: (second, amperes) for second, amperes in steps}.values())])
    fitted = fitting.with_fewer_periods(wish, most)
    assert len(fitting.periods(fitted)) <= max(1, most)
    assert fitting.periods(fitted)[0]["startPeriod"] == 0
    end = NOW + timedelta(days=1)
    before, after = (composite([parse(1, item)], 1, NOW, end) for item in (wish, fitted))
    for step in [*before, *after]:
        was, is_ = ([item.limit for item in found if item.at <= step.at][-1] for found in (before, after))
        assert is_ <= was


# -- the ladder ----------------------------------------------------------------------------------------------------


def test_a_refused_stack_level_is_lowered_and_then_the_lowest_is_tried():
    found = sent(limit(TX_DEFAULT, level=4), Place(Limits(max_stack_level=9, units=frozenset("A"))))
    assert [level for level, *_ in found][:3] == [4, 3, 0]


def test_a_refused_maximum_of_the_station_becomes_a_default_that_is_shared_by_its_connectors():
    place = Place(Limits(units=frozenset("A")), connectors=2)
    found = attempts(limit(CHARGE_POINT_MAX, 25), place, NOW)
    assert found[1].profile["chargingProfilePurpose"] == TX_DEFAULT
    assert fitting.periods(found[1].profile)[0]["limit"] == 12.5
    assert found[1].changed == ("purpose",)


def test_a_constant_limit_is_tried_in_the_other_kind_and_the_other_unit():
    assert sent(limit(TX_DEFAULT), Place(Limits(units=BOTH))) == [
        (0, "TxDefa", "Relative", "A"),
        (0, "TxDefa", "Absolute", "A"),
        (0, "TxDefa", "Relative", "W"),
        (0, "TxDefa", "Absolute", "W"),
    ]


def test_a_repeating_schedule_has_no_other_kind():
    assert {kind for _, _, kind, _ in sent(drawn(), Place())} == {"Recurring"}


def test_a_schedule_for_a_session_says_the_same_in_the_other_kind():
    absolute = {**drawn(repeat="once", purpose=TX, duration=86_400), "validFrom": None, "validTo": None}
    session = Session(NOW - timedelta(hours=1), 7)
    relative = fitting.as_other_kind(absolute, NOW, session.started_at)
    until = NOW + timedelta(hours=20)
    assert relative["chargingProfileKind"] == "Relative"
    assert "startSchedule" not in relative["chargingSchedule"]
    both = [composite([parse(1, item)], 1, NOW, until, session=session) for item in (absolute, relative)]
    assert both[0] == both[1]


def test_a_schedule_that_begins_in_the_middle_of_a_session_says_the_same_from_now_on_in_the_other_kind():
    wish = wishes.profile(Order((1, 1), 7, 20.0, 6.0, 900), NOW, profile_id=1, stack_level=0)
    session = Session(NOW - timedelta(minutes=10), 7)
    relative = fitting.as_other_kind(wish, NOW, session.started_at)
    assert fitting.periods(relative) == [{"startPeriod": 0, "limit": 20.0}, {"startPeriod": 1500, "limit": 6.0}]
    until = NOW + timedelta(hours=1)
    both = [composite([parse(1, item)], 1, NOW, until, session=session) for item in (wish, relative)]
    assert both[0] == both[1]


def test_what_begins_later_cannot_be_said_from_the_start_of_the_session_on():
    later = {**drawn(repeat="once", purpose=TX), "validFrom": None, "validTo": None}
    later["chargingSchedule"]["startSchedule"] = clock.iso(NOW + timedelta(hours=1))
    assert fitting.as_other_kind(later, NOW, NOW - timedelta(hours=1)) is None


def places(wish: dict, place: Place) -> list[tuple[int, int]]:
    """Connector and stack level of each attempt."""
    return [(item.connector_id, item.profile["stackLevel"]) for item in attempts(wish, place, NOW)]


def test_a_default_of_the_only_connector_is_tried_as_one_of_the_whole_station():
    place = Place(connector_id=1)
    assert places(limit(TX_DEFAULT), place)[:2] == [(1, 0), (0, 0)]
    assert places(limit(TX_DEFAULT, level=4), place)[:5] == [(1, 4), (1, 3), (1, 0), (0, 4), (0, 0)]
    plan = attempts(limit(TX_DEFAULT), place, NOW)
    assert plan[1].changed == ("connector",)
    traits = learnt(plan[0], plan[1], Traits())
    assert places(limit(TX_DEFAULT), Place(traits=traits, connector_id=1))[0] == (0, 0)


@pytest.mark.parametrize(
    ("purpose", "place"),
    [(TX_DEFAULT, Place(connector_id=1, connectors=2)), (TX, Place(connector_id=1)), (TX_DEFAULT, Place())],
)
def test_what_is_not_the_default_of_an_only_connector_stays_where_it_is(purpose, place):
    assert {connector_id for connector_id, _ in places(limit(purpose), place)} == {place.connector_id}


def test_there_are_never_more_than_eight_attempts_and_no_two_alike():
    found = attempts(limit(CHARGE_POINT_MAX, level=5), Place(connectors=2), NOW)
    assert len(found) <= ladder.MOST
    assert all(one.profile != other.profile for place, one in enumerate(found) for other in found[place + 1 :])


def test_a_station_without_smart_charging_is_asked_once():
    assert len(attempts(limit(CHARGE_POINT_MAX, level=5), Place(traits=Traits(supported=False)), NOW)) == 1


@pytest.mark.parametrize("purpose", [CHARGE_POINT_MAX, TX_DEFAULT, TX])
def test_what_was_accepted_once_is_what_is_tried_first_the_next_time(purpose):
    wish = limit(purpose, level=3)
    plan = attempts(wish, Place(), NOW)
    for accepted in plan[1:]:
        traits = learnt(plan[0], accepted, Traits())
        again = attempts(wish, Place(traits=traits), NOW)[0].profile
        assert fitting.without_times(again) == fitting.without_times(accepted.profile)


# -- drawn schedules -----------------------------------------------------------------------------------------------


def test_a_schedule_repeats_from_the_midnight_of_its_zone_before_the_last():
    made = drawn(zone="Europe/Berlin")
    assert made["chargingSchedule"]["startSchedule"] == "2026-11-24T23:00:00Z"
    assert (made["recurrencyKind"], made["chargingSchedule"]["duration"]) == (DAILY, 86_400)
    assert drawn(repeat=WEEKLY)["chargingSchedule"]["startSchedule"] == "2026-11-16T00:00:00Z"


def test_the_night_on_which_the_clocks_change_does_not_shift_today():
    noon = datetime(2026, 10, 25, 12, tzinfo=UTC)
    made = from_drawing(Drawing(steps=NIGHT, zone="Europe/Berlin"), 1, noon)
    steps = composite([parse(1, made)], 1, noon - timedelta(hours=12), noon + timedelta(hours=11))
    assert [step.at for step in steps[1:]] == [noon.replace(hour=4), noon.replace(hour=20)]


def test_a_schedule_for_once_says_from_when_to_when_it_counts():
    made = drawn(repeat="once", begins_on=NOW + timedelta(days=1), duration=86_400)
    assert (made["validFrom"], made["validTo"]) == ("2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z")
    assert made["chargingProfileKind"] == "Absolute"
    assert "recurrencyKind" not in made


@pytest.mark.parametrize("repeat", ["Daily", "Weekly", "once", "from_start"])
def test_what_is_drawn_obeys_the_standard(repeat):
    assert list(problems(drawn(repeat=repeat), 0)) == []


def test_a_remote_start_carries_what_repeats_written_out_from_now_on():
    made = for_remote_start(drawn(), NOW)
    assert (made["chargingProfilePurpose"], made["chargingProfileKind"]) == (TX, "Absolute")
    assert list(problems(made, 1)) == []
    schedule = made["chargingSchedule"]
    assert schedule["startSchedule"] == made["validFrom"] == "2026-11-26T15:30:00Z"
    assert [item["startPeriod"] for item in schedule["chargingSchedulePeriod"]] == [0, 23_400, 52_200]


def test_the_standards_rules_are_named_where_they_are_broken():
    broken = {**drawn(), "transactionId": 4}
    broken["chargingSchedule"] = {
        **broken["chargingSchedule"],
        "chargingSchedulePeriod": [{"startPeriod": 5, "limit": 1}],
    }
    assert [problem.field for problem in problems({**broken, "recurrencyKind": None}, 0)] == [
        "transactionId",
        "recurrencyKind",
        "chargingSchedule.chargingSchedulePeriod",
    ]
    assert [problem.field for problem in problems(limit(CHARGE_POINT_MAX), 1)] == ["connectorId"]
    assert [problem.field for problem in problems(limit(TX), 0)] == ["connectorId"]
