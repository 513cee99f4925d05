"""Applying profiles, holding limits, what stations refuse, and the record of what they hold."""

import json
from typing import Any

import pytest

from ocpp_server.charging.limits import Traits
from ocpp_server.charging.profile import CHARGE_POINT_MAX, TX, TX_DEFAULT
from ocpp_server.models import Command, InstalledChargingProfile
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.smart_charging import (
    charging_profiles,
    charging_requests,
    charging_traits,
    installed_profiles,
)
from ocpp_server.services.smart_charging.charging_profiles import Spot
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.ocpp_server.conftest import Clock
from tests.ocpp_server.services.smart_charging.yard import SITE, Yard, default

# -- what people apply ---------------------------------------------------------------------------------------------


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


def limits_of(profile: dict[str, Any]) -> list[float]:
    return [period["limit"] for period in profile["chargingSchedule"]["chargingSchedulePeriod"]]


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


# -- profiles of sessions ------------------------------------------------------------------------------------------


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


def test_a_session_profile_is_over_with_its_session_and_the_default_stays(yard: Yard) -> None:
    session = yard.starts()
    yard.apply(default())
    yard.apply(default(chargingProfilePurpose=TX))
    assert [purpose for _, purpose, *_ in yard.held()] == [TX_DEFAULT, TX]
    yard.stops(session)
    assert [purpose for _, purpose, *_ in yard.held()] == [TX_DEFAULT]
    yard.store.write(installed_profiles.bury)
    with yard.store.reading():
        assert InstalledChargingProfile.select().count() == 1


def test_a_profile_of_a_remote_start_belongs_to_the_session_that_begins(yard: Yard) -> None:
    profile = default(chargingProfileId=5, chargingProfilePurpose=TX)
    yard.call("RemoteStartTransaction", {"idTag": "CARD", "connectorId": 1, "chargingProfile": profile})
    assert yard.held() == [(1, TX, 1, 5)]
    session = yard.starts()
    yard.store.write(installed_profiles.bury)
    with yard.store.reading():
        assert InstalledChargingProfile.get().transaction_id == session
    yard.stops(session)
    assert yard.held() == []


def test_a_remote_start_that_leads_to_nothing_leaves_nothing(yard: Yard) -> None:
    profile = default(chargingProfileId=5, chargingProfilePurpose=TX)
    yard.call("RemoteStartTransaction", {"idTag": "CARD", "chargingProfile": profile})
    yard.time.go_on(minutes=20)
    assert yard.held() == []


# -- the record ----------------------------------------------------------------------------------------------------


def sent_by_hand(yard: Yard, number: int, level: int, connector_id: int = 1, purpose: str = TX_DEFAULT) -> None:
    profile = default(chargingProfileId=number, stackLevel=level, chargingProfilePurpose=purpose)
    yard.call("SetChargingProfile", {"connectorId": connector_id, "csChargingProfiles": profile})


def test_what_is_sent_by_hand_is_on_record_too(yard: Yard) -> None:
    sent_by_hand(yard, 4, 0)
    assert yard.held() == [(1, TX_DEFAULT, 0, 4)]


def test_the_same_id_or_the_same_level_and_purpose_on_a_connector_replaces(yard: Yard) -> None:
    sent_by_hand(yard, 1, 0)
    sent_by_hand(yard, 1, 2, connector_id=2)
    assert yard.held() == [(2, TX_DEFAULT, 2, 1)]
    sent_by_hand(yard, 3, 2, connector_id=2)
    assert yard.held() == [(2, TX_DEFAULT, 2, 3)]
    sent_by_hand(yard, 4, 2, connector_id=0)
    assert [number for *_, number in yard.held()] == [4, 3]


