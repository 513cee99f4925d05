"""Old raw meter values become quarter hours of energy that add up to what was charged."""

from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.models import EnergyQuarter, MeterValue, Transaction
from ocpp_server.services.session import charging_sessions, retention, session_series
from tests import charging
from tests.ocpp_server.conftest import NOON

START = NOON - timedelta(days=100)
BEFORE = clock.to_ms(NOON - timedelta(days=90))


@pytest.fixture
def old_session(store, time):
    """An hour of 12 kW that ended 100 days ago, read each minute."""

    def work(unit):
        session = charging.session(charging.station(), START, 1, energy_wh=12_000)
        for minute in range(1, 61):
            reading = {"energy_wh": 1000 + 200 * minute, "power_w": 12_000 + minute}
            charging.reading(session, START + timedelta(minutes=minute), **reading)
        return session

    return store.write(work)


def reduce(store, transaction_id):
    while store.write(lambda unit: retention.reduce_session(unit, transaction_id)):
        pass


def rows(store, model):
    with store.reading():
        return list(model.select().order_by(model.id))


def test_the_quarters_add_up_to_what_was_charged(store, old_session):
    reduce(store, old_session.id)
    quarters = rows(store, EnergyQuarter)
    assert [round((quarter.at - START) / timedelta(minutes=15)) for quarter in quarters] == [0, 1, 2, 3, 4]
    assert [quarter.energy_wh for quarter in quarters] == [2800, 3000, 3000, 3000, 200]
    assert [quarter.max_power_w for quarter in quarters] == [12_014, 12_029, 12_044, 12_059, 12_060]
    assert quarters[-1].register_wh == 13_000
    assert {quarter.transaction_id for quarter in quarters} == {old_session.id}
    assert rows(store, MeterValue) == []


def test_interrupted_anywhere_it_goes_on_where_it_was(store, old_session, monkeypatch):
    monkeypatch.setattr(retention, "STEP", 7)
    assert store.write(lambda unit: retention.reduce_session(unit, old_session.id))
    assert len(rows(store, MeterValue)) == 53
    reduce(store, old_session.id)
    reduce(store, old_session.id)
    assert [quarter.energy_wh for quarter in rows(store, EnergyQuarter)] == [2800, 3000, 3000, 3000, 200]
    assert rows(store, MeterValue) == []


def test_a_step_that_fails_changes_nothing(store, old_session):
    def fail(unit):
        retention.reduce_session(unit, old_session.id)
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="power"):
        store.write(fail)
    assert len(rows(store, MeterValue)) == 60
    assert rows(store, EnergyQuarter) == []


def test_readings_that_come_later_still_are_not_counted_twice(store, old_session):
    reduce(store, old_session.id)
    store.write(lambda unit: charging.reading(old_session, START + timedelta(minutes=20), energy_wh=5000, power_w=13e3))
    reduce(store, old_session.id)
    quarters = rows(store, EnergyQuarter)
    assert sum(quarter.energy_wh for quarter in quarters) == 12_000
    assert quarters[1].max_power_w == 13_000


def test_what_was_measured_outside_sessions_is_reduced_for_each_connector(store, time, monkeypatch):
    monkeypatch.setattr(retention, "STEP", 5)

    def work(unit):
        session = charging.session(charging.station(), START)
        for connector_id in (0, 1):
            session.connector_id = connector_id
            for minute in range(31):
                at, register = START + timedelta(minutes=minute), 500 + connector_id * 9000 + minute * 10
                MeterValue.update(transaction_id=None).where(
                    MeterValue.id == charging.reading(session, at, energy_wh=register).id
                ).execute()

    store.write(work)
    while store.write(lambda unit: retention.reduce_outside(unit, BEFORE)):
        pass
    with store.reading():
        query = EnergyQuarter.select().order_by(EnergyQuarter.connector_id, EnergyQuarter.at)
        found = [(row.connector_id, row.energy_wh, row.register_wh, row.transaction_id) for row in query]
    assert found == [
        *[(0, energy, register, 0) for energy, register in ((140, 640), (150, 790), (10, 800))],
        *[(1, energy, register, 0) for energy, register in ((140, 9640), (150, 9790), (10, 9800))],
    ]
    assert rows(store, MeterValue) == []


def test_an_old_session_is_still_plotted(store, old_session):
    with store.reading():
        before = session_series.series(Transaction.get_by_id(old_session.id))
    reduce(store, old_session.id)
    with store.reading():
        series = session_series.series(Transaction.get_by_id(old_session.id))
        highest = charging_sessions.max_power_w(old_session.id)
    assert series.energy_wh[-1] == before.energy_wh[-1] == 12_000
    assert series.power_is_derived
    assert all(power == pytest.approx(12_000, rel=0.08) for power in series.power_w[1:4])
    assert series.at_ms == sorted(series.at_ms)
    assert highest == 12_060
