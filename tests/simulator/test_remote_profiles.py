"""Charging profiles that a station was sent."""

from typing import Any

import pytest
from ocpp.exceptions import PropertyConstraintViolationError
from ocpp.v16 import call

from ocpp_server.simulator.car import CarModel
from ocpp_server.simulator.connector import Car
from tests.simulator.central_system import CentralSystem
from tests.simulator.play import on_asyncio
from tests.simulator.stations import TAG, a_car, booted


def limit(watts: float, *, number: int = 1, purpose: str = "TxDefaultProfile", **fields: Any) -> dict[str, Any]:
    period = {"startPeriod": 0, "limit": watts}
    return {
        "chargingProfileId": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "W", "chargingSchedulePeriod": [period]},
        **fields,
    }


@on_asyncio
async def test_a_remote_start_with_a_profile_is_capped_by_it(central: CentralSystem) -> None:
    async with booted(central) as station:
        await station.plug_in(1, a_car())
        profile = limit(6_000, purpose="TxProfile")
        await central.ask(call.RemoteStartTransaction(TAG, 1, charging_profile=profile))
        await central.until(lambda: "Charging" in central.statuses())
        await station.meter(1, seconds=300)
        assert 5_000 < station.connectors[1].power_watts <= 6_000


@on_asyncio
async def test_a_charging_profile_caps_the_power_until_it_is_cleared(central: CentralSystem) -> None:
    async with booted(central) as station:
        await station.start(1, TAG, car=a_car())
        assert await central.ask_status(call.SetChargingProfile(0, limit(7_000))) == "Accepted"
        await station.meter(1, seconds=300)
        assert 6_000 < station.connectors[1].power_watts <= 7_000
        assert await central.ask_status(call.SetChargingProfile(1, limit(0, number=2))) == "Accepted"
        await station.meter(1, seconds=60)
        assert central.statuses()[-1] == "SuspendedEVSE"
        assert await central.ask_status(call.ClearChargingProfile()) == "Accepted"
        assert await central.ask_status(call.ClearChargingProfile()) == "Unknown"
        await station.meter(1, seconds=300)
        assert central.statuses()[-1] == "Charging"
        assert station.connectors[1].power_watts > 20_000


@on_asyncio
async def test_profiles_in_the_wrong_place_are_refused(central: CentralSystem) -> None:
    async with booted(central):
        wrong = call.SetChargingProfile(1, limit(1, purpose="ChargePointMaxProfile"))
        assert await central.ask_status(wrong) == "Rejected"
        assert await central.ask_status(call.SetChargingProfile(1, limit(1, purpose="TxProfile"))) == "Rejected"
        assert await central.ask_status(call.SetChargingProfile(1, limit(1, stackLevel=99))) == "Rejected"
        with pytest.raises(PropertyConstraintViolationError):
            await central.ask(call.SetChargingProfile(9, limit(1)))


@on_asyncio
async def test_the_composite_schedule_is_the_lowest_limit(central: CentralSystem) -> None:
    async with booted(central) as station:
        await central.ask(call.SetChargingProfile(1, limit(13_800)))
        await station.start(1, TAG, car=a_car())
        answer = await central.ask(call.GetCompositeSchedule(1, 3600, "A"))
        assert answer.status == "Accepted"
        assert answer.charging_schedule["charging_schedule_period"] == [
            {"start_period": 0, "limit": 20.0, "number_phases": 3}
        ]
        whole = await central.ask(call.GetCompositeSchedule(0, 3600))
        assert whole.charging_schedule["charging_schedule_period"][0]["limit"] == 44_000
        assert await central.ask_status(call.GetCompositeSchedule(9, 3600)) == "Rejected"


@on_asyncio
async def test_a_limit_of_the_station_is_shared_by_its_connectors(central: CentralSystem) -> None:
    async with booted(central) as station:
        schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16_000}]}
        profile = limit(
            0,
            purpose="ChargePointMaxProfile",
            chargingProfileKind="Absolute",
            chargingSchedule={**schedule, "startSchedule": "2026-01-01T00:00:00Z"},
        )
        assert await central.ask_status(call.SetChargingProfile(0, profile)) == "Accepted"
        for connector_id in (1, 2):
            await station.start(connector_id, TAG, car=a_car())
        await station.meter(1, seconds=300)
        assert 7_000 < station.connectors[1].power_watts <= 8_000


@on_asyncio
async def test_amperes_hold_for_each_phase_also_where_the_car_uses_only_one(central: CentralSystem) -> None:
    async with booted(central) as station:
        await station.start(1, TAG, car=Car(CarModel(38_000, ac_watts=7_400, ac_phases=1, dc_watts=0), 20.0))
        profile = limit(10)
        profile["chargingSchedule"]["chargingRateUnit"] = "A"
        assert await central.ask_status(call.SetChargingProfile(1, profile)) == "Accepted"
        await station.meter(1, seconds=300)
        assert 2_200 < station.connectors[1].power_watts <= 2_300