@pytest.mark.parametrize(
    ("criteria", "left"),
    [
        ({"id": 1, "connectorId": 9, "stackLevel": 9}, [3, 4, 2]),
        ({"connectorId": 1}, [3, 2]),
        ({"chargingProfilePurpose": TX_DEFAULT, "stackLevel": 0}, [3, 4]),
        ({"connectorId": 0, "chargingProfilePurpose": TX_DEFAULT}, [3, 4, 1, 2]),
        ({}, []),
    ],
)
@pytest.mark.parametrize("status", ["Accepted", "Unknown"])
def test_clearing_takes_what_fits_all_fields_and_an_id_alone_wins(
    yard: Yard, criteria: dict, left: list[int], status: str
) -> None:
    for number, level, connector, purpose in (
        (1, 0, 1, TX_DEFAULT),
        (2, 0, 2, TX_DEFAULT),
        (3, 0, 0, CHARGE_POINT_MAX),
        (4, 1, 1, TX_DEFAULT),
    ):
        sent_by_hand(yard, number, level, connector, purpose)
    yard.says(status)
    yard.call("ClearChargingProfile", criteria)
    assert [number for *_, number in yard.held()] == left


def test_odd_numbers_by_hand_do_no_harm(yard: Yard) -> None:
    profile = default(chargingProfileId=10**30, stackLevel=2)
    profile["chargingSchedule"]["duration"] = 10**40
    yard.call("SetChargingProfile", {"connectorId": 10**25, "csChargingProfiles": profile})
    assert yard.held() == [(2**53, TX_DEFAULT, 2, 2**53)]


# -- refusals ------------------------------------------------------------------------------------------------------


def only_level_0(action: str, payload: dict) -> str:
    return "Accepted" if payload["csChargingProfiles"]["stackLevel"] == 0 else "Rejected"


def test_a_refused_stack_level_is_lowered_and_the_station_remembered(yard: Yard) -> None:
    yard.says(only_level_0)
    request = yard.apply(default(stackLevel=3))
    assert request.state == "installed"
    assert [
        (item["changed"], item["answer"]) for item in charging_requests.attempts_of(request) if "answer" in item
    ] == [
        ([], "Rejected"),
        (["stack_level"], "Rejected"),
        (["stack_level"], "Accepted"),
    ]
    assert yard.learnt().max_stack_level == 0
    yard.station.asked.clear()
    yard.apply(default(stackLevel=3))
    assert [item["stackLevel"] for item in yard.station.profiles] == [0]
    yard.store.write(lambda unit: charging_traits.forget(unit, yard.id))
    assert yard.learnt() == Traits()


def test_the_default_of_an_only_connector_is_kept_and_cleared_on_connector_0_where_it_is_taken_there_alone(
    yard: Yard, heard: list[tuple]
) -> None:
    yard.says(lambda action, payload: "Rejected" if payload.get("connectorId") else "Accepted")
    yard.limit(16)
    yard.station.answer()
    assert yard.held() == [(0, TX_DEFAULT, 0, SITE.profile_id(TX_DEFAULT, 1))]
    assert yard.learnt().station_default
    yard.limit(10)
    assert yard.station.answer() == 1
    yard.limit(None)
    yard.station.answer()
    assert yard.held() == []
    assert heard == [(1, TX_DEFAULT, state, "") for state in ("installed", "installed", "gone")]


def test_a_station_that_refuses_everything_is_asked_a_bounded_number_of_times(yard: Yard) -> None:
    yard.says("Rejected")
    request = yard.apply(default(stackLevel=5))
    assert (request.state, request.reason) == ("refused", "")
    assert len(yard.station.asked) <= 8
    assert yard.learnt() == Traits()


@pytest.mark.parametrize("answer", ["[NotSupported]", "[NotImplemented]"])
def test_a_callerror_not_supported_is_no_smart_charging(yard: Yard, answer: str) -> None:
    yard.says(answer)
    request = yard.apply(default(stackLevel=5))
    assert (request.state, request.reason) == ("refused", "not_supported")
    assert len(yard.station.asked) == 1
    assert yard.learnt().supported is False
    yard.says("Accepted")
    yard.apply(default())
    assert yard.learnt().supported is True


def test_the_answer_not_supported_may_be_about_the_purpose_alone(yard: Yard) -> None:
    yard.says(lambda action, payload: "NotSupported" if "Max" in str(payload) else "Accepted")
    assert yard.apply(default(20, chargingProfilePurpose=CHARGE_POINT_MAX), connector_id=0).state == "installed"
    assert yard.learnt().charge_point_max is False
    yard.says("NotSupported")
    assert yard.apply(default(stackLevel=0)).reason == "not_supported"


