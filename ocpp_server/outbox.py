"""A connected station's outgoing CALLs: one at a time, each with its time-out (J 4.1.1).

Waiting for an answer holds up neither the station's own messages, which another greenlet reads and answers, nor
any other station.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable

import gevent
from gevent.event import AsyncResult

from ocpp_server import outgoing
from ocpp_server.frames import CallError, CallResult
from ocpp_server.services import commands
from ocpp_server.services.commands import Claimed
from ocpp_server.stations import Station
from ocpp_server.store import Store, Unit
from ocpp_server.websocket import Closed, StationSocket, Unsent

log = logging.getLogger(__name__)

#: Some stations need silence until they have booted (quirk 14): so many seconds, or until their first message.
QUIET_SECONDS = 3.0
_LATE_KEPT = 20

#: Writes down an answer to a command.
Write = Callable[[Unit, Station, Claimed, CallResult | CallError], None]


class Outbox:
    """Sends what waits in the command table, while the station is connected."""

    def __init__(self, store: Store, station: Station, sock: StationSocket) -> None:
        self._store = store
        self._station = station
        self._socket = sock
        self._ready = False
        self._wanted = False
        self._closed = False
        self._sender: gevent.Greenlet | None = None
        self._pending: tuple[Claimed, AsyncResult] | None = None
        self._late: OrderedDict[str, Claimed] = OrderedDict()
        self._timer = gevent.spawn_later(QUIET_SECONDS, self.open)

    def open(self) -> None:
        """The station may be spoken to."""
        if not self._ready:
            self._ready = True
            self._timer.kill(block=False)
            self.wake()

    def wake(self) -> None:
        """Something may wait; called from any greenlet, never blocks."""
        self._wanted = True
        if self._ready and not self._closed and (self._sender is None or self._sender.dead):
            self._sender = gevent.spawn(self._send_all)

    def receive(self, answer: CallResult | CallError) -> bool:
        """Take an answer that the reader read; False where nobody waits for it."""
        if self._pending is not None and self._pending[0].message_id == answer.message_id:
            claimed, done = self._pending
            self._pending = None
            answer = outgoing.discreet(claimed, answer)
            try:
                self._write(outgoing.conclude, outgoing.note, claimed, answer)
            finally:
                done.set()
            return True
        late = self._late.pop(answer.message_id, None) if isinstance(answer.message_id, str) else None
        if late is not None:
            self._write(outgoing.late, outgoing.note_late, late, outgoing.discreet(late, answer))
        return late is not None

    def _write(self, apply: Write, note: Write, claimed: Claimed, answer: CallResult | CallError) -> None:
        """Write the answer down with what it changes; where it is too odd for that, by itself (X-J-22)."""
        try:
            self._store.write(lambda unit: apply(unit, self._station, claimed, answer))
        except Exception:
            log.exception("the answer of %s to %s was not applied", self._station.identity, claimed.action)
            self._store.write(lambda unit: note(unit, self._station, claimed, answer))

    def close(self) -> None:
        """The socket is gone: what was on the wire is lost, what waits stays."""
        self._closed = True
        self._timer.kill(block=False)
        if self._pending is not None:
            if self._sender is not None:
                self._sender.kill(block=False)
            claimed, _ = self._pending
            self._pending = None
            self._store.post(lambda unit: commands.lost(unit, claimed))

    def _send_all(self) -> None:
        while self._wanted and not self._closed:
            self._wanted = False
            taken = self._store.write(lambda unit: outgoing.take(unit, self._station))
            if taken is not None:
                self._wanted = True
                if self._closed:
                    self._put_back(taken[0])
                else:
                    self._call(*taken)

    def _put_back(self, claimed: Claimed) -> None:
        """Nothing of it was sent: the station never heard of it."""
        self._pending = None
        self._store.post(lambda unit: commands.put_back(unit, claimed))

    def _call(self, claimed: Claimed, text: str) -> None:
        done = AsyncResult()
        # Kept before the bytes leave: the answer may be faster than the return of `send`.
        self._pending = (claimed, done)
        try:
            self._socket.send(text)
            done.get(timeout=claimed.timeout)
        except Unsent:
            self._put_back(claimed)
            self.close()
        except Closed:
            self.close()
        except gevent.Timeout:
            self._time_out(claimed, done)

    def _time_out(self, claimed: Claimed, done: AsyncResult) -> None:
        if self._pending is None:
            # The answer came at the last moment and is being written down.
            done.get()
            return
        self._pending = None
        self._late[claimed.message_id] = claimed
        if len(self._late) > _LATE_KEPT:
            self._late.popitem(last=False)
        self._store.write(lambda unit: commands.timed_out(unit, claimed))
