"""Transaction messages wait here until the server has answered them, in order (OCPP 1.6 section 3.7).

What could not be delivered is sent after the next connect with its original timestamps. What the server failed to
process is tried again after growing pauses and finally dropped (section 3.7.1).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from ocpp_server.simulator.link import NoAnswer, Refused

LOGGER = logging.getLogger("chargeyard.simulator")
MOST_ENTRIES = 2000  # per station; then the oldest MeterValues go, never a start or a stop


@dataclass
class Entry:
    """One message. `build` makes it when it is sent, because only then is the transactionId sure to be known."""

    name: str
    build: Callable[[], Any]
    answered: Callable[[Any], None] = lambda answer: None  # gets the answer, or None if the message was dropped
    may_be_lost: bool = False
    attempts: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)


class OfflineQueue:
    """The queue of one station."""

    def __init__(self, attempts: Callable[[], int], retry_seconds: Callable[[], float]) -> None:
        self._attempts = attempts
        self._retry_seconds = retry_seconds
        self._entries: deque[Entry] = deque()
        self._filled = asyncio.Event()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Append a message."""
        if len(self._entries) >= MOST_ENTRIES:
            self._make_room()
        self._entries.append(entry)
        self._filled.set()

    async def deliver(self, send: Callable[[Any], Awaitable[Any]]) -> None:
        """Send what waits and what comes, until the connection breaks (ConnectionLost) or the task is cancelled."""
        while True:
            self._filled.clear()
            while self._entries:
                await self._deliver_first(send)
            await self._filled.wait()

    async def _deliver_first(self, send: Callable[[Any], Awaitable[Any]]) -> None:
        entry = self._entries[0]
        try:
            self._finish(entry, await send(entry.build()))
        except (NoAnswer, Refused) as error:
            entry.attempts += 1
            if entry.attempts >= self._attempts():
                LOGGER.warning("%s dropped after %d attempts: %s", entry.name, entry.attempts, error)
                self.dropped += 1
                self._finish(entry, None)
            else:
                await asyncio.sleep(self._retry_seconds() * entry.attempts)

    def _finish(self, entry: Entry, answer: Any) -> None:
        self._entries.remove(entry)
        entry.answered(answer)
        entry.done.set()

    def _make_room(self) -> None:
        for entry in self._entries:
            if entry.may_be_lost and not entry.attempts:
                self._entries.remove(entry)
                entry.done.set()
                return
