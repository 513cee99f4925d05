"""A small charge point for tests: a real WebSocket client that does what it is told, and nothing else.

It blocks while it waits, so under gevent many of them run beside each other and beside the server.
"""

import base64
import itertools
import json
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import websocket

SUBPROTOCOL = "ocpp1.6"
TIMEOUT = 10.0


class Refused(Exception):
    """The central system answered with a CALLERROR."""

    def __init__(self, code: str, description: str, details: Any) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.details = details


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> str:
    return iso(datetime.now(UTC))


def basic(user: str, password: str | bytes) -> str:
    """The Authorization header of HTTP Basic; a password may be any bytes."""
    key = password.encode() if isinstance(password, str) else password
    return "Authorization: Basic " + base64.b64encode(user.encode() + b":" + key).decode()


class FakeChargePoint:
    """One station. `unasked` holds what came in while an answer was awaited."""

    def __init__(self, port: int, identity: str = "CP-1", *, password: str | bytes | None = None) -> None:
        self.port = port
        self.identity = identity
        self.password = password
        self.unasked: deque[list] = deque()
        self.ws = websocket.WebSocket(enable_multithread=True)
        self._ids = itertools.count(1)

    def connect(
        self, path: str | None = None, *, subprotocols: Sequence[str] = (SUBPROTOCOL,), header: Sequence[str] = ()
    ) -> "FakeChargePoint":
        """Open the socket. Raises websocket.WebSocketBadStatusException where the handshake is refused."""
        path = path if path is not None else f"/ocpp/{quote(self.identity, safe='')}"
        headers = list(header)
        if self.password is not None:
            headers.append(basic(self.identity, self.password))
        self.ws = websocket.WebSocket(enable_multithread=True)
        self.ws.connect(
            f"ws://127.0.0.1:{self.port}{path}",
            subprotocols=list(subprotocols),
            header=headers,
            timeout=TIMEOUT,
            # Nobody's proxy stands between a test and its server.
            http_no_proxy=["*"],
        )
        return self

    def close(self) -> None:
        """Leave politely: a closing frame, its answer, the end of the connection."""
        self.ws.close(timeout=2)

    def vanish(self) -> None:
        """Leave without a word."""
        self.ws.shutdown()

    def __enter__(self) -> "FakeChargePoint":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- frames --------------------------------------------------------------------------------------------

    def send_raw(self, text: str) -> None:
        """Send a text message, whatever it says."""
        self.ws.send(text)

    def recv(self) -> list:
        """The next message. Raises ConnectionError where the socket is closed instead."""
        text = self.ws.recv()
        if not text:
            raise ConnectionError("closed by the central system")
        return json.loads(text)

    def ask(self, text: str) -> list:
        """Send a text and return its answer: the next message that is no CALL."""
        self.send_raw(text)
        while (frame := self.recv())[0] == 2:
            self.unasked.append(frame)
        return frame

    def wait_for_close(self) -> tuple[int, str]:
        """Read until the central system closes; the code and the reason. 1006 stands for no closing frame."""
        try:
            while True:
                opcode, data = self.ws.recv_data(control_frame=True)
                if opcode == websocket.ABNF.OPCODE_CLOSE:
                    return int.from_bytes(data[:2], "big"), data[2:].decode()
        except (websocket.WebSocketException, OSError) as error:
            return 1006, str(error)

    # -- OCPP ----------------------------------------------------------------------------------------------

    def send_call(self, action: str, payload: Any, message_id: str | None = None) -> str:
        """Send a CALL without waiting; its message id."""
        message_id = message_id or f"{self.identity[:20]}-{next(self._ids)}"
        self.send_raw(json.dumps([2, message_id, action, payload]))
        return message_id

    def call(self, action: str, payload: Any = None, *, message_id: str | None = None) -> dict[str, Any]:
        """Send a CALL; the payload of its answer. Raises Refused."""
        sent = self.send_call(action, {} if payload is None else payload, message_id)
        while (frame := self.recv())[1] != sent or frame[0] == 2:
            self.unasked.append(frame)
        if frame[0] == 4:
            raise Refused(*frame[2:])
        return frame[2]

    def boot(self, **more: Any) -> dict[str, Any]:
        return self.call("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "Box", **more})

    def status(self, status: str = "Available", connector_id: int = 1, **more: Any) -> dict[str, Any]:
        payload = {"connectorId": connector_id, "status": status, "errorCode": "NoError", "timestamp": now(), **more}
        return self.call("StatusNotification", payload)

    def authorize(self, id_tag: str) -> dict[str, Any]:
        return self.call("Authorize", {"idTag": id_tag})["idTagInfo"]

    def start(self, id_tag: str = "CARD-1", *, connector_id: int = 1, meter: int = 1000, **more: Any) -> dict[str, Any]:
        payload = {"connectorId": connector_id, "idTag": id_tag, "meterStart": meter, "timestamp": now(), **more}
        return self.call("StartTransaction", payload)

    def meter(self, wh: float, transaction_id: int | None = None, *, connector_id: int = 1, **more: Any) -> dict:
        """One reading of the energy register."""
        value = {"timestamp": more.pop("timestamp", now()), "sampledValue": [{"value": str(wh)}]}
        payload = {"connectorId": connector_id, "meterValue": [value], **more}
        if transaction_id is not None:
            payload["transactionId"] = transaction_id
        return self.call("MeterValues", payload)

    def stop(self, transaction_id: int, meter: int, **more: Any) -> dict[str, Any]:
        payload = {"transactionId": transaction_id, "meterStop": meter, "timestamp": now(), **more}
        return self.call("StopTransaction", payload)
