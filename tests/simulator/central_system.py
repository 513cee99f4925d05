"""A tiny central system for the tests: accepts, answers, records and can be told to refuse."""

import asyncio
import itertools
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ocpp.exceptions import InternalError
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from websockets.asyncio.server import Server, ServerConnection, serve

URL = "ws://127.0.0.1:{port}/ocpp/"


class Connection(ChargePoint):
    """One connected station. `central` decides the answers."""

    def __init__(self, identity: str, websocket: ServerConnection, central: "CentralSystem") -> None:
        super().__init__(identity, websocket)
        self.central = central

    async def route_message(self, raw_msg: str) -> None:
        message = json.loads(raw_msg)
        if message[0] == 2:
            self.central.record(message[2], message[3])
        await super().route_message(raw_msg)

    @on("BootNotification")
    def on_boot(self, **_: Any) -> call_result.BootNotification:
        return call_result.BootNotification(_now(), self.central.interval, self.central.registration)

    @on("Heartbeat")
    def on_heartbeat(self) -> call_result.Heartbeat:
        return call_result.Heartbeat(_now())

    @on("StatusNotification")
    def on_status(self, **_: Any) -> call_result.StatusNotification:
        return call_result.StatusNotification()

    @on("Authorize")
    def on_authorize(self, id_tag: str) -> call_result.Authorize:
        return call_result.Authorize(self.central.id_tag_info(id_tag))

    @on("StartTransaction")
    def on_start(self, id_tag: str, **_: Any) -> call_result.StartTransaction:
        self.central.fail_if_told("StartTransaction")
        return call_result.StartTransaction(next(self.central.numbers), self.central.id_tag_info(id_tag))

    @on("MeterValues")
    def on_meter_values(self, **_: Any) -> call_result.MeterValues:
        self.central.fail_if_told("MeterValues")
        return call_result.MeterValues()

    @on("StopTransaction")
    def on_stop(self, **_: Any) -> call_result.StopTransaction:
        self.central.fail_if_told("StopTransaction")
        return call_result.StopTransaction()

    @on("FirmwareStatusNotification")
    def on_firmware(self, **_: Any) -> call_result.FirmwareStatusNotification:
        return call_result.FirmwareStatusNotification()

    @on("DiagnosticsStatusNotification")
    def on_diagnostics(self, **_: Any) -> call_result.DiagnosticsStatusNotification:
        return call_result.DiagnosticsStatusNotification()


class CentralSystem:
    """Everything received is in `messages` as (action, payload), in order."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.registration = "Accepted"
        self.interval = 300
        self.refused_tags: set[str] = set()
        self.failures: dict[str, int] = {}
        self.numbers = itertools.count(1001)
        self.headers: Any = None
        self.connection: Connection | None = None
        self.connections = 0
        self.port = 0
        self._arrived = asyncio.Event()
        self._server: Server | None = None

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._server = await serve(self._serve, "127.0.0.1", port, subprotocols=["ocpp1.6"])
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everybody and stop listening."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return URL.format(port=self.port)

    def id_tag_info(self, id_tag: str) -> dict[str, str]:
        return {"status": "Invalid" if id_tag in self.refused_tags else "Accepted"}

    def fail_if_told(self, action: str) -> None:
        """Answer the next `failures[action]` requests with a CALLERROR."""
        if self.failures.get(action, 0) > 0:
            self.failures[action] -= 1
            raise InternalError

    def record(self, action: str, payload: dict[str, Any]) -> None:
        self.messages.append((action, payload))
        self._arrived.set()

    def actions(self, *chosen: str) -> list[str]:
        """The actions received so far, all of them or only the chosen ones."""
        return [action for action, _ in self.messages if not chosen or action in chosen]

    def payloads(self, action: str) -> list[dict[str, Any]]:
        return [payload for received, payload in self.messages if received == action]

    def statuses(self, connector_id: int = 1) -> list[str]:
        """The statuses that one connector reported."""
        return [
            payload["status"]
            for payload in self.payloads("StatusNotification")
            if payload["connectorId"] == connector_id
        ]

    def clear(self) -> None:
        self.messages.clear()

    async def until(self, condition: Callable[[], Any], seconds: float = 10) -> None:
        """Wait until something that arrives makes the condition true."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._arrived.clear()
                await self._arrived.wait()

    async def ask(self, payload: Any) -> Any:
        """Send a CALL to the station and return its answer; a CALLERROR is raised."""
        assert self.connection is not None
        return await self.connection.call(payload, suppress=False)

    async def ask_status(self, payload: Any) -> str:
        return str((await self.ask(payload)).status)

    async def configure(self, key: str, value: str) -> str:
        return await self.ask_status(call.ChangeConfiguration(key, value))

    async def _serve(self, websocket: ServerConnection) -> None:
        assert websocket.request is not None
        self.headers = websocket.request.headers
        self.connections += 1
        connection = Connection(websocket.request.path.rsplit("/", 1)[-1], websocket, self)
        self.connection = connection
        self._arrived.set()
        try:
            async for text in websocket:
                await connection.route_message(str(text))
        finally:
            self._arrived.set()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _listen(refused_tags: set[str]) -> None:
    """Print the address, then every action as it arrives, until killed."""
    central = CentralSystem()
    central.refused_tags = refused_tags
    await central.start()
    sys.stdout.write(f"{central.url}\n")
    sys.stdout.flush()
    while True:
        await central.until(lambda: central.messages, seconds=60)
        sys.stdout.writelines(f"{action}\n" for action in central.actions())
        sys.stdout.flush()
        central.clear()


if __name__ == "__main__":
    asyncio.run(_listen(set(sys.argv[1:])))
