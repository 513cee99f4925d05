"""The record of what stations hold, where a profile came with a remote start."""

from ocpp_server.charging.profile import TX
from ocpp_server.models import InstalledChargingProfile
from ocpp_server.services.smart_charging import installed_profiles
from tests.ocpp_server.services.smart_charging.yard import Yard, default


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
