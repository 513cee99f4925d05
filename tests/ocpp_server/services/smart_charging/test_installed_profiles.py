"""The record of what stations hold, by hand, by sessions and by remote starts."""

import pytest

from ocpp_server.charging.profile import CHARGE_POINT_MAX, TX, TX_DEFAULT
from ocpp_server.models import InstalledChargingProfile
from ocpp_server.services.smart_charging import (
    installed_profiles,
)
from tests.ocpp_server.services.smart_charging.yard import Yard, default


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


def starts_remotely(yard: Yard, card: str = "card", number: int = 5, **more: int) -> None:
    profile = default(chargingProfileId=number, chargingProfilePurpose=TX)
    yard.call("RemoteStartTransaction", {"idTag": card, "chargingProfile": profile, **more})


def sessions(yard: Yard) -> list[int | None]:
    """Whose the profiles on record are."""
    yard.store.write(installed_profiles.bury)
    with yard.store.reading():
        rows = InstalledChargingProfile.select().order_by(InstalledChargingProfile.charging_profile_id)
        return [row.transaction_id for row in rows]


def test_a_profile_waits_for_the_session_of_its_card(yard: Yard) -> None:
    starts_remotely(yard, "GUEST", connectorId=1)
    stranger = yard.starts(1)
    assert sessions(yard) == [None]
    yard.stops(stranger)
    assert sessions(yard) == [None]
    starts_remotely(yard, "card", 6, connectorId=2)
    session = yard.starts(2)
    assert sessions(yard) == [None, session]


def test_without_a_connector_it_is_the_cards_session_wherever_that_begins(yard: Yard) -> None:
    starts_remotely(yard, "GUEST")
    starts_remotely(yard, "CARD", 6)
    session = yard.starts(2)
    assert sessions(yard) == [None, session]
    assert yard.held() == [(0, TX, 1, 5), (2, TX, 1, 6)]


def test_two_starts_without_a_connector_do_not_replace_each_other(yard: Yard) -> None:
    starts_remotely(yard, "GUEST", 5)
    starts_remotely(yard, "CARD", 6)
    assert yard.held() == [(0, TX, 1, 5), (0, TX, 1, 6)]


def test_a_session_that_is_reported_before_the_answer_counts(yard: Yard) -> None:
    begun = []

    def says(action: str, payload: dict) -> str:
        begun.append(yard.starts(1))
        yard.time.go_on(minutes=1)
        return "Accepted"

    yard.says(says)
    starts_remotely(yard, connectorId=1)
    assert sessions(yard) == begun


def test_a_session_that_begins_long_after_the_start_is_not_its_own(yard: Yard) -> None:
    starts_remotely(yard, connectorId=1)
    yard.time.go_on(minutes=20)
    yard.starts(1)
    assert sessions(yard) == []
