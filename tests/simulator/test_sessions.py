"""A station driven step by step, over a real WebSocket."""

import asyncio
import base64
from itertools import pairwise

import pytest
from ocpp.v16 import call

from ocpp_server.simulator.link import Refused
from ocpp_server.simulator.station import Station
from tests.simulator.central_system import CentralSystem
from tests.simulator.play import on_asyncio
from tests.simulator.stations import TAG, a_car, booted


@on_asyncio
async def test_a_boot_reports_the_station_and_every_connector(central: CentralSystem) -> None:
    central.interval = 77
    station = Station("CP 1", central.url, password="secret")
    await station.connect()
    await station.boot()
    assert central.actions() == ["BootNotification", *["StatusNotification"] * 3]
    assert [payload["connectorId"] for payload in central.payloads("StatusNotification")] == [0, 1, 2]
    assert station.configuration.number("HeartbeatInterval") == 77
    assert central.headers["Authorization"] == "Basic " + base64.b64encode(b"CP 1:secret").decode()
    await station.close()


@on_asyncio
async def test_a_pending_station_reports_nothing_and_refuses_remote_starts(central: CentralSystem) -> None:
    central.registration = "Pending"
    async with booted(central) as station:
        assert station.registration == "Pending"
        assert await central.ask_status(call.RemoteStartTransaction(TAG, 1)) == "Rejected"
        assert await central.configure("HeartbeatInterval", "10") == "Accepted"
        assert central.messages == []


@on_asyncio
async def test_a_rejected_station_answers_nothing(central: CentralSystem) -> None:
    central.registration = "Rejected"
    async with booted(central) as station:
        assert central.connection is not None
        central.connection._response_timeout = 0.3
        with pytest.raises(TimeoutError):
            await central.ask(call.ClearCache())
        assert station.registration == "Rejected"


@on_asyncio
async def test_a_session_from_plug_to_unplug(central: CentralSystem) -> None:
    async with booted(central) as station:
        before = station.connectors[1].register_wh
        await station.plug_in(1, a_car())
        assert await station.authorize(TAG) == "Accepted"
        transaction = await station.start(1, TAG)
        assert transaction.transaction_id == 1001
        for _ in range(4):
            await station.meter(1, seconds=900)
        await station.stop(1, "Local", TAG)
        await station.unplug(1)
        assert central.statuses() == ["Preparing", "Charging", "Finishing", "Available"]
        order = central.actions("Authorize", "StartTransaction", "MeterValues", "StopTransaction")
        assert order == ["Authorize", "StartTransaction", *["MeterValues"] * 4, "StopTransaction"]
        (start,), (stop,) = central.payloads("StartTransaction"), central.payloads("StopTransaction")
        assert start["meterStart"] == int(before)
        assert 21_000 < stop["meterStop"] - start["meterStart"] < 22_500
        assert (stop["transactionId"], stop["reason"], stop["idTag"]) == (1001, "Local", TAG)


@on_asyncio
async def test_meter_values_hold_the_configured_measurands_and_grow(central: CentralSystem) -> None:
    async with booted(central) as station:
        await central.configure("MeterValuesSampledData", "Energy.Active.Import.Register,Voltage")
        await station.start(1, TAG, car=a_car())
        for _ in range(3):
            await station.meter(1, seconds=60)
        samples = [payload["meterValue"][0]["sampledValue"] for payload in central.payloads("MeterValues")]
        assert [sample["measurand"] for sample in samples[0]] == ["Energy.Active.Import.Register", *["Voltage"] * 3]
        energies = [int(sample[0]["value"]) for sample in samples]
        assert all(after > earlier for earlier, after in pairwise(energies))
        assert all(payload["transactionId"] == 1001 for payload in central.payloads("MeterValues"))


@on_asyncio
async def test_a_full_car_suspends_the_session(central: CentralSystem) -> None:
    async with booted(central) as station:
        await station.start(1, TAG, car=a_car(soc_percent=99.5))
        await station.meter(1, seconds=3600)
        assert central.statuses()[-1] == "SuspendedEV"


