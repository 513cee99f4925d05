"""How a reservation ends that nobody used."""

import pytest

from ocpp_server import stations
from ocpp_server.operations import reservation as _operations  # noqa: F401 - their answers are what is tested
from tests.ocpp_server.services.reservation.yard import Yard


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
