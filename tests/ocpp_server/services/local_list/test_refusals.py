"""What is done when a station refuses a list, does not answer, or has forgotten it."""

from typing import Any

import pytest

from ocpp_server import clock
from tests.ocpp_server.services.local_list.keeper import add_cards, shape


@pytest.mark.parametrize("answer", ["VersionMismatch", "Failed"])
def test_a_refused_change_leads_to_the_whole_list(store, keeper, tick, answer):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    add_cards(store, "B")
    station.refuse = [{"status": answer}]
    assert shape(tick(station)) == [("Full", ["A", "B"])]
    assert station.row.state == "in_step"
    assert station.row.version == station.held.version


def test_a_refused_whole_list_is_shown_and_not_repeated_until_a_boot_or_a_day(store, keeper, tick, time):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    station.refuse = [{"listVersion": 4}, {"status": "Failed"}]
    assert tick(station) == []
    assert (station.row.state, station.row.reason, station.row.version) == ("refused", "Failed", 4)
    assert tick(station) == []
    station.station.note_boot(clock.to_ms(clock.now()), "1", "1")
    station.refuse = [{"listVersion": 4}, {"status": "Failed"}]
    tick(station)
    assert station.refuse == []
    time.go_on(hours=25)
    assert shape(tick(station)) == [("Full", ["A"])]
    assert (station.row.state, station.row.reason) == ("in_step", "")


def test_two_refusals_in_a_row_end_the_attempt(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    add_cards(store, "B")
    station.refuse = [{"status": "VersionMismatch"}, {"listVersion": 1}, {"status": "VersionMismatch"}]
    assert tick(station) == []
    assert (station.row.state, station.row.reason) == ("refused", "VersionMismatch")


@pytest.mark.parametrize("answers", [[{"listVersion": -1}], ["NotSupported"], [{"listVersion": 0}, "NotImplemented"]])
def test_a_station_without_a_list_is_not_asked_again(keeper, tick, answers):
    station = keeper(per_message=100)
    station.keep()
    station.refuse = list(answers)
    assert tick(station) == []
    assert (station.row.state, station.row.version) == ("unsupported", 0)
    assert tick(station) == []
    station.station.note_boot(clock.to_ms(clock.now()), "2", "1")
    assert shape(tick(station)) == [("Full", [])]


def test_not_supported_keeps_the_version(store, keeper, tick):
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    add_cards(store, "A")
    station.refuse = [{"status": "NotSupported"}]
    tick(station)
    assert (station.row.state, station.row.version) == ("unsupported", 1)


def test_a_station_that_cannot_tell_its_version_still_gets_its_list(store, keeper, tick):
    add_cards(store, "A")
    station = keeper(per_message=100)
    station.keep()
    station.refuse = ["InternalError"]
    assert tick(station) == []
    assert shape(tick(station)) == [("Full", ["A"])]
    assert tick(station) == []


@pytest.mark.parametrize("arrived", [True, False])
def test_after_a_lost_answer_the_version_tells_whether_the_update_arrived(store, keeper, tick, arrived):
    add_cards(store, "A", "B", "C")
    station = keeper(per_message=1)
    station.keep()
    original = station.held.answer

    def once(action: str, payload: dict[str, Any]) -> Any:
        if payload.get("listVersion") != 2:
            return original(action, payload)
        station.held.answer = original
        if arrived:
            original(action, payload)
        return None

    station.held.answer = once
    tick(station)
    assert station.row.state == "behind"
    left = [("Differential", ["C"])] if arrived else [("Differential", ["B"]), ("Differential", ["C"])]
    assert shape(tick(station)) == left
    assert set(station.held.entries) == {"a", "b", "c"}
    assert station.noted().keys() == station.held.entries.keys()


def test_a_station_that_forgot_its_list_gets_all_of_it_after_its_boot(store, keeper, tick, time):
    add_cards(store, "A", "B")
    station = keeper(per_message=100)
    station.keep()
    tick(station)
    station.held.version, station.held.entries = 0, {}
    assert tick(station) == []
    station.station.note_boot(clock.to_ms(clock.now()), "1", "1")
    assert shape(tick(station)) == [("Full", ["A", "B"])]
    station.held.version = 77
    time.go_on(seconds=1)
    station.station.note_boot(clock.to_ms(clock.now()), "1", "1")
    assert shape(tick(station)) == [("Full", ["A", "B"])]
    assert station.row.version == 78


def test_lost_connections_make_messages_shorter_and_end_in_a_refusal(store, keeper, tick):
    add_cards(store, *(f"T{number:03}" for number in range(64)))
    station = keeper(per_message=64)
    station.keep()
    station.held.answer = lambda action, payload: (
        {"listVersion": 0} if action == "GetLocalListVersion" else sizes.append(len(payload["localAuthorizationList"]))
    )
    sizes: list[int] = []
    for _ in range(12):
        tick(station)
    assert sizes == [64, 64, 32, 16, 8, 4, 2, 1]
    assert (station.row.state, station.row.reason) == ("refused", "lost")
