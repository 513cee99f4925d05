"""What happens without a connection, and after it is back."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

from ocpp_server import clock
from ocpp_server.simulator.station import Station
from tests.simulator.central_system import CentralSystem
from tests.simulator.play import on_asyncio
from tests.simulator.stations import TAG, a_car, booted

BEGINNING = datetime(2026, 11, 22, 10, tzinfo=UTC)


@on_asyncio
async def test_an_offline_session_is_told_in_order_with_its_own_times(central: CentralSystem) -> None:
    async with booted(central) as station:
        await station.authorize(TAG)
        await station.disconnect()
        seconds = itertools.count()
        clock.use(lambda: BEGINNING + timedelta(seconds=next(seconds)))
        assert await station.authorize(TAG) == "Accepted"  # from the cache
        assert await station.authorize("0BADCAFE") == "Invalid"
        transaction = await station.start(1, TAG, car=a_car())
        await station.meter(1, seconds=900)
        await station.stop(1)
        assert central.actions("StartTransaction") == []
        await station.connect()
        await central.until(lambda: central.payloads("StopTransaction"))
        order = central.actions("BootNotification", "StartTransaction", "MeterValues", "StopTransaction")
        assert order == ["StartTransaction", "MeterValues", "StopTransaction"]
        start, stop = central.payloads("StartTransaction")[0], central.payloads("StopTransaction")[0]
        assert start["timestamp"] < central.payloads("MeterValues")[0]["meterValue"][0]["timestamp"] < stop["timestamp"]
        assert transaction.transaction_id == stop["transactionId"] == 1001
        assert central.payloads("MeterValues")[0]["transactionId"] == 1001


@on_asyncio
async def test_a_reconnect_needs_no_boot_and_reports_only_what_changed(central: CentralSystem) -> None:
    station = Station("CP-1", central.url)
    running = asyncio.ensure_future(station.run())
    await station.until_online()
    await central.until(lambda: central.statuses(2))
    await station.start(1, TAG)
    central.clear()
    await station.drop()
    await station.fault(2)
    await central.until(lambda: central.payloads("StatusNotification"))
    await central.until(lambda: central.connections == 2)
    assert central.payloads("BootNotification") == []
    assert central.statuses(1) == []
    assert central.statuses(2) == ["Faulted"]
    assert station.connectors[1].transaction is not None
    running.cancel()
    await station.close()


@on_asyncio
async def test_a_message_the_server_fails_on_is_tried_again(central: CentralSystem) -> None:
    async with booted(central) as station:
        await central.configure("TransactionMessageRetryInterval", "0")
        central.failures["StartTransaction"] = 2
        transaction = await station.start(1, TAG)
        assert len(central.payloads("StartTransaction")) == 3
        assert len({str(payload) for payload in central.payloads("StartTransaction")}) == 1
        assert transaction.transaction_id == 1001


@on_asyncio
async def test_a_start_that_is_never_taken_is_dropped_and_its_transaction_is_minus_one(central: CentralSystem) -> None:
    async with booted(central) as station:
        await central.configure("TransactionMessageRetryInterval", "0")
        central.failures["StartTransaction"] = 3
        await station.start(1, TAG)
        await station.stop(1)
        assert station.queue.dropped == 1
        assert central.payloads("StopTransaction")[0]["transactionId"] == -1


@on_asyncio
async def test_a_card_that_turns_out_invalid_after_an_offline_start_stops_it(central: CentralSystem) -> None:
    async with booted(central) as station:
        await station.disconnect()
        await station.start(1, TAG)
        central.refused_tags.add(TAG)
        await station.connect()
        await central.until(lambda: central.payloads("StopTransaction"))
        assert central.payloads("StopTransaction")[0]["reason"] == "DeAuthorized"


@on_asyncio
async def test_a_request_fails_at_once_when_the_server_hangs_up(central: CentralSystem) -> None:
    async with booted(central) as station:
        waiting = asyncio.ensure_future(station.start(1, TAG))
        assert central.connection is not None
        await central.until(lambda: central.actions())
        await central.connection._connection.close()
        async with asyncio.timeout(5):
            await waiting
        assert station.connectors[1].transaction is not None


@on_asyncio
async def test_a_station_keeps_trying_until_the_server_is_there(central: CentralSystem) -> None:
    port = central.port
    await central.stop()
    station = Station("CP-1", central.url)
    running = asyncio.ensure_future(station.run())
    await asyncio.sleep(0.2)  # long enough for the first attempt to fail
    await central.start(port)
    await station.until_online()
    running.cancel()
    await station.close()