@on_asyncio
async def test_pulling_the_cable_ends_the_transaction(central: CentralSystem) -> None:
    async with booted(central) as station:
        await station.start(1, TAG)
        await station.unplug(1)
        assert central.payloads("StopTransaction")[0]["reason"] == "EVDisconnected"
        assert central.statuses()[-3:] == ["SuspendedEV", "Finishing", "Available"]


@on_asyncio
async def test_a_refused_card_ends_the_transaction(central: CentralSystem) -> None:
    central.refused_tags.add(TAG)
    async with booted(central) as station:
        await station.start(1, TAG)
        assert central.payloads("StopTransaction")[0]["reason"] == "DeAuthorized"
        assert station.connectors[1].transaction is None


@on_asyncio
async def test_a_refused_card_gets_no_energy_if_the_transaction_may_go_on(central: CentralSystem) -> None:
    central.refused_tags.add(TAG)
    async with booted(central) as station:
        await central.configure("StopTransactionOnInvalidId", "false")
        transaction = await station.start(1, TAG)
        await station.meter(1, seconds=600)
        assert central.statuses()[-1] == "SuspendedEVSE"
        assert int(station.connectors[1].register_wh) == transaction.meter_start


@on_asyncio
async def test_a_fault_ends_the_transaction_and_recovers(central: CentralSystem) -> None:
    async with booted(central) as station:
        await station.start(1, TAG)
        await station.fault(1, "GroundFailure", "Residual current device tripped")
        fault = central.payloads("StatusNotification")[-1]
        assert (fault["status"], fault["errorCode"]) == ("Faulted", "GroundFailure")
        assert central.payloads("StopTransaction")[0]["reason"] == "Other"
        await station.recover(1)
        await station.unplug(1)
        assert central.statuses()[-2:] == ["Finishing", "Available"]


@on_asyncio
async def test_transaction_data_is_sent_if_it_is_configured(central: CentralSystem) -> None:
    async with booted(central) as station:
        await central.configure("StopTxnSampledData", "Energy.Active.Import.Register")
        await station.start(1, TAG)
        await station.stop(1)
        data = central.payloads("StopTransaction")[0]["transactionData"]
        assert [value["sampledValue"][0]["context"] for value in data] == ["Transaction.Begin", "Transaction.End"]


@on_asyncio
async def test_an_automatic_station_samples_by_the_clock(central: CentralSystem) -> None:
    async with booted(central, automatic=True, speed=600) as station:
        await central.configure("MeterValueSampleInterval", "1")
        await station.start(1, TAG, car=a_car(soc_percent=10))
        await central.until(lambda: len(central.payloads("MeterValues")) >= 2)
        registers = [int(p["meterValue"][0]["sampledValue"][0]["value"]) for p in central.payloads("MeterValues")]
        assert registers[1] - registers[0] > 500


@on_asyncio
async def test_clock_aligned_values_and_heartbeats_come_at_their_intervals(central: CentralSystem) -> None:
    central.interval = 1
    station = Station("CP-1", central.url)
    running = asyncio.ensure_future(station.run())
    await central.until(lambda: central.payloads("Heartbeat"))
    await central.configure("ClockAlignedDataInterval", "1")
    await central.until(lambda: len(central.payloads("MeterValues")) >= 2)
    sample = central.payloads("MeterValues")[0]["meterValue"][0]["sampledValue"][0]
    assert sample["context"] == "Sample.Clock"
    running.cancel()
    await station.close()


@on_asyncio
async def test_an_error_of_the_server_is_an_exception_for_the_driver_of_the_steps(central: CentralSystem) -> None:
    async with booted(central) as station:
        with pytest.raises(Refused, match="DataTransfer"):
            await station.request(call.DataTransfer(vendor_id="nobody"))
