"""What a session's plot draws."""

from datetime import UTC, datetime, timedelta

from ocpp_server.models import Transaction
from ocpp_server.services.session import charging_sessions
from ocpp_server.services.session.session_series import series
from tests import charging

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def record(store, *readings, **fields):
    """A session with these readings: minutes after noon, and totals."""

    def work(unit):
        session = charging.session(charging.station(), NOON, **fields)
        for minutes, totals in readings:
            charging.reading(session, NOON + timedelta(minutes=minutes), **totals)
        return session

    return store.write(work)


def drawn(store, session, points=1000):
    with store.reading():
        return series(Transaction.get_by_id(session.id), points)


def test_energy_counts_from_the_start_of_the_session(store):
    session = record(store, (0, {"energy_wh": 1000, "power_w": 7000}), (1, {"energy_wh": 1100, "soc_percent": 40}))
    plot = drawn(store, session)
    assert plot.at_ms == [NOON.timestamp() * 1000, NOON.timestamp() * 1000 + 60_000]
    assert plot.energy_wh == [0, 100]
    assert plot.power_w == [7000, None]
    assert plot.soc_percent == [None, 40]
    assert not plot.power_is_derived


def test_power_is_worked_out_where_the_station_sends_energy_only(store):
    plot = drawn(store, record(store, (0, {"energy_wh": 1000}), (6, {"soc_percent": 1}), (12, {"energy_wh": 2400})))
    assert plot.power_is_derived
    assert plot.power_w == [None, None, 7000]


def test_a_reset_or_session_relative_meter_never_draws_below_zero(store):
    reset = record(store, (0, {"energy_wh": 1500}), (1, {"energy_wh": 20}), (2, {"energy_wh": 50}))
    assert drawn(store, reset).energy_wh == [500, 520, 550]
    relative = store.write(
        lambda unit: _relative(charging.session(reset.charge_point, NOON, flags="session_relative_register"))
    )
    assert drawn(store, relative).energy_wh == [30]


def _relative(session):
    charging.reading(session, NOON, energy_wh=30)
    return session


def test_a_long_session_is_averaged_to_the_points_of_a_screen(store):
    readings = [(number / 6, {"power_w": 7000 + number % 2, "energy_wh": 1000 + number}) for number in range(5000)]
    plot = drawn(store, record(store, *readings), 1000)
    assert 900 < len(plot.at_ms) <= 1000
    assert plot.at_ms == sorted(plot.at_ms)
    assert plot.energy_wh[-1] == 4999
    assert all(7000 <= power <= 7001 for power in plot.power_w)


def test_a_session_without_readings_draws_nothing(store):
    assert drawn(store, record(store)).at_ms == []


def test_the_highest_power_is_that_of_the_readings(store):
    session = record(store, (0, {"power_w": 7000}), (1, {"power_w": 11000}), (2, {}))
    with store.reading():
        assert charging_sessions.max_power_w(session.id) == 11000
        assert [row.power_w for row in charging_sessions.readings(session.id)] == [None, 11000, 7000]
