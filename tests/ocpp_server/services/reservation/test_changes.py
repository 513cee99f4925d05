"""Reservations that are changed, moved or cancelled."""

from datetime import timedelta

import pytest

from ocpp_server.frames import CallResult
from ocpp_server.operations import reservation as _operations  # noqa: F401 - their answers are what is tested
from ocpp_server.outgoing import conclude, take
from ocpp_server.services.errors import Invalid
from tests.ocpp_server.conftest import NOON
from tests.ocpp_server.services.reservation.yard import Yard


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


@pytest.mark.parametrize("answer", ["NotSupported!", None])
def test_a_cancelling_without_an_answer_can_be_tried_again(yard: Yard, answer: str | None) -> None:
    number = yard.active()
    yard.cancel(number)
    yard.answers(answer) if answer else yard.is_silent()
    assert (yard.state(), yard.row().cancel_asked_at, yard.history()[-1]) == ("active", None, "cancel_failed")
    yard.cancel(number)
    yard.answers("Accepted")
    assert yard.state() == "cancelled"


def test_moving_it_forgets_where_it_was_held(yard: Yard) -> None:
    number = yard.active(1)
    yard.status("Reserved", 1)
    yard.change(number, yard.wish(2))
    yard.answers("Accepted")
    yard.status("Available", 1)
    yard.status("Available", 2)
    assert yard.state() == "active"
