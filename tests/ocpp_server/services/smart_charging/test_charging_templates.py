"""Drawn schedules, and composite schedules as stations report them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ocpp_server import clock
from ocpp_server.charging.building import Drawing
from ocpp_server.charging.profile import parse
from ocpp_server.models import ChargingProfileTemplate
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.smart_charging import charging_templates, composite_schedules
from ocpp_server.services.smart_charging.charging_templates import drawing_of, profile_of
from ocpp_server.services.smart_charging.composite_schedules import Holdings
from ocpp_server.store import Store
from tests.charging_station import Answerer
from tests.ocpp_server.conftest import NOON, Clock
from tests.ocpp_server.services.smart_charging.yard import Yard, default

NIGHT = Drawing(steps=[(79_200, 16.0), (0, 16.0), (21_600, 8.0)], zone="Europe/Berlin", phases=3)


def save(store: Store, drawing: Drawing = NIGHT, name: str = "Night", **more: Any) -> ChargingProfileTemplate:
    return store.write(lambda unit: charging_templates.save(unit, name, drawing, **more))


def test_a_drawing_is_kept_in_the_order_of_time(store: Store, time: Clock) -> None:
    template = save(store)
    assert drawing_of(template) == replace(NIGHT, steps=[(0, 16.0), (21_600, 8.0), (79_200, 16.0)])
    profile = profile_of(template, NOON)
    assert profile["chargingSchedule"]["startSchedule"] == "2026-11-20T23:00:00Z"
    assert profile["chargingSchedule"]["chargingSchedulePeriod"][1] == {
        "startPeriod": 21_600,
        "limit": 8.0,
        "numberPhases": 3,
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [(60, 6.0)]}, "steps"),
        ({"steps": [(0, 6.0), (86_400, 7.0)]}, "steps"),
        ({"steps": [(0, -1.0)]}, "steps"),
        ({"unit": "V"}, "unit"),
        ({"purpose": "Mine"}, "purpose"),
        ({"repeat": "Monthly"}, "repeat"),
        ({"repeat": "once"}, "begins_on"),
        ({"repeat": "from_start", "purpose": "ChargePointMaxProfile"}, "repeat"),
        ({"phases": 4}, "phases"),
        ({"zone": "Mars/North"}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
        ({"stack_level": -1}, "stack_level"),
        ({"duration": 1}, "duration"),
        ({"valid_from": NOON, "valid_to": NOON}, "valid_to"),
    ],
)
def test_what_cannot_be_is_refused_by_name(store: Store, changes: dict, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        save(store, replace(NIGHT, **changes))
    assert refusal.value.field == field


def test_names_are_taken_once(store: Store) -> None:
    first = save(store)
    save(store, template_id=first.id)
    with pytest.raises(Invalid):
        save(store, name=" Night ")


# -- composite schedules -------------------------------------------------------------------------------------------


@pytest.fixture
def yard(store: Store, time: Clock) -> Yard:
    return Yard(store, time)


def report(yard: Yard, *periods: tuple[int, float], **more: Any) -> Any:
    """The station answers a GetCompositeSchedule; what was kept of it."""
    yard.says("Accepted")
    schedule = {
        "duration": 7200,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": start, "limit": limit} for start, limit in periods],
    }
    answer = {"connectorId": 1, "scheduleStart": yard.time.iso(), "chargingSchedule": schedule, **more}
    store, station = yard.store, Answerer(yard.store, yard.station.charge_point)
    payload = {"connectorId": 1, "duration": 7200}
    store.write(lambda unit: commands.request(unit, yard.id, "GetCompositeSchedule", payload, by="Otto"))
    station.answer(**answer)
    with store.reading():
        return Holdings(yard.id).readings.get(1)


def test_what_a_station_reports_is_kept_beside_our_own_calculation(yard: Yard) -> None:
    start = {"startSchedule": yard.time.iso(hours=-1), "chargingRateUnit": "A"}
    yard.apply(
        default(
            chargingProfileKind="Absolute",
            chargingSchedule={
                **start,
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10}, {"startPeriod": 7200, "limit": 6}],
            },
        )
    )
    same = report(yard, (0, 10.0), (3600, 6.0))
    assert composite_schedules.differences(same) == []
    other = report(yard, (0, 10.0), (1800, 16.0), (3600, 3.0))
    found = composite_schedules.differences(other)
    assert [(item.begin, item.end, item.calculated, item.reported, item.is_more) for item in found] == [
        (1800, 3600, 10.0, 16.0, True),
        (3600, 7200, 6.0, 3.0, False),
    ]
    assert [(mine, theirs) for _, mine, theirs in composite_schedules.rows(other)] == [(10, 10), (10, 16), (6, 3)]


def test_a_station_without_profiles_may_report_what_it_likes(yard: Yard) -> None:
    assert composite_schedules.differences(report(yard, (0, 32.0))) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"scheduleStart": "yesterday"},
        {"scheduleStart": "0001-01-01T00:00:00Z"},
        {"chargingSchedule": {"duration": 10**30, "chargingSchedulePeriod": [{"limit": "x"}, None]}},
        {"chargingSchedule": {}},
    ],
)
def test_an_odd_answer_does_no_harm(yard: Yard, odd: dict) -> None:
    reading = report(yard, (0, 10.0), **odd)
    assert reading.begins_at == clock.now()
    composite_schedules.differences(reading)
    composite_schedules.rows(reading)


@pytest.mark.parametrize("odd", [{"chargingSchedule": 5}, {"status": "Rejected"}])
def test_an_answer_without_a_schedule_is_no_reading(yard: Yard, odd: dict) -> None:
    assert report(yard, (0, 10.0), **odd) is None


def test_a_plan_takes_the_place_of_what_it_would_replace(yard: Yard) -> None:
    yard.apply(default(10))
    plan = parse(1, {**default(6), "chargingProfileId": 9})
    end = NOON + timedelta(hours=1)
    with yard.store.reading():
        steps = Holdings(yard.id).calculate(1, NOON, end, more=[plan], planned=True)
        assert [step.limit for step in steps] == [6]
        assert Holdings(yard.id).calculate(1, NOON, end)[0].limit is None
