"""Requests about profiles without an answer, or with one after the time-out: what the record says then."""

from collections.abc import Callable

import pytest

from ocpp_server.charging.profile import TX, TX_DEFAULT
from ocpp_server.models import Command
from ocpp_server.services import commands
from ocpp_server.services.commands import Claimed
from ocpp_server.services.smart_charging import charging_profiles, charging_requests
from ocpp_server.services.smart_charging.charging_profiles import Spot
from ocpp_server.store import Unit
from tests.ocpp_server.services.smart_charging.yard import SITE, Yard, default, limits_of


def sets(yard: Yard, number: int, level: int = 1, connector_id: int = 1, purpose: str = TX_DEFAULT) -> None:
    """An operator's SetChargingProfile by hand, not answered yet."""
    profile = default(chargingProfileId=number, stackLevel=level, chargingProfilePurpose=purpose)
    yard.ask("SetChargingProfile", {"connectorId": connector_id, "csChargingProfiles": profile})


def numbers(yard: Yard) -> list[int]:
    return [number for *_, number in yard.held()]


# -- answers after the time-out ------------------------------------------------------------------------------------


def test_a_profile_that_is_accepted_after_the_time_out_is_on_record(yard: Yard) -> None:
    yard.store.write(lambda unit: charging_profiles.apply(unit, default(), [Spot(yard.id, 1)], by="Otto"))
    sent = yard.misses()
    assert (yard.latest().state, yard.held()) == ("failed", [])
    yard.answers_late(sent)
    assert yard.latest().state == "installed"
    assert [place for place, *_ in yard.held()] == [1]


def test_a_refusal_after_the_time_out_ends_the_wish_and_nothing_else_is_tried(yard: Yard) -> None:
    yard.store.write(lambda unit: charging_profiles.apply(unit, default(), [Spot(yard.id, 1)], by="Otto"))
    yard.answers_late(yard.misses(), "Rejected")
    assert (yard.latest().state, yard.latest().reason) == ("refused", charging_requests.REFUSED_LATE)
    assert (yard.held(), yard.station.answer()) == ([], 0)


@pytest.mark.parametrize("status", ["Accepted", "Unknown"])
def test_a_late_answer_to_a_clear_takes_what_was_there_before_it_and_not_what_came_after(
    yard: Yard, status: str
) -> None:
    sets(yard, 1)
    sets(yard, 2, connector_id=2)
    yard.station.answer()
    yard.ask("ClearChargingProfile", {})
    sent = yard.misses()
    sets(yard, 3, connector_id=2)
    yard.station.answer()
    yard.answers_late(sent, status)
    assert numbers(yard) == [3]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param({"number": 1, "level": 4}, id="the same id"),
        pytest.param({"number": 8, "level": 1}, id="the same place"),
    ],
)
def test_a_late_acceptance_does_not_undo_what_took_its_place_meanwhile(yard: Yard, later: dict) -> None:
    sets(yard, 1)
    sent = yard.misses()
    sets(yard, **later)
    yard.station.answer()
    before = yard.held()
    yard.answers_late(sent)
    assert yard.held() == before


def test_a_late_acceptance_of_what_was_cleared_meanwhile_is_nothing(yard: Yard) -> None:
    sets(yard, 1)
    sent = yard.misses()
    yard.call("ClearChargingProfile", {"id": 1})
    yard.answers_late(sent)
    assert yard.held() == []


def test_a_remote_start_that_is_accepted_late_brings_its_profile(yard: Yard) -> None:
    profile = default(chargingProfileId=5, chargingProfilePurpose=TX)
    yard.ask("RemoteStartTransaction", {"idTag": "CARD", "connectorId": 1, "chargingProfile": profile})
    yard.answers_late(yard.misses())
    assert yard.held() == [(1, TX, 1, 5)]


def test_an_owners_profile_that_is_accepted_late_is_its_own_and_a_newer_wish_is_not_taken_for_answered(
    yard: Yard, heard: list[tuple]
) -> None:
    yard.limit(16)
    sent = yard.misses()
    yard.limit(8)
    yard.answers_late(sent)
    assert [state for *_, state, _ in heard] == ["failed"]
    yard.station.answer()
    assert [state for *_, state, _ in heard] == ["failed", "installed"]
    assert numbers(yard) == [SITE.profile_id(TX_DEFAULT, 1)]


def test_a_limit_that_was_not_answered_is_taken_away_too(yard: Yard) -> None:
    yard.limit(16)
    yard.misses()
    assert isinstance(yard.limit(None), Command)
    yard.station.answer()
    assert yard.limit(None) is None


@pytest.mark.parametrize("ends", [commands.timed_out, commands.lost])
def test_what_may_have_reached_the_station_is_remembered_beside_the_owners_newer_wish(
    yard: Yard, ends: Callable[[Unit, Claimed], None]
) -> None:
    yard.limit(16)
    sent = yard.store.write(lambda unit: commands.claim(unit, yard.id))
    yard.store.write(lambda unit: ends(unit, sent))
    yard.limit(8)
    with yard.store.reading():
        found = charging_requests.unanswered(SITE, [yard.id])
    assert [limits_of(charging_requests.wish_of(request)) for request in found] == [[16], [8]]


# -- what is not certain -------------------------------------------------------------------------------------------


def test_without_an_answer_a_station_may_hold_the_new_one_and_may_have_lost_the_old(yard: Yard) -> None:
    sets(yard, 1)
    sets(yard, 2, connector_id=2)
    yard.station.answer()
    assert yard.uncertain() == ([], [])
    sets(yard, 3)
    yard.misses()
    assert yard.uncertain() == ([3], [1])
    yard.ask("ClearChargingProfile", {"connectorId": 2})
    taken = yard.store.write(lambda unit: commands.claim(unit, yard.id))
    yard.store.write(lambda unit: commands.lost(unit, taken))
    assert yard.uncertain() == ([3], [1, 2])


def test_a_late_answer_ends_the_uncertainty(yard: Yard) -> None:
    sets(yard, 1)
    yard.answers_late(yard.misses(), "Rejected")
    assert yard.uncertain() == ([], [])
    sets(yard, 1)
    yard.answers_late(yard.misses())
    assert (yard.uncertain(), numbers(yard)) == (([], []), [1])


@pytest.mark.parametrize("number", [1, 7])
def test_a_later_answer_about_the_same_profile_ends_it_too(yard: Yard, number: int) -> None:
    sets(yard, 1)
    yard.misses()
    sets(yard, 6, connector_id=2)
    yard.station.answer()
    assert yard.uncertain() == ([1], [])
    sets(yard, number)
    yard.station.answer()
    assert yard.uncertain() == ([], [])


def test_a_clear_that_is_answered_later_ends_it_too(yard: Yard) -> None:
    sets(yard, 1)
    yard.misses()
    yard.call("ClearChargingProfile", {"stackLevel": 5})
    assert yard.uncertain() == ([1], [])
    yard.call("ClearChargingProfile", {"stackLevel": 1})
    assert yard.uncertain() == ([], [])


def test_a_profile_of_a_session_is_uncertain_for_as_long_as_the_session_runs(yard: Yard) -> None:
    sets(yard, 1, purpose=TX)
    yard.misses()
    assert yard.uncertain() == ([], [])
    yard.time.go_on(seconds=1)
    session = yard.starts()
    sets(yard, 2, purpose=TX)
    yard.misses()
    assert yard.uncertain() == ([2], [])
    yard.stops(session)
    assert yard.uncertain() == ([], [])
