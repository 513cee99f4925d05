"""One WebSocket connection on top of the `ocpp` package: requests that fail at once when the connection breaks."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from ocpp.exceptions import OCPPError, UnknownCallErrorCodeError
from ocpp.v16 import ChargePoint
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from ocpp_server.simulator.station import Station

LOGGER = logging.getLogger("chargeyard.simulator")
FRAMES = logging.getLogger("chargeyard.simulator.frames")
FRAMES.addFilter(lambda record: record.levelno < logging.ERROR)  # the package logs each CALLERROR with a traceback

# The package speaks OCPP 2.0.1 here: names of error codes as OCPP-J 1.6 has them (section 4.2.3).
ERROR_CODES = {
    "NotSupported": "NotImplemented",
    "NotImplemented": "NotSupported",
    "FormatViolation": "FormationViolation",
}


class RequestFailed(Exception):
    """A request to the server brought no usable answer."""


class ConnectionLost(RequestFailed):
    """There is no connection, or it broke before the answer came."""


class NoAnswer(RequestFailed):
    """The server took too long to answer."""


class Refused(RequestFailed):
    """The server answered with a CALLERROR, or with something that breaks the schema."""


class Link(ChargePoint):
    """A connection of `station`. Subclasses hold the answers to the server's requests."""

    def __init__(self, station: "Station", websocket: Any, timeout: float) -> None:
        super().__init__(station.identity, websocket, response_timeout=timeout, logger=FRAMES)
        self.station = station
        self.closed = asyncio.Event()
        self._follow_ups: list[Callable[[], Coroutine[Any, Any, None]]] = []

    async def read(self) -> None:
        """Handle what the server sends until the connection is closed."""
        try:
            await self.start()
        except ConnectionClosed as reason:
            LOGGER.info("%s: connection closed (%s)", self.id, reason)
        finally:
            self.closed.set()

    async def request(self, payload: Any) -> Any:
        """Send a CALL and return its answer. Raises a RequestFailed."""
        call = asyncio.ensure_future(self.call(payload, suppress=False))
        closed = asyncio.ensure_future(self.closed.wait())
        try:
            await asyncio.wait((call, closed), return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                raise ConnectionLost(f"no connection while waiting for the answer to {type(payload).__name__}")
            return call.result()
        except TimeoutError as error:
            raise NoAnswer(f"no answer to {type(payload).__name__}") from error
        except ConnectionClosed as error:
            raise ConnectionLost(str(error)) from error
        except (OCPPError, UnknownCallErrorCodeError) as error:
            raise Refused(f"{type(payload).__name__} refused: {error!r}") from error
        finally:
            call.cancel()
            closed.cancel()

    async def close(self) -> None:
        """Close the WebSocket and wait until the reader has noticed."""
        await self._connection.close()
        await self.closed.wait()

    def afterwards(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """For handlers: run this once the answer has been sent."""
        self._follow_ups.append(work)

    async def route_message(self, raw_msg: str | bytes) -> None:
        """Handle one frame; a rejected station ignores requests (section 4.2), and nonsense kills no connection."""
        try:
            if self.station.registration == "Rejected" and json.loads(raw_msg)[0] == 2:
                return
            await super().route_message(raw_msg)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            LOGGER.warning("%s: cannot read %r: %s", self.id, raw_msg, error)

    async def _handle_call(self, msg: Any) -> None:
        self._follow_ups.clear()
        await super()._handle_call(msg)
        for work in self._follow_ups:
            self.station.spawn(work())

    async def _send(self, message: str) -> None:
        if message.startswith("[4"):
            message = _with_right_code(message)
        await super()._send(message)


def _with_right_code(message: str) -> str:
    kind, unique_id, code, description, details = json.loads(message)
    cause = str(details.get("cause", ""))
    code = ERROR_CODES.get(code, code)
    if code == "FormationViolation" and cause.startswith("Payload"):
        code = "PropertyConstraintViolation"  # the package's word for any other broken rule, such as a bad enum value
    return json.dumps([kind, unique_id, code, cause or description, {}], separators=(",", ":"))
