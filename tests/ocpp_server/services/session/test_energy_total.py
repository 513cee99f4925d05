"""The energy of all sessions, without adding up all sessions each time."""

import pytest

from ocpp_server.services.session.energy_total import EnergyTotal
from ocpp_server.services.station import charge_points
from tests import charging
from tests.ocpp_server.conftest import NOON


@pytest.fixture
def station(store):
    return store.write(lambda unit: charge_points.add(unit, "CP-1"))


@pytest.fixture
def total(store):
    counted = EnergyTotal()

    def now():
        with store.reading():
            return counted.now(store.query)

    return now


@pytest.fixture
def add(store, station):
    return lambda wh, hours=1: store.write(lambda unit: charging.session(station, NOON, hours, energy_wh=wh))


def end(store, session, wh):
    store.write(
        lambda unit: unit.execute(
            "UPDATE charging_transaction SET stopped_at = 1, energy_wh = ? WHERE id = ?", wh, session.id
        )
    )


def test_an_empty_yard_has_charged_nothing(total):
    assert total() == 0


def test_what_ended_and_what_runs_is_counted_once(total, add, store):
    add(100.0)
    running = add(20.0, None)
    assert total() == 120
    add(3.0)
    assert total() == total() == 123
    end(store, running, 25.0)
    assert total() == total() == 128


def test_a_session_older_than_the_newest_counts_when_it_ends(total, add, store):
    old = [add(1.0, None) for _ in range(3)]
    add(10.0)
    assert total() == 13
    for session in old:
        end(store, session, 5.0)
    add(100.0, None)
    assert total() == 125
