"""Schedules that people apply to connectors, stations and sessions."""

import json

import pytest

from ocpp_server.charging.profile import CHARGE_POINT_MAX, TX, TX_DEFAULT
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.smart_charging import (
    charging_profiles,
)
from ocpp_server.services.smart_charging.charging_profiles import Spot
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.ocpp_server.conftest import Clock
from tests.ocpp_server.services.smart_charging.yard import SITE, Yard, default, limits_of


def test_an_accepted_profile_is_on_record(yard: Yard) -> None:
    request = yard.apply(default(), template_id=7)
    assert (request.state, request.requested_by) == ("installed", "Otto")
    assert yard.held() == [(1, TX_DEFAULT, 1, 100_000_701)]


def test_many_connectors_get_a_profile_of_their_own_each(store: Store, time: Clock, yard: Yard) -> None:
    other = Yard(store, time, "CP-2")
    spots = [Spot(yard.id, 1), Spot(yard.id, 2), Spot(other.id, 0)]
    store.write(lambda unit: charging_profiles.apply(unit, default(), spots, by="Otto"))
    assert (yard.station.answer(), other.station.answer()) == (2, 1)
    assert [place for place, *_ in yard.held() + other.held()] == [1, 2, 0]


def test_a_station_that_is_away_gets_it_when_it_is_back(yard: Yard) -> None:
    yard.store.write(lambda unit: charging_profiles.apply(unit, default(), [Spot(yard.id, 1)], by="Otto"))
    yard.time.go_on(hours=9)
    yard.store.write(commands.expire)
    yard.station.answer()
    assert yard.latest().state == "installed"


def test_the_stations_limits_bind_what_is_sent(yard: Yard) -> None:
    yard.knows(ChargeProfileMaxStackLevel="2", ChargingScheduleAllowedChargingRateUnit="Power")
    yard.apply(default(16, stackLevel=9))
    (sent,) = yard.station.profiles
    assert sent["stackLevel"] == 2
    assert sent["chargingSchedule"]["chargingRateUnit"] == "W"
    assert sent["chargingSchedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 11040.0}]


@pytest.mark.parametrize(
    ("volts", "phases", "watts"),
    [
        (120, "", 3600.0),
        (210, "", 6300.0),
        (240, "", 6900.0),
        (400, "", 6900.0),
        (230, "L1", 2300.0),
        (230, "L1-N L2-N L3-N", 6900.0),
    ],
)
def test_amperes_become_watts_by_the_voltage_and_the_phases_that_a_station_measures(
    yard: Yard, volts: float, phases: str, watts: float
) -> None:
    yard.knows(ChargingScheduleAllowedChargingRateUnit="W")
    yard.starts()
    samples = [{"measurand": "Voltage", "value": str(volts), "phase": phase} for phase in phases.split()]
    columns = "charge_point_id, connector_id, transaction_id, at, received_at, samples, voltage_v"
    sql = f"INSERT INTO meter_value ({columns}) SELECT charge_point_id, 1, id, 0, 0, ?, ? FROM charging_transaction"
    yard.store.write(lambda unit: unit.execute(sql, json.dumps(samples), volts))
    yard.apply(default(10))
    assert limits_of(yard.station.profiles[0]) == [watts]


def test_where_the_phases_of_a_car_are_not_known_a_limit_in_watts_holds_on_each(yard: Yard) -> None:
    yard.says(lambda action, payload: "Accepted" if '"W"' in json.dumps(payload) else "Rejected")
    profile = default(10, chargingProfileId=SITE.profile_id(TX_DEFAULT, 1))
    periods = profile["chargingSchedule"]["chargingSchedulePeriod"]
    periods[:] = [{"startPeriod": 0, "limit": 6}, {"startPeriod": 60, "limit": 32}]
    yard.store.write(lambda unit: charging_profiles.hold(unit, SITE, yard.id, 1, profile, by="Chargeyard", phases=1))
    yard.station.answer()
    assert limits_of(yard.station.profiles[-1]) == [1380.0, 7360.0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"chargingProfilePurpose": CHARGE_POINT_MAX}, "connectorId"),
        ({"recurrencyKind": "Daily"}, "recurrencyKind"),
        ({"chargingProfileKind": "Absolute"}, "chargingSchedule.startSchedule"),
        ({"transactionId": 4}, "transactionId"),
        ({"chargingProfilePurpose": "Mine"}, "csChargingProfiles.chargingProfilePurpose"),
    ],
)
def test_what_the_standard_does_not_allow_is_not_applied(yard: Yard, change: dict, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        yard.apply({**default(), **change})
    assert refusal.value.field == field


def test_a_rejected_station_is_left_out_with_the_reason(yard: Yard) -> None:
    yard.store.write(lambda unit: charge_points.update(unit, yard.id, registration="rejected"))
    request = yard.apply(default())
    assert request.state == "left_out"
    assert "rejected" in request.reason


def test_a_session_profile_needs_a_session_and_names_it(yard: Yard) -> None:
    wish = default(chargingProfilePurpose=TX)
    assert (yard.apply(wish).state, yard.latest().reason) == ("left_out", "no_session")
    session = yard.starts()
    assert yard.apply(wish).state == "installed"
    assert [item["transactionId"] for item in yard.station.profiles] == [session]
    assert yard.apply(wish, connector_id=0).connector_id == 1


def test_a_session_that_may_be_over_gets_no_profile_unless_somebody_insists(yard: Yard) -> None:
    yard.starts(late=3)
    wish = default(chargingProfilePurpose=TX)
    assert (yard.apply(wish).state, yard.latest().reason) == ("left_out", "late")
    assert yard.apply(wish, even_if_late=True).state == "installed"
