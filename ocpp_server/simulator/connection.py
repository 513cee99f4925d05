"""The wire side of a station: connect, ask, deliver what is queued, notice when the connection is gone."""

import asyncio
import base64
import logging
import random
from collections.abc import Coroutine
from typing import Any
from urllib.parse import quote

from websockets.asyncio.client import connect

from ocpp_server.simulator.configuration import Configuration
from ocpp_server.simulator.link import ConnectionLost, Link, RequestFailed
from ocpp_server.simulator.offline_queue import Entry, OfflineQueue

LOGGER = logging.getLogger("chargeyard.simulator")
SUBPROTOCOL = "ocpp1.6"


class Connected:
    """What identifies a station and how it reaches the server. All times in s."""

    def __init__(
        self, identity: str, url: str, configuration: Configuration, password: str | None, response_timeout: float
    ) -> None:
        self.identity = identity
        self.url = url
        self.password: bytes | None = password.encode() if password is not None else None
        self.configuration = configuration
        self.response_timeout = response_timeout
        self.rng = random.Random(identity)  # noqa: S311 - for variety, not for secrets
        self.registration: str | None = None  # what the last BootNotification was answered
        self.link: Link | None = None
        self.queue = OfflineQueue(
            lambda: configuration.number("TransactionMessageAttempts"),
            lambda: configuration.number("TransactionMessageRetryInterval"),
        )
        self._delivery: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def online(self) -> bool:
        """Whether the server can be asked: connected and accepted."""
        return self.link is not None and self.registration == "Accepted"

    async def connect(self) -> None:
        """Open the WebSocket. Raises OSError or websockets' InvalidHandshake (such as for HTTP 401 and 404)."""
        websocket = await connect(
            self.url.rstrip("/") + "/" + quote(self.identity, safe=""),
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            additional_headers=self._credentials(),
            compression=None,
            proxy=None,
            ping_interval=self.configuration.number("WebSocketPingInterval") or None,
            close_timeout=3,
        )
        link = self.answerer(websocket)
        self.link = link
        self.spawn(self._read(link))
        if self.registration == "Accepted":
            self.start_delivery()

    async def disconnect(self) -> None:
        """Close the WebSocket; sessions go on and their messages are queued."""
        if self.link is not None:
            await self.link.close()

    async def close(self) -> None:
        """Disconnect and end everything that runs for this station."""
        await self.disconnect()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def request(self, payload: Any) -> Any:
        """Send any CALL and return its answer. Raises a RequestFailed."""
        if self.link is None:
            raise ConnectionLost("not connected")
        return await self.link.request(payload)

    async def deliver(self, entry: Entry) -> None:
        """Queue a transaction message; when online, wait until it was answered, dropped or the connection broke."""
        self.queue.add(entry)
        delivery = self._delivery
        if delivery is None:
            return
        done = asyncio.ensure_future(entry.done.wait())
        try:
            await asyncio.wait((done, delivery), return_when=asyncio.FIRST_COMPLETED)
        finally:
            done.cancel()

    def start_delivery(self) -> None:
        """Begin to send what is queued; ends with the connection."""
        if self.link is not None and self._delivery is None:
            self._delivery = self.spawn(self.queue.deliver(self.request))

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside everything else; failed requests in it are logged."""
        task = asyncio.ensure_future(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def answerer(self, websocket: Any) -> Link:
        """The Link that answers for this station."""
        return Link(self, websocket, self.response_timeout)  # type: ignore[arg-type]

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except RequestFailed as error:
            LOGGER.info("%s: %s", self.identity, error)
        except Exception:
            LOGGER.exception("%s: the simulation failed", self.identity)

    async def _read(self, link: Link) -> None:
        try:
            await link.read()
        finally:
            if self.link is link:
                self.link = None
                if self._delivery is not None:
                    self._delivery.cancel()
                    self._delivery = None

    def _credentials(self) -> dict[str, str]:
        if self.password is None:
            return {}
        pair = self.identity.encode() + b":" + self.password
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
