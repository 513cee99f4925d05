"""The charge point that the tool plays: every answer it gets is checked against the standard's schema and timed."""

import json
import time
from typing import Any

import websocket

from ocpp_server import schemas
from tests.certification import report
from tests.fake_charge_point import FakeChargePoint, Refused

CONNECTORS = (0, 1, 2)


class Station(FakeChargePoint):
    """One connected charge point with two connectors. A socket that it has left behind looks open until the end."""

    def __init__(self, port: int, identity: str) -> None:
        super().__init__(port, identity)
        self._left_behind: list[websocket.WebSocket] = []

    def connect(self, *arguments: Any, **options: Any) -> "Station":
        self._left_behind.append(self.ws)
        super().connect(*arguments, **options)
        return self

    def close(self) -> None:
        super().close()
        for ws in self._left_behind:
            ws.shutdown()

    def call(self, action: str, payload: Any = None, *, message_id: str | None = None) -> dict[str, Any]:
        begin = time.perf_counter()
        result = super().call(action, payload, message_id=message_id)
        report.note_response(action, time.perf_counter() - begin)
        assert schemas.response_is_valid(action, result), f"{action}.conf breaks the schema: {result}"
        return result

    def expect(self, action: str) -> tuple[str, dict[str, Any]]:
        """The next CALL of the central system, which must be this one; its message id and payload."""
        while True:
            frame = self.unasked.popleft() if self.unasked else self.recv()
            if frame[0] != 2:
                continue
            _, message_id, received, payload = frame
            assert received == action, f"{received} came in place of {action}"
            assert schemas.request_is_valid(action, payload), f"{action}.req breaks the schema: {payload}"
            assert 0 < len(message_id) <= 36
            return message_id, payload

    def answer(self, message_id: str, payload: dict[str, Any]) -> None:
        self.send_raw(json.dumps([3, message_id, payload]))

    def answers(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Wait for this CALL and answer it; what it asked for."""
        message_id, asked = self.expect(action)
        self.answer(message_id, payload)
        return asked

    def booted(self) -> dict[str, Any]:
        """The reusable state Booted: accepted, and every connector reported as Available."""
        conf = self.boot()
        assert conf["status"] == "Accepted"
        self.all_available()
        return conf

    def all_available(self) -> None:
        for connector_id in CONNECTORS:
            self.status("Available", connector_id)

    def authorized(self, id_tag: str) -> None:
        """The reusable state Authorized."""
        assert self.authorize(id_tag)["status"] == "Accepted"

    def charging(self, id_tag: str, *, connector_id: int = 1, **more: Any) -> int:
        """The reusable state Charging; the transactionId."""
        self.authorized(id_tag)
        self.status("Preparing", connector_id)
        return self.started(id_tag, connector_id=connector_id, **more)

    def started(self, id_tag: str, *, connector_id: int = 1, **more: Any) -> int:
        """StartTransaction, accepted, then Charging; the transactionId."""
        conf = self.start(id_tag, connector_id=connector_id, **more)
        assert conf["idTagInfo"]["status"] == "Accepted"
        self.status("Charging", connector_id)
        return conf["transactionId"]


__all__ = ["CONNECTORS", "Refused", "Station"]
