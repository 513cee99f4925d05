from datetime import UTC, datetime, timedelta

from ocpp.charge_point import camel_to_snake_case

from ocpp_server import schemas
from ocpp_server.simulator.profiles import Moment, Profiles
from ocpp_server.site.controller import Order
from ocpp_server.site.wishes import profile

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
KEY = (7, 1)
AMPERES = 690  # W for one ampere on three phases


def installed(*orders: Order) -> Profiles:
    profiles = Profiles()
    for number, order in enumerate(orders):
        wish = profile(order, NOW, profile_id=number, stack_level=0)
        assert not list(schemas.violations("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": wish}))
        profiles.add(1, camel_to_snake_case(wish))
    return profiles


def limit(profiles: Profiles, seconds: float, session_age: float = 3600) -> float:
    """The limit in A that a simulated station follows so many seconds from now."""
    moment = Moment(NOW + timedelta(seconds=seconds), NOW - timedelta(seconds=session_age))
    return profiles.limit_watts(1, 3, moment) / AMPERES


def test_a_limit_falls_back_to_the_fail_safe_by_itself_when_its_lease_ends():
    profiles = installed(Order(KEY, 42, 16.0, 6.0, 900))
    assert [limit(profiles, seconds) for seconds in (0, 899, 901, 90_000)] == [16.0, 16.0, 6.0, 6.0]


def test_a_clock_that_is_a_little_behind_opens_no_gap():
    assert limit(installed(Order(KEY, 42, 16.0, 6.0, 900)), -55) == 16.0


def test_a_limit_that_is_the_fail_safe_needs_no_second_step():
    wish = profile(Order(KEY, 42, 6.0, 6.0, 900), NOW, profile_id=1, stack_level=0)
    assert len(wish["chargingSchedule"]["chargingSchedulePeriod"]) == 1


def test_a_car_that_nobody_tells_anything_waits_and_then_charges_with_the_fail_safe():
    profiles = installed(Order(KEY, None, 0.0, 6.0, 960))
    assert limit(profiles, 0, session_age=10) == 0
    assert limit(profiles, 0, session_age=959) == 0
    assert limit(profiles, 0, session_age=961) == 6.0


def test_the_limit_of_a_session_overrules_the_default():
    profiles = installed(Order(KEY, None, 0.0, 6.0, 960), Order(KEY, 42, 16.0, 6.0, 900))
    assert limit(profiles, 0, session_age=10) == 16.0
