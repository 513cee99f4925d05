"""What is done when a station refuses a profile."""

import pytest

from ocpp_server.charging.limits import Traits
from ocpp_server.charging.profile import CHARGE_POINT_MAX, TX_DEFAULT
from ocpp_server.services import commands
from ocpp_server.services.smart_charging import (
    charging_profiles,
    charging_requests,
    charging_traits,
)
from ocpp_server.services.smart_charging.charging_profiles import Spot
from tests.ocpp_server.services.smart_charging.yard import SITE, Yard, default


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
