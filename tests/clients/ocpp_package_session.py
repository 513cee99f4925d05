"""One charging session by the ocpp package's ChargePoint (asyncio), which checks every answer against the schema.

`python ocpp_package_session.py URL IDENTITY PASSWORD` prints what it was answered as JSON. It runs as a process of
its own, without gevent.
"""

import asyncio
import base64
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ocpp.v16 import ChargePoint, call
from ocpp.v16.enums import ChargePointErrorCode, ChargePointStatus, Reason
from websockets.asyncio.client import connect


def at(minutes: int) -> str:
    return datetime(2026, 3, 1, 12, minutes, tzinfo=UTC).isoformat().replace("+00:00", "Z")


async def session(station: ChargePoint) -> dict[str, Any]:
    said = {}
    said["boot"] = await station.call(call.BootNotification("Box", "PyPI"), suppress=False)
    for connector_id, status in ((0, ChargePointStatus.available), (1, ChargePointStatus.preparing)):
        report = call.StatusNotification(connector_id, ChargePointErrorCode.no_error, status)
        await station.call(report, suppress=False)
    said["authorize"] = await station.call(call.Authorize("CARD-1"), suppress=False)
    said["start"] = await station.call(call.StartTransaction(1, "CARD-1", 1000, at(0)), suppress=False)
    transaction_id = said["start"].transaction_id
    for minutes, value in ((10, "3000"), (20, "5500.5")):
        reading = {"timestamp": at(minutes), "sampled_value": [{"value": value, "unit": "Wh"}]}
        await station.call(call.MeterValues(1, [reading], transaction_id), suppress=False)
    said["heartbeat"] = await station.call(call.Heartbeat(), suppress=False)
    said["unknown"] = await station.call(call.DataTransfer("pypi"), suppress=False)
    stop = call.StopTransaction(8000, at(30), transaction_id, reason=Reason.ev_disconnected, id_tag="CARD-1")
    said["stop"] = await station.call(stop, suppress=False)
    return {name: asdict(answer) for name, answer in said.items()}


async def main(url: str, identity: str, password: str) -> None:
    credentials = base64.b64encode(f"{identity}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}"}
    async with connect(
        f"{url}/{identity}", subprotocols=["ocpp1.6"], additional_headers=headers, proxy=None
    ) as websocket:
        station = ChargePoint(identity, websocket)
        reading = asyncio.ensure_future(station.start())
        sys.stdout.write(json.dumps(await session(station)))
        reading.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