def test_another_callerror_is_a_refusal_and_silence_is_not(yard: Yard) -> None:
    yard.says(
        lambda action, payload: (
            "[PropertyConstraintViolation]" if payload["csChargingProfiles"]["stackLevel"] else "Accepted"
        )
    )
    assert yard.apply(default(stackLevel=1)).state == "installed"
    yard.store.write(lambda unit: charging_profiles.apply(unit, default(), [Spot(yard.id, 2)], by="Otto"))
    claimed = yard.store.write(lambda unit: commands.claim(unit, yard.id))
    yard.store.write(lambda unit: commands.timed_out(unit, claimed))
    assert (yard.latest().state, yard.latest().reason) == ("failed", "timeout")
    assert yard.station.answer() == 0


def test_a_full_station_is_not_tried_in_other_ways(yard: Yard) -> None:
    yard.knows(MaxChargingProfilesInstalled="1")
    yard.apply(default())
    yard.says("Rejected")
    request = yard.apply(default(), connector_id=2)
    assert (request.state, request.reason) == ("refused", "full")
    assert len(yard.station.asked) == 2


# -- limits of other parts of Chargeyard ---------------------------------------------------------------------------


def test_a_limit_is_sent_once_replaced_and_taken_away(yard: Yard, heard: list[tuple]) -> None:
    assert yard.limit(16) is not None
    yard.station.answer()
    assert yard.limit(16) is None
    yard.limit(10)
    yard.station.answer()
    assert yard.held() == [(1, TX_DEFAULT, 0, SITE.profile_id(TX_DEFAULT, 1))]
    assert [item["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] for item in yard.station.profiles] == [
        16,
        10,
    ]
    yard.limit(None)
    yard.station.answer()
    assert yard.held() == []
    assert yard.limit(None) is None
    assert [state for *_, state, _ in heard] == ["installed", "installed", "gone"]


def test_only_the_latest_limit_is_sent(yard: Yard, heard: list[tuple]) -> None:
    for amperes in (16, 12, 8, 8):
        yard.limit(amperes)
    assert yard.station.answer() == 1
    assert yard.station.profiles[0]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 8
    assert heard == [(1, TX_DEFAULT, "installed", "")]


def test_a_limit_that_changes_while_the_station_thinks_stays_its_owners(yard: Yard, heard: list[tuple]) -> None:
    yard.limit(16)

    def says(action: str, payload: dict) -> str:
        if len(yard.station.asked) == 1:
            yard.limit(8)
        return "Accepted"

    yard.says(says)
    assert yard.station.answer() == 2
    with yard.store.reading():
        assert InstalledChargingProfile.get().owner == SITE.name
    assert heard == [(1, TX_DEFAULT, "installed", "")]
    yard.limit(12)
    yard.store.write(lambda unit: commands.claim(unit, yard.id))
    assert isinstance(yard.limit(None), Command)


def test_a_sessions_limit_needs_the_session_and_is_told(yard: Yard, heard: list[tuple]) -> None:
    yard.limit(16, purpose=TX)
    session = yard.starts()
    yard.limit(16, purpose=TX)
    yard.station.answer()
    assert yard.station.profiles[0]["transactionId"] == session
    assert heard == [(1, TX, "left_out", "no_session"), (1, TX, "installed", "")]


def test_the_owner_hears_what_the_station_refuses_and_when_an_operator_clears(yard: Yard, heard: list[tuple]) -> None:
    yard.limit(16)
    yard.station.answer()
    yard.call("ClearChargingProfile", {})
    yard.says("Rejected")
    yard.limit(10)
    yard.station.answer()
    assert [state for *_, state, _ in heard] == ["installed", "gone", "refused"]


def test_a_maximum_that_became_a_default_says_so(yard: Yard, heard: list[tuple]) -> None:
    yard.says(lambda action, payload: "Rejected" if "Max" in str(payload) else "Accepted")
    yard.limit(25, 0, CHARGE_POINT_MAX)
    yard.station.answer()
    assert heard == [(0, TX_DEFAULT, "installed", "")]
    yard.limit(None, 0, CHARGE_POINT_MAX)
    yard.station.answer()
    assert yard.held() == []
