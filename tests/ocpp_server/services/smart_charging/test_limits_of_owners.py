"""Limits that other parts of Chargeyard hold, and what they hear of them."""

from ocpp_server.charging.profile import CHARGE_POINT_MAX, TX, TX_DEFAULT
from ocpp_server.models import Command, InstalledChargingProfile
from ocpp_server.services import commands
from tests.ocpp_server.services.smart_charging.yard import SITE, Yard


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
