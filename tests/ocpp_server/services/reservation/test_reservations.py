"""Reservations: made, sent, answered, used and ended, on the server's side of the wire."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ocpp_server import stations
from ocpp_server.frames import CallError, CallResult
from ocpp_server.jobs.reservations import keep_reservations
from ocpp_server.models import Command, Reservation, ReservationEvent
from ocpp_server.operations import reservation as _operations  # noqa: F401 - their answers are what is tested
from ocpp_server.outgoing import conclude, take
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.reservation import reservation_records, reservations
from ocpp_server.services.reservation.reservations import Wish
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.ocpp_server.conftest import NOON, Clock, Speaker


class Yard:
    """CP-1, connected, as its reservations see it."""

    def __init__(self, store: Store, settings: Settings, speaker: Speaker, time: Clock) -> None:
        self.store, self.settings, self.speaker, self.time = store, settings, speaker, time
        self.connect()

    @property
    def id(self) -> int:
        return self.speaker.station.id

    def connect(self) -> None:
        self.speaker.station.begin_connection(lambda: None, lambda reason: None)

    def leave(self) -> None:
        self.speaker.station.end_connection()

    def wish(self, connector_id: int = 1, id_tag: str = "Good", **more: Any) -> Wish:
        start = more.pop("start", None)
        starts_at = None if start is None else self.time.now + timedelta(minutes=start)
        return Wish(connector_id, id_tag, self.time.now + timedelta(minutes=more.pop("until", 60)), starts_at, **more)

    def reserve(self, *args: Any, **more: Any) -> int:
        wish = self.wish(*args, **more)
        return self.store.write(lambda unit: reservations.add(unit, self.id, wish, by="Otto")).id

    def change(self, number: int, wish: Wish) -> None:
        self.store.write(lambda unit: reservations.change(unit, number, wish, by="Otto"))

    def cancel(self, number: int) -> None:
        self.store.write(lambda unit: reservations.cancel(unit, number, by="Otto"))

    def by_hand(self, action: str, **payload: Any) -> None:
        self.store.write(lambda unit: commands.request(unit, self.id, action, payload, by="Raw"))

    def answers(self, answer: Any) -> dict[str, Any] | None:
        """The station takes the next CALL and answers with a status or a CALLERROR code ending in '!'."""
        taken = self.store.write(lambda unit: take(unit, self.speaker.station))
        if taken is None:
            return None
        claimed, text = taken
        reply: CallResult | CallError
        if isinstance(answer, str) and answer.endswith("!"):
            reply = CallError(claimed.message_id, answer[:-1], "so it says", {}, "[4]")
        else:
            payload = {"status": answer} if isinstance(answer, str) else answer
            reply = CallResult(claimed.message_id, payload, json.dumps(payload))
        self.store.write(lambda unit: conclude(unit, self.speaker.station, claimed, reply))
        return json.loads(text)[3]

    def is_silent(self) -> None:
        claimed, _ = self.store.write(lambda unit: take(unit, self.speaker.station))
        self.store.write(lambda unit: commands.timed_out(unit, claimed))

    def active(self, *args: Any, **more: Any) -> int:
        number = self.reserve(*args, **more)
        assert self.answers("Accepted")
        return number

    def goes_on(self, **duration: float) -> None:
        self.time.go_on(**duration)
        keep_reservations(self.store, self.settings)

    def status(self, status: str, connector_id: int = 1) -> None:
        payload = {"connectorId": connector_id, "status": status, "errorCode": "NoError", "timestamp": self.time.iso()}
        self.speaker.ask("StatusNotification", payload)

    def start(self, id_tag: str = "Good", connector_id: int = 1, **more: Any) -> int:
        payload = {"connectorId": connector_id, "idTag": id_tag, "meterStart": 0, "timestamp": self.time.iso(), **more}
        return self.speaker.ask("StartTransaction", payload)["transactionId"]

    def row(self, number: int = 1) -> Reservation:
        with self.store.reading():
            return Reservation.get_by_id(number)

    def state(self, number: int = 1) -> str:
        return self.row(number).state

    def outcome(self, number: int = 1) -> tuple[str, str]:
        row = self.row(number)
        return row.state, row.status

    def count(self) -> int:
        with self.store.reading():
            return Reservation.select().count()

    def history(self, number: int = 1) -> list[str]:
        with self.store.reading():
            rows = ReservationEvent.select().where(ReservationEvent.reservation == number).order_by(ReservationEvent.id)
            return [row.kind for row in rows]

    def open_commands(self) -> list[str]:
        with self.store.reading():
            return [row.action for row in Command.select().where(Command.state == "queued")]


@pytest.fixture
def yard(store: Store, settings: Settings, speaker: Speaker, time: Clock) -> Yard:
    return Yard(store, settings, speaker, time)


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


# -- by hand --------------------------------------------------------------------------------------------------


def raw(yard: Yard, number: int, answer: str = "Accepted", **more: Any) -> None:
    payload = {"connectorId": 1, "idTag": "PLAIN", "expiryDate": yard.time.iso(hours=1), "reservationId": number}
    yard.by_hand("ReserveNow", **{**payload, **more})
    assert yard.answers(answer)


def test_one_that_was_asked_for_by_hand_is_known_too(yard: Yard) -> None:
    raw(yard, 4711, connectorId=0)
    row = yard.row()
    assert (row.reservation_id, row.connector_id, row.id_tag, row.state) == (4711, 0, "PLAIN", "active")
    assert row.created_by == "Raw"


@pytest.mark.parametrize("number", [-1, 0, 2**40, 2**80])
def test_any_number_can_be_used_by_hand(yard: Yard, number: int) -> None:
    raw(yard, number)
    assert yard.count() == (number < 2**63)
    yard.by_hand("CancelReservation", reservationId=number)
    assert yard.answers("Accepted")


def test_a_time_in_the_past_is_sent_and_over(yard: Yard) -> None:
    raw(yard, 7, expiryDate="2020-01-01T00:00:00Z")
    yard.goes_on(seconds=1)
    assert yard.state() == "expired"


def test_what_is_refused_by_hand_makes_nothing(yard: Yard) -> None:
    raw(yard, 7, "Occupied")
    assert yard.count() == 0


def test_the_same_number_again_replaces_it(yard: Yard) -> None:
    raw(yard, 7)
    raw(yard, 7, connectorId=2, expiryDate=yard.time.iso(hours=3))
    assert yard.count() == 1
    assert (yard.row().connector_id, yard.row().expiry_date) == (2, NOON + timedelta(hours=3))
    assert yard.history() == ["accepted", "replaced"]


def test_a_refused_replacement_leaves_the_old_one(yard: Yard) -> None:
    raw(yard, 7)
    raw(yard, 7, "Occupied", connectorId=2)
    assert (yard.row().connector_id, yard.state()) == (1, "active")


def test_a_number_that_was_used_by_hand_is_not_given_again(yard: Yard) -> None:
    planned = yard.reserve(start=5)
    raw(yard, planned)
    raw(yard, 3)
    yard.goes_on(minutes=5)
    assert yard.answers("Accepted")["reservationId"] not in (planned, 3)  # type: ignore[index]
    third = yard.reserve(2)
    assert yard.row(third).reservation_id not in (planned, 2)


# -- changed and cancelled ------------------------------------------------------------------------------------


def test_a_planned_one_is_changed_without_asking_anybody(yard: Yard) -> None:
    number = yard.reserve(start=10)
    yard.change(number, yard.wish(2, "PLAIN", start=20))
    assert (yard.row().connector_id, yard.row().id_tag, yard.open_commands()) == (2, "PLAIN", [])


def test_one_that_the_station_holds_is_replaced_once_it_agrees(yard: Yard) -> None:
    number = yard.active()
    yard.change(number, yard.wish(2, until=120))
    assert yard.row().connector_id == 1
    asked = yard.answers("Accepted")
    assert (asked["reservationId"], asked["connectorId"]) == (1, 2)  # type: ignore[index]
    assert (yard.row().connector_id, yard.row().expiry_date) == (2, NOON + timedelta(minutes=120))


@pytest.mark.parametrize("answer", ["Occupied", "InternalError!"])
def test_a_change_that_is_refused_changes_nothing(yard: Yard, answer: str) -> None:
    number = yard.active()
    yard.change(number, yard.wish(2))
    yard.answers(answer)
    assert (yard.row().connector_id, yard.state()) == (1, "active")
    assert yard.history()[-1] == "change_refused"


def test_a_longer_time_that_is_accepted_after_the_old_one_was_over_counts(yard: Yard) -> None:
    number = yard.active(until=10)
    yard.time.go_on(minutes=9, seconds=59)
    yard.change(number, yard.wish(until=60))
    taken = yard.store.write(lambda unit: take(unit, yard.speaker.station))
    yard.goes_on(seconds=2)
    assert yard.state() == "expired"
    answer = CallResult(taken[0].message_id, {"status": "Accepted"}, "[]")
    yard.store.write(lambda unit: conclude(unit, yard.speaker.station, taken[0], answer))
    assert yard.state() == "active"


def test_what_is_not_sent_yet_is_sent_as_changed(yard: Yard) -> None:
    number = yard.reserve(1)
    yard.change(number, yard.wish(2))
    assert yard.answers("Accepted")["connectorId"] == 2  # type: ignore[index]
    assert yard.answers("Accepted") is None
    assert yard.state() == "active"


def test_what_the_station_holds_cannot_begin_later(yard: Yard) -> None:
    number = yard.active()
    with pytest.raises(Invalid):
        yard.change(number, yard.wish(start=30))


def test_what_has_ended_is_not_changed(yard: Yard) -> None:
    number = yard.reserve(start=10)
    yard.cancel(number)
    with pytest.raises(Invalid):
        yard.change(number, yard.wish())


def test_a_planned_one_is_cancelled_at_once(yard: Yard) -> None:
    number = yard.reserve(start=10)
    yard.cancel(number)
    assert (yard.state(), yard.open_commands()) == ("cancelled", [])


def test_what_is_not_sent_yet_is_taken_back(yard: Yard) -> None:
    yard.cancel(yard.reserve())
    assert (yard.state(), yard.open_commands()) == ("cancelled", [])


def test_what_the_station_holds_is_cancelled_once_it_agrees(yard: Yard) -> None:
    number = yard.active()
    yard.cancel(number)
    yard.cancel(number)
    assert yard.state() == "active"
    assert yard.answers("Accepted") == {"reservationId": 1}
    assert (yard.state(), yard.open_commands()) == ("cancelled", [])


def test_a_free_connector_before_the_answer_does_not_hide_that_it_was_cancelled(yard: Yard) -> None:
    number = yard.active()
    yard.status("Reserved")
    yard.cancel(number)
    yard.status("Available")
    assert yard.answers("Accepted")
    assert yard.state() == "cancelled"


def test_rejected_says_that_the_station_does_not_know_it(yard: Yard) -> None:
    yard.cancel(yard.active())
    yard.answers("Rejected")
    assert yard.outcome() == ("ended", "UnknownToStation")


@pytest.mark.parametrize("connector_id", [1, 0])
def test_rejected_does_not_end_what_the_station_still_shows_as_reserved(yard: Yard, connector_id: int) -> None:
    number = yard.active(connector_id)
    yard.status("Reserved")
    yard.cancel(number)
    yard.answers("Rejected")
    assert (yard.state(), yard.row().cancel_asked_at, yard.history()[-1]) == ("active", None, "cancel_refused")
    yard.cancel(number)
    yard.answers("Accepted")
    assert yard.state() == "cancelled"


def test_rejected_for_another_number_leaves_the_real_one(yard: Yard) -> None:
    yard.active()
    yard.by_hand("CancelReservation", reservationId=999)
    yard.answers("Rejected")
    assert yard.state() == "active"


def test_one_is_cancelled_by_hand(yard: Yard) -> None:
    yard.active()
    yard.by_hand("CancelReservation", reservationId=1)
    yard.answers("Accepted")
    assert yard.state() == "cancelled"


@pytest.mark.parametrize("answer", ["NotSupported!", None])
def test_a_cancelling_without_an_answer_can_be_tried_again(yard: Yard, answer: str | None) -> None:
    number = yard.active()
    yard.cancel(number)
    yard.answers(answer) if answer else yard.is_silent()
    assert (yard.state(), yard.row().cancel_asked_at, yard.history()[-1]) == ("active", None, "cancel_failed")
    yard.cancel(number)
    yard.answers("Accepted")
    assert yard.state() == "cancelled"


# -- used -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_tag", ["Good", "GOOD", "MATE"])
def test_the_card_or_one_of_its_group_uses_it(yard: Yard, id_tag: str) -> None:
    yard.active()
    transaction_id = yard.start(id_tag)
    assert (yard.state(), yard.row().transaction_id) == ("used", transaction_id)
    assert not stations.may_hold_reservations(yard.id)


def test_another_card_or_another_connector_does_not(yard: Yard) -> None:
    yard.active(1)
    yard.start("PLAIN", 1)
    yard.start("Good", 2)
    assert yard.state() == "active"


def test_without_a_group_the_card_alone_uses_it(yard: Yard) -> None:
    yard.active(for_group=False)
    yard.start("MATE")
    assert yard.state() == "active"


def test_connector_0_is_used_at_any_connector(yard: Yard) -> None:
    yard.active(0)
    yard.start(connector_id=2)
    assert yard.state() == "used"


def test_the_number_in_the_message_decides(yard: Yard) -> None:
    first, second = yard.active(1), yard.active(0)
    yard.start("PLAIN", 2, reservationId=second)
    assert (yard.state(first), yard.state(second)) == ("active", "used")


def test_a_session_uses_one_only_also_when_it_is_told_twice(yard: Yard) -> None:
    first, second = yard.active(1), yard.active(0)
    assert yard.start() == yard.start()
    assert (yard.state(first), yard.state(second)) == ("used", "active")


def test_a_session_that_began_before_is_not_of_the_reservation(yard: Yard) -> None:
    yard.active()
    yard.start(timestamp=yard.time.iso(minutes=-10))
    assert yard.state() == "active"


def test_one_that_expired_while_the_station_was_offline_was_used_where_it_says_so(yard: Yard) -> None:
    number, before = yard.active(until=30), yard.time.iso(minutes=20)
    yard.leave()
    yard.goes_on(hours=1)
    assert yard.state() == "expired"
    yard.start(timestamp=before, reservationId=number)
    assert yard.state() == "used"


@pytest.mark.parametrize("number", [999, 2**80, -1])
def test_an_unknown_number_changes_nothing(yard: Yard, number: int) -> None:
    yard.active(2)
    yard.start("PLAIN", reservationId=number)
    assert yard.state() == "active"


# -- ended ----------------------------------------------------------------------------------------------------


def test_it_expires_on_the_servers_clock_also_while_the_station_is_away(yard: Yard) -> None:
    yard.active(until=30)
    yard.leave()
    yard.goes_on(minutes=29, seconds=59)
    assert yard.state() == "active"
    yard.goes_on(seconds=1)
    assert (yard.state(), yard.row().ended_at) == ("expired", yard.row().expiry_date)
    assert not stations.may_hold_reservations(yard.id)


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
@pytest.mark.parametrize("connector_id", [0, 1])
def test_a_fault_of_the_connector_or_of_the_station_ends_it(yard: Yard, status: str, connector_id: int) -> None:
    yard.active(1)
    yard.status(status, connector_id)
    assert yard.outcome() == ("ended", status)


def test_a_fault_of_another_connector_does_not(yard: Yard) -> None:
    yard.active(1)
    yard.status("Faulted", 2)
    assert yard.state() == "active"


def test_connector_0_ends_once_no_connector_is_left(yard: Yard) -> None:
    for connector_id in (1, 2):
        yard.status("Available", connector_id)
    yard.active(0)
    yard.status("Faulted", 1)
    assert yard.state() == "active"
    yard.status("Unavailable", 2)
    assert yard.outcome() == ("ended", "Unavailable")


def test_available_after_reserved_means_that_the_station_gave_it_up(yard: Yard) -> None:
    yard.active()
    yard.status("Available")
    assert yard.state() == "active"
    yard.status("Reserved")
    yard.status("Preparing")
    assert yard.state() == "active"
    yard.status("Available")
    assert yard.outcome() == ("ended", "Available")


def test_available_just_before_the_end_means_that_it_expired(yard: Yard) -> None:
    yard.active(until=30)
    yard.status("Reserved")
    yard.time.go_on(minutes=29, seconds=30)
    yard.status("Available")
    assert yard.state() == "expired"


def test_available_after_the_end_changes_nothing(yard: Yard) -> None:
    yard.active(until=30)
    yard.status("Reserved")
    yard.goes_on(minutes=30)
    yard.status("Available")
    assert yard.outcome()[0] == "expired"


def test_a_status_that_is_older_than_the_known_one_ends_nothing(yard: Yard) -> None:
    yard.status("Available")
    yard.active()
    payload = {"connectorId": 1, "status": "Faulted", "errorCode": "NoError", "timestamp": yard.time.iso(hours=-1)}
    yard.speaker.ask("StatusNotification", payload)
    assert yard.state() == "active"


def test_moving_it_forgets_where_it_was_held(yard: Yard) -> None:
    number = yard.active(1)
    yard.status("Reserved", 1)
    yard.change(number, yard.wish(2))
    yard.answers("Accepted")
    yard.status("Available", 1)
    yard.status("Available", 2)
    assert yard.state() == "active"


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


Make = Callable[..., Speaker]


def test_the_same_number_at_two_stations_is_two_reservations(yard: Yard, another: Make) -> None:
    raw(yard, 7)
    other = another("CP-2")
    payload = {"connectorId": 1, "idTag": "PLAIN", "meterStart": 0, "timestamp": yard.time.iso(), "reservationId": 7}
    other.ask("StartTransaction", payload)
    assert yard.state() == "active"
