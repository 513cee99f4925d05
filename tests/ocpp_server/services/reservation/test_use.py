"""Which session uses a reservation."""

import pytest

from ocpp_server import stations
from ocpp_server.operations import reservation as _operations  # noqa: F401 - their answers are what is tested
from tests.ocpp_server.services.reservation.yard import Yard


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
