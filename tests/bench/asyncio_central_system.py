"""A yardstick: a central system on the `ocpp` package's asyncio ChargePoint, with validation, without a database.

argv: port.
"""

import asyncio
import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result

logging.getLogger("ocpp").setLevel(logging.CRITICAL)
ACCEPTED = {"status": "Accepted"}


class Station(ChargePoint):
    @on("BootNotification")
    def on_boot_notification(self, **_):
        return call_result.BootNotification(datetime.now(UTC).isoformat(), 60, "Accepted")

    @on("Heartbeat")
    def on_heartbeat(self, **_):
        return call_result.Heartbeat(datetime.now(UTC).isoformat())

    @on("StatusNotification")
    def on_status_notification(self, **_):
        return call_result.StatusNotification()

    @on("Authorize")
    def on_authorize(self, **_):
        return call_result.Authorize(ACCEPTED)

    @on("StartTransaction")
    def on_start_transaction(self, **_):
        return call_result.StartTransaction(1, ACCEPTED)

    @on("MeterValues")
    def on_meter_values(self, **_):
        return call_result.MeterValues()

    @on("StopTransaction")
    def on_stop_transaction(self, **_):
        return call_result.StopTransaction()


async def serve(websocket):
    with suppress(websockets.ConnectionClosed):
        await Station(websocket.request.path.rsplit("/", 1)[-1], websocket).start()


async def main():
    async with websockets.serve(serve, "127.0.0.1", int(sys.argv[1]), subprotocols=["ocpp1.6"], compression=None):
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
