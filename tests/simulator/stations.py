"""Stations for the tests, connected and booted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp_server.simulator.car import CarModel
from ocpp_server.simulator.connector import Car
from ocpp_server.simulator.station import Station
from tests.simulator.central_system import CentralSystem

TAG = "04A2C8127E6180"
SALOON = CarModel(battery_wh=60_000, ac_watts=22_000, ac_phases=3, dc_watts=130_000)


def a_car(soc_percent: float = 20.0) -> Car:
    return Car(SALOON, soc_percent)


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@asynccontextmanager
async def booted(central: CentralSystem, **options: Any) -> AsyncIterator[Station]:
    """A station of 22 kW with two connectors; the messages of its boot are forgotten."""
    station = Station("CP-1", central.url, seed=1, **options)
    await station.connect()
    await station.boot()
    central.clear()
    try:
        yield station
    finally:
        await station.close()
