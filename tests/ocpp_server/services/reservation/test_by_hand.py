"""Reservations that an operator asks for by hand."""

from datetime import timedelta

import pytest

from ocpp_server.operations import reservation as _operations  # noqa: F401 - their answers are what is tested
from tests.ocpp_server.conftest import NOON
from tests.ocpp_server.services.reservation.yard import Yard, raw


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


def test_one_is_cancelled_by_hand(yard: Yard) -> None:
    yard.active()
    yard.by_hand("CancelReservation", reservationId=1)
    yard.answers("Accepted")
    assert yard.state() == "cancelled"
