"""The job finds what is old enough, and only if it is told to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ocpp_server.jobs.reduce_meter_values import reduce_meter_values
from ocpp_server.models import EnergyQuarter, MeterValue
from tests import charging
from tests.ocpp_server.conftest import NOON


@pytest.fixture
def sessions(store, time):
    """One that ended 91 days ago and one that ended 89 days ago, of two readings each."""

    def work(unit):
        station = charging.station()
        for days in (91, 89):
            session = charging.session(station, NOON - timedelta(days=days, hours=1))
            for minutes in (10, 40):
                at = session.started_at + timedelta(minutes=minutes)
                charging.reading(session, at, energy_wh=1000 + minutes * 100)

    store.write(work)


def counts(store):
    with store.reading():
        return MeterValue.select().count(), EnergyQuarter.select().count()


def test_only_old_sessions_are_reduced(store, settings, sessions):
    reduce_meter_values(store, settings)
    reduce_meter_values(store, settings)
    assert counts(store) == (2, 2)


def test_zero_days_keep_everything(store, settings, sessions):
    reduce_meter_values(store, replace(settings, meter_value_days=0))
    assert counts(store) == (4, 0)
