"""A reservation on its way to its station, and what the answer makes of it."""

import json
from typing import Any

import pytest

from ocpp_server import stations
from ocpp_server.models import Command, ReservationEvent
from ocpp_server.operations import reservation as _operations  # noqa: F401 - their answers are what is tested
from ocpp_server.outgoing import take
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.reservation import reservation_records
from tests.ocpp_server.services.reservation.yard import Make, Yard, raw


def test_one_for_now_is_sent_at_once_with_the_group_of_its_card(yard: Yard) -> None:
    yard.reserve(2, until=30)
    assert yard.answers("Accepted") == {
        "connectorId": 2,
        "expiryDate": "2026-11-22T12:30:00Z",
        "idTag": "Good",
        "parentIdTag": "Fleet",
        "reservationId": 1,
    }
    assert yard.outcome() == ("active", "Accepted")
    assert yard.history() == ["made", "asked", "accepted"]


def test_the_group_can_be_left_out(yard: Yard) -> None:
    yard.reserve(for_group=False)
    assert "parentIdTag" not in (yard.answers("Accepted") or {})


def test_one_for_later_is_sent_at_its_time(yard: Yard) -> None:
    number = yard.reserve(start=10)
    yard.goes_on(minutes=9, seconds=59)
    assert (yard.state(number), yard.open_commands()) == ("planned", [])
    yard.goes_on(seconds=1)
    assert (yard.state(number), yard.open_commands()) == ("sending", ["ReserveNow"])


def test_while_the_station_is_away_it_waits_and_says_so_once(yard: Yard) -> None:
    yard.leave()
    number = yard.reserve()
    yard.goes_on(seconds=10)
    yard.goes_on(seconds=10)
    assert yard.outcome(number) == ("planned", "offline")
    assert yard.history(number) == ["made", "waits"]
    yard.connect()
    yard.goes_on(seconds=10)
    assert yard.answers("Accepted")
    assert yard.state(number) == "active"


def test_it_is_missed_where_the_station_never_came_back(yard: Yard) -> None:
    yard.leave()
    yard.reserve()
    yard.goes_on(minutes=60)
    assert yard.state() == "missed"
    yard.connect()
    yard.goes_on(seconds=10)
    assert yard.open_commands() == []


@pytest.mark.parametrize("word", ["Faulted", "Occupied", "Rejected", "Unavailable", "Nonsense"])
def test_only_accepted_makes_a_reservation(yard: Yard, word: str) -> None:
    yard.reserve()
    yard.answers(word)
    assert yard.outcome() == ("refused", word)
    assert not stations.may_hold_reservations(yard.id)


def test_a_callerror_is_a_refusal(yard: Yard) -> None:
    yard.reserve()
    yard.answers("NotImplemented!")
    assert yard.outcome() == ("refused", "NotImplemented")
    with yard.store.reading():
        assert ReservationEvent.get(kind="refused").detail == "NotImplemented: so it says"


def test_an_answer_that_is_no_object_is_a_refusal(yard: Yard) -> None:
    yard.reserve()
    yard.answers([])
    assert yard.state() == "refused"


def test_silence_is_asked_again_with_the_same_number_and_then_given_up(yard: Yard) -> None:
    yard.reserve(until=600)
    for _ in range(3):
        yard.is_silent()
        assert yard.state() == "sending"
        yard.goes_on(minutes=5)
    yard.is_silent()
    assert yard.outcome() == ("refused", "NoAnswer")
    yard.goes_on(minutes=30)
    assert yard.open_commands() == []
    with yard.store.reading():
        assert {json.loads(row.payload)["reservationId"] for row in Command.select()} == {1}


def test_a_request_that_never_went_out_is_not_counted_as_silence(yard: Yard) -> None:
    yard.reserve(until=600)
    yard.leave()
    for _ in range(6):
        yard.goes_on(minutes=5)
        yard.store.write(commands.expire)
    assert yard.state() == "sending"
    yard.connect()
    yard.goes_on(minutes=1)
    assert yard.answers("Accepted")
    assert yard.state() == "active"


def test_one_that_is_taken_back_from_the_queue_is_cancelled(yard: Yard) -> None:
    yard.reserve()
    yard.store.write(lambda unit: commands.cancel(unit, yard.row().command_id))
    assert yard.state() == "cancelled"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"until": -1}, "expiry_date"),
        ({"start": 60, "until": 60}, "expiry_date"),
        ({"id_tag": " "}, "id_tag"),
        ({"id_tag": "X" * 21}, "id_tag"),
        ({"connector_id": -1}, "connector_id"),
        ({"connector_id": 2**31}, "connector_id"),
        ({"parent_id_tag": "X" * 21}, "parent_id_tag"),
    ],
)
def test_what_cannot_be_meant_is_named(yard: Yard, fields: dict, field: str) -> None:
    with pytest.raises(Invalid) as error:
        yard.reserve(**fields)
    assert error.value.field == field


def test_stations_without_reservations_pay_nothing(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise AssertionError("looked for a reservation")

    monkeypatch.setattr("ocpp_server.services.reservation.reservation_ends.by_status", fail)
    monkeypatch.setattr("ocpp_server.services.reservation.reservation_ends.by_session", fail)
    yard.status("Faulted")
    yard.start()
    yard.reserve(start=10)
    yard.status("Available")


def test_what_is_held_is_known_again_after_a_restart(yard: Yard) -> None:
    yard.active()
    stations.clear()
    assert not stations.may_hold_reservations(yard.id)
    yard.store.write(reservation_records.recall)
    assert stations.may_hold_reservations(yard.id)


def test_what_was_on_the_wire_when_the_process_ended_is_asked_again(yard: Yard) -> None:
    yard.reserve()
    yard.store.write(lambda unit: take(unit, yard.speaker.station))
    yard.store.write(commands.abandon)
    yard.goes_on(seconds=10)
    assert yard.answers("Accepted")
    assert yard.state() == "active"


def test_the_same_number_at_two_stations_is_two_reservations(yard: Yard, another: Make) -> None:
    raw(yard, 7)
    other = another("CP-2")
    payload = {"connectorId": 1, "idTag": "PLAIN", "meterStart": 0, "timestamp": yard.time.iso(), "reservationId": 7}
    other.ask("StartTransaction", payload)
    assert yard.state() == "active"
