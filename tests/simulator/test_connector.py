"""Energy, battery and meter of one connector."""

import random
from datetime import UTC, datetime

import pytest

from ocpp_server.simulator.car import CAR_MODELS, CarModel, Supply
from ocpp_server.simulator.connector import Car, Connector, Transaction
from ocpp_server.simulator.meter import SUPPORTED_MEASURANDS, sampled_values

SALOON = CarModel(battery_wh=60_000, ac_watts=11_000, ac_phases=3, dc_watts=130_000)
AC_22 = Supply(22_000, 3)
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def charging(supply: Supply = AC_22, soc_percent: float = 20.0, model: CarModel = SALOON) -> Connector:
    connector = Connector(1, supply, random.Random(7), register_wh=1_000_000)
    connector.car = Car(model, soc_percent)
    connector.transaction = Transaction(1, "TAG", 1_000_000, NOW)
    connector.status = "Charging"
    return connector


def test_energy_is_the_integral_of_power() -> None:
    connector = charging()
    connector.advance(3600)
    assert connector.register_wh - 1_000_000 == pytest.approx(11_000, rel=0.02)
    assert connector.car is not None
    assert connector.car.soc_percent == pytest.approx(36.5, abs=0.4)


def test_the_register_never_decreases_and_stops_when_the_car_is_full() -> None:
    connector = charging(soc_percent=95)
    registers = []
    for _ in range(60):
        connector.advance(120)
        registers.append(connector.register_wh)
    assert registers == sorted(registers)
    assert registers[-1] == registers[-20]
    assert connector.power_watts == 0
    assert connector.status_under(22_000) == "SuspendedEV"


def test_a_limit_caps_the_power_and_a_limit_of_zero_suspends() -> None:
    connector = charging()
    connector.advance(600, limit_watts=6_000)
    assert connector.power_watts <= 6_000
    connector.advance(600, limit_watts=0)
    assert connector.power_watts == 0
    assert connector.status_under(0) == "SuspendedEVSE"


def test_without_a_transaction_nothing_is_counted() -> None:
    connector = charging()
    connector.transaction = None
    connector.advance(3600)
    assert connector.register_wh == 1_000_000


@pytest.mark.parametrize("supply", [Supply(22_000, 3), Supply(7_400, 1), Supply(150_000, 0)])
def test_current_times_voltage_is_the_power(supply: Supply) -> None:
    connector = charging(supply)
    connector.advance(600)
    reading = connector.reading()
    product = sum(amperes * volts for amperes, volts in zip(reading.currents, reading.voltages, strict=True))
    assert product == pytest.approx(reading.power_watts, rel=0.001)


def test_a_single_phase_car_loads_one_phase_of_three() -> None:
    connector = charging(model=CAR_MODELS[0])
    connector.advance(600)
    currents = connector.reading().currents
    assert currents[0] > 25
    assert currents[1:] == (0, 0)


def test_every_measurand_has_unit_and_context_and_ac_values_have_phases() -> None:
    connector = charging()
    connector.advance(600)
    values = sampled_values(connector.reading(), SUPPORTED_MEASURANDS, "Sample.Clock")
    assert {value["measurand"] for value in values} == set(SUPPORTED_MEASURANDS)
    assert all(value["context"] == "Sample.Clock" and value["unit"] for value in values)
    assert [value["phase"] for value in values if value["measurand"] == "Current.Import"] == ["L1", "L2", "L3"]
    assert [value["phase"] for value in values if value["measurand"] == "Voltage"] == ["L1-N", "L2-N", "L3-N"]


def test_dc_values_have_no_phase() -> None:
    connector = charging(Supply(150_000, 0))
    connector.advance(600)
    assert all("phase" not in value for value in sampled_values(connector.reading(), SUPPORTED_MEASURANDS))


def test_an_empty_connector_reports_no_state_of_charge() -> None:
    connector = Connector(1, Supply(22_000, 3), random.Random(7))
    assert sampled_values(connector.reading(), ["SoC"]) == []
