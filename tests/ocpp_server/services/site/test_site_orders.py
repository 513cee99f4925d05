"""From an order of a site to what its station is sent."""

from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock
from ocpp_server.charging.limits import Traits
from ocpp_server.services.site import site_orders
from ocpp_server.services.smart_charging import charging_traits
from ocpp_server.site.controller import Order
from tests.charging import reading, session, station
from tests.charging_station import Answerer

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def point(store):
    clock.use(lambda: NOW)
    return store.write(lambda unit: station())


def sent(store, point, transaction_id):
    """The schedule of a limit of 20 A, lent for 15 minutes, then 6 A."""
    order = Order((point.id, 1), transaction_id, 20.0, 6.0, 900.0)
    store.write(lambda unit: site_orders.send(unit, [order]))
    answerer = Answerer(store, point)
    answerer.answer()
    return answerer.profiles[-1]["chargingSchedule"]


def start(store, point, hours_ago, *, ahead):
    """A session whose start was reported by a clock that is so far ahead."""
    begun = NOW - timedelta(hours=hours_ago)
    return store.write(lambda unit: session(point, begun + ahead, hours=None, start_received_at=begun))


def read(store, transaction, *, received, ahead):
    store.write(lambda unit: reading(transaction, received + ahead, received_at=received))


HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=-10)


def test_a_limit_begins_at_once_by_the_clock_of_a_station_that_is_ahead(store, point):
    row = start(store, point, 2, ahead=HOUR)
    assert sent(store, point, row.id)["startSchedule"] == clock.iso(NOW + HOUR - timedelta(minutes=1))


def test_a_limit_begins_at_once_by_the_clock_of_a_station_that_is_behind(store, point):
    row = start(store, point, 2, ahead=MINUTES)
    for seconds in (180, 120, 60):
        read(store, row, received=NOW - timedelta(seconds=seconds), ahead=MINUTES)
    assert sent(store, point, row.id)["startSchedule"] == clock.iso(NOW + MINUTES - timedelta(minutes=1))


def test_what_a_station_kept_while_it_was_offline_says_nothing_of_its_clock(store, point):
    row = start(store, point, 2, ahead=timedelta(hours=-1))
    assert sent(store, point, row.id)["startSchedule"] == clock.iso(NOW - timedelta(minutes=1))
    read(store, row, received=NOW, ahead=timedelta(0))
    for minutes in (20, 15, 10):
        read(store, row, received=NOW, ahead=timedelta(minutes=-minutes))
    assert sent(store, point, row.id)["startSchedule"] == clock.iso(NOW - timedelta(minutes=1))


def test_a_station_whose_clock_is_ahead_and_that_counts_from_the_start_of_the_session_is_told_the_right_moment(
    store, point
):
    row = start(store, point, 2, ahead=HOUR)
    store.write(lambda unit: charging_traits.learn(unit, point.id, Traits(kind="Relative")))
    assert [item["startPeriod"] for item in sent(store, point, row.id)["chargingSchedulePeriod"]] == [0, 7200 + 900]
