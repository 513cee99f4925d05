"""What profiles add up to, beside a reading of the standard that asks second by second (here: minute by minute)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp_server.charging.composite import Session, Step, composite
from ocpp_server.charging.profile import parse
from ocpp_server.charging.units import Supply

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def profile(*steps: tuple[float, float], level: int = 0, purpose: str = "TxDefaultProfile", **more: Any) -> dict:
    """Steps are (hour, limit)."""
    schedule = {"chargingRateUnit": more.pop("unit", "A")}
    for name in ("duration", "startSchedule"):
        if name in more:
            schedule[name] = more.pop(name)
    schedule["chargingSchedulePeriod"] = [
        {"startPeriod": round(hour * 3600), "limit": limit, **more.pop("phases", {})} for hour, limit in steps
    ]
    kind = more.pop("kind", "Absolute" if "startSchedule" in schedule else "Relative")
    return {
        "chargingProfileId": 1,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": schedule,
        **more,
    }


def limits(installed: list[tuple[int, dict]], connector_id: int = 1, hours: float = 24, **more: Any) -> list:
    """The steps as (hour, limit)."""
    profiles = [parse(number, payload) for number, payload in installed]
    steps = composite(profiles, connector_id, MONDAY, at(hours), **more)
    return [((step.at - MONDAY) / timedelta(hours=1), step.limit) for step in steps]


NIGHT = profile((0, 16), (6, 8), (22, 16), kind="Recurring", recurrencyKind="Daily", startSchedule=iso(at(-48)))


def test_without_profiles_there_is_no_limit():
    assert limits([]) == [(0, None)]


def test_a_daily_schedule_begins_anew_every_day():
    assert limits([(0, NIGHT)], hours=31) == [(0, 16), (6, 8), (22, 16), (30, 8)]


def test_a_weekly_schedule_begins_anew_on_its_weekday():
    weekly = profile((0, 16), (120, 6), kind="Recurring", recurrencyKind="Weekly", startSchedule=iso(at(-7 * 24)))
    assert limits([(0, weekly)], hours=9 * 24) == [(0, 16), (120, 6), (168, 16)]


def test_the_highest_stack_level_that_says_something_counts():
    noon = profile((0, 6), level=3, startSchedule=iso(at(12)), duration=3600)
    assert limits([(1, noon), (1, NIGHT)]) == [(0, 16), (6, 8), (12, 6), (13, 8), (22, 16)]


def test_a_highest_profile_without_duration_hides_the_lower_ones_for_good():
    assert limits([(1, profile((0, 20), level=1, startSchedule=iso(at(3)))), (1, NIGHT)]) == [(0, 16), (3, 20)]


def test_validity_bounds_a_profile():
    holiday = profile((0, 32), level=1, startSchedule=iso(at(-24)), validFrom=iso(at(8)), validTo=iso(at(9)))
    assert limits([(0, holiday), (0, NIGHT)]) == [(0, 16), (6, 8), (8, 32), (9, 8), (22, 16)]


def test_a_sessions_own_profile_comes_before_the_defaults():
    own = profile((0, 10), (1, 12), purpose="TxProfile", transactionId=7)
    session = Session(at(1), 7)
    assert limits([(1, own), (0, NIGHT)], session=session) == [(0, 16), (1, 10), (2, 12)]
    assert limits([(1, own), (0, NIGHT)], session=Session(at(1), 8)) == limits([(0, NIGHT)])
    assert limits([(1, own), (0, NIGHT)]) == limits([(0, NIGHT)])


def test_a_connectors_own_default_replaces_that_of_the_station_on_its_level():
    own = profile((0, 10), startSchedule=iso(at(6)), duration=3600)
    assert limits([(1, own), (0, NIGHT)]) == [(0, None), (6, 10), (7, None)]
    assert limits([(1, own), (0, NIGHT)], connector_id=2) == [(0, 16), (6, 8), (22, 16)]


def test_the_stations_maximum_caps_whatever_else_there_is():
    most = profile((0, 12), purpose="ChargePointMaxProfile", startSchedule=iso(at(-1)))
    assert limits([(0, most), (0, NIGHT)]) == [(0, 12), (6, 8), (22, 12)]
    assert limits([(0, most)], connector_id=2) == [(0, 12)]
    assert limits([(0, most), (0, NIGHT)], connector_id=0) == [(0, 12)]


def test_amperes_are_per_phase_and_watts_the_sum():
    one = profile((0, 6000), unit="W", phases={"numberPhases": 1}, startSchedule=iso(at(-1)))
    three = profile((0, 6900), unit="W", startSchedule=iso(at(-1)))
    assert round(limits([(1, one)])[0][1], 2) == 26.09
    assert limits([(1, three)]) == [(0, 10)]
    assert limits([(1, NIGHT)], unit="W")[0] == (0, 16 * 690)
    assert limits([(1, NIGHT)], unit="W", supply=Supply(120, 1))[0] == (0, 1920)


def test_steps_tell_the_phases():
    steps = composite(
        [parse(1, profile((0, 9), phases={"numberPhases": 1}))], 1, MONDAY, at(1), session=Session(MONDAY)
    )
    assert steps == [Step(MONDAY, 9, 1)]


def test_nonsense_does_not_stop_a_page():
    odd = {
        "chargingSchedule": {"chargingSchedulePeriod": [{"startPeriod": 10**400, "limit": 1e308}, 7], "duration": 1e300}
    }
    assert limits([(1, odd), (1, {}), (0, {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": "x"})]) == [
        (0, None)
    ]


# -- beside a slow reading -----------------------------------------------------------------------------------------

minutes = st.integers(-2000, 3000).map(lambda number: iso(MONDAY + number * MINUTE))


@st.composite
def schedules(draw: st.DrawFn) -> tuple[int, dict]:
    purpose = draw(st.sampled_from(["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]))
    kind = draw(st.sampled_from(["Absolute", "Recurring", "Relative"]))
    starts = sorted(draw(st.sets(st.integers(1, 2000), max_size=3)))
    periods = [
        {"startPeriod": 60 * start, "limit": draw(st.sampled_from([0, 6, 10, 16, 32])), "numberPhases": 3}
        for start in [0, *starts]
    ]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    if draw(st.booleans()):
        schedule["duration"] = 60 * draw(st.integers(0, 2500))
    if kind != "Relative":
        schedule["startSchedule"] = draw(minutes)
    found = {
        "chargingProfileId": 1,
        "stackLevel": draw(st.integers(0, 3)),
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": schedule,
    }
    if kind == "Recurring":
        found["recurrencyKind"] = draw(st.sampled_from(["Daily", "Weekly"]))
    if purpose == "TxProfile" and draw(st.booleans()):
        found["transactionId"] = draw(st.sampled_from([7, 8]))
    for name in ("validFrom", "validTo"):
        if draw(st.integers(0, 3)) == 0:
            found[name] = draw(minutes)
    connector = 0 if purpose == "ChargePointMaxProfile" else draw(st.sampled_from([1, 2]))
    if purpose == "TxDefaultProfile":
        connector = draw(st.sampled_from([0, 1, 2]))
    return connector, found


def read_slowly(
    installed: list[tuple[int, dict]], moment: datetime, session: tuple[datetime, int] | None
) -> float | None:
    """The limit on connector 1 at one moment, as one would find it with the standard on the desk."""

    def says(item: dict) -> float | None:
        if "validFrom" in item and moment < datetime.fromisoformat(item["validFrom"]):
            return None
        if "validTo" in item and moment >= datetime.fromisoformat(item["validTo"]):
            return None
        schedule = item["chargingSchedule"]
        if item["chargingProfileKind"] == "Relative":
            if session is None:
                return None
            start = session[0]
        else:
            start = datetime.fromisoformat(schedule["startSchedule"])
        if start > moment:
            return None
        if item["chargingProfileKind"] == "Recurring":
            step = timedelta(days=1 if item["recurrencyKind"] == "Daily" else 7)
            while start + step <= moment:
                start += step
        seconds = (moment - start).total_seconds()
        if "duration" in schedule and seconds >= schedule["duration"]:
            return None
        last = None
        for period in schedule["chargingSchedulePeriod"]:
            if period["startPeriod"] <= seconds:
                last = period["limit"]
        return last

    def first_by_level(items: list[dict]) -> float | None:
        for level in (3, 2, 1, 0):
            for item in items:
                if item["stackLevel"] == level and says(item) is not None:
                    return says(item)
        return None

    def of(purpose: str, connector: int) -> list[dict]:
        return [item for place, item in installed if place == connector and item["chargingProfilePurpose"] == purpose]

    rate = None
    if session is not None:
        mine = [item for item in of("TxProfile", 1) if item.get("transactionId", session[1]) == session[1]]
        rate = first_by_level(mine)
    if rate is None:
        own = of("TxDefaultProfile", 1)
        for_all = [
            item
            for item in of("TxDefaultProfile", 0)
            if not any(mine["stackLevel"] == item["stackLevel"] for mine in own)
        ]
        rate = first_by_level(own + for_all)
    most = first_by_level(of("ChargePointMaxProfile", 0))
    known = [limit for limit in (rate, most) if limit is not None]
    return min(known) if known else None


def without_doubles(installed: list[tuple[int, dict]]) -> list[tuple[int, dict]]:
    """As a station holds them: one for each purpose, level and connector (section 3.13.2)."""
    return list(
        {
            (place, item["chargingProfilePurpose"], item["stackLevel"]): (place, item) for place, item in installed
        }.values()
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(schedules(), max_size=6).map(without_doubles), st.none() | st.integers(-600, 600))
def test_the_steps_are_what_the_standard_says_minute_by_minute(installed, started):
    session = None if started is None else (MONDAY + started * MINUTE, 7)
    profiles = [parse(place, item) for place, item in installed]
    steps = composite(profiles, 1, MONDAY, at(26), session=Session(*session) if session else None)
    assert steps[0].at == MONDAY
    for earlier, later in pairwise(steps):
        assert earlier.at < later.at
        assert earlier.limit != later.limit
    for minute in range(0, 26 * 60, 7):
        moment = MONDAY + minute * MINUTE
        current = [step for step in steps if step.at <= moment][-1]
        assert current.limit == read_slowly(installed, moment, session), moment
