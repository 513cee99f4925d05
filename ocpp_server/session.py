"""One connected charge point: its socket, from the handshake to the end."""

import logging
import time
from datetime import datetime

import gevent

from ocpp_server import clock, databases, dispatch, frame_log, frames, sessions
from ocpp_server.flood import Flooded
from ocpp_server.frames import Call, CallError, CallResult, UnreadableFrame
from ocpp_server.outbox import Outbox
from ocpp_server.settings import Settings
from ocpp_server.stations import Station
from ocpp_server.store import Store, Unit
from ocpp_server.websocket import Closed, StationSocket

log = logging.getLogger(__name__)

#: So many texts in a row that are no frames, and the peer is no charge point.
MAX_UNREADABLE = 20
_CONNECTED = "UPDATE charge_point SET connected_at = ?, last_seen_at = ?, disconnect_reason = NULL WHERE id = ?"
_DISCONNECTED = "UPDATE charge_point SET disconnected_at = ?, last_seen_at = ?, disconnect_reason = ? WHERE id = ?"


class Session:
    """Reads, answers and leaves; one CALL at a time, so a station is slowed by its own socket."""

    def __init__(self, store: Store, settings: Settings, station: Station, sock: StationSocket) -> None:
        self.store = store
        self.settings = settings
        self.station = station
        self.socket = sock
        self.connected_at = clock.now()
        self.last_seen_at: datetime = self.connected_at
        self.outbox = Outbox(store, station, sock)
        self._unreadable = 0
        #: Why it was cut off, as the inbox names it, and what it did.
        self.cut_off: tuple[str, str] | None = None

    @property
    def charge_point_id(self) -> int:
        return self.station.id

    def run(self) -> None:
        """Serve the station until its socket ends."""
        replaced = sessions.enter(self)
        if replaced is not None:
            gevent.spawn(replaced.socket.hang_up, 1008, "replaced by a newer connection")
        self.station.begin_connection(self.outbox.wake, self._hang_up)
        self._announce_arrival()
        try:
            for text in self.socket.messages():
                self.last_seen_at = clock.now()
                if self.socket.pipelined:
                    self._slow_down(text)
                self._receive(text)
                self.outbox.open()
        except Closed as closed:
            self.socket.close_reason = self.socket.close_reason or str(closed)
        finally:
            self._leave()
        if self.socket.is_too_long:
            self.cut_off = "too_long", f"more than {self.settings.max_message_size:,} bytes in a message"

    def _slow_down(self, text: str) -> None:
        """A station that does not wait for its answers (J 4.1.1) has a limited allowance."""
        try:
            pause = self.station.allowance.take(time.monotonic(), len(text))
        except Flooded as flooded:
            self.cut_off = "flood", str(flooded)
            self.socket.hang_up(1008, str(flooded))
            raise Closed(str(flooded)) from flooded
        if pause:
            gevent.sleep(pause)

    def _receive(self, text: str) -> None:
        try:
            message = frames.parse(text)
        except UnreadableFrame as fault:
            self._answer_unreadable(text, fault)
            return
        self._unreadable = 0
        if isinstance(message, Call):
            self.socket.send(self._answer(message))
        elif message is None or not self.outbox.receive(message):
            self._log_stray(text, message)

    def _answer(self, call: Call) -> str:
        """The answer, once everything it acknowledges is on the disk.

        What the database fails at is tried once more. If it fails again the station is told nothing: it keeps the
        message and sends it again, where a refusal would make it drop what should be billed (section 3.7.1).
        """
        try:
            return self._handle(call)
        except databases.FAILURES:
            log.exception("the database failed at %s from %s", call.action, self.station.identity)
        try:
            return self._handle(call)
        except databases.FAILURES as error:
            reason = "the database failed"
            self.socket.hang_up(1011, reason)
            raise Closed(reason) from error

    def _handle(self, call: Call) -> str:
        try:
            return self.store.write(lambda unit: dispatch.answer(unit, self.station, self.settings, call))
        except databases.FAILURES:
            raise
        except Exception:
            log.exception("%s from %s failed", call.action, self.station.identity)
        return self.store.write(lambda unit: dispatch.internal_error(unit, self.station, call))

    def _answer_unreadable(self, text: str, fault: UnreadableFrame) -> None:
        reply = self.store.write(lambda unit: dispatch.unreadable(unit, self.station, text, fault))
        if reply is not None:
            self.socket.send(reply)
        self._unreadable += 1
        if self._unreadable >= MAX_UNREADABLE:
            reason = f"{MAX_UNREADABLE} messages in a row that are not OCPP"
            self.socket.hang_up(1002, reason)
            # What was read already is not looked at any more.
            raise Closed(reason)

    def _log_stray(self, text: str, message: CallResult | CallError | None) -> None:
        """Nobody waits for it, or its type does not exist: ignored, but on record (J 4.1.3).

        The station waits for the record as it would for an answer, or a flood of these would fill the memory.
        """
        stray = message if message is not None else CallError("", "", "", {}, text)
        at = clock.to_ms(self.last_seen_at)
        self.store.write(lambda unit: frame_log.stray(unit, self.station.id, at, stray))

    def _hang_up(self, reason: str) -> None:
        gevent.spawn(self.socket.hang_up, 1008, reason)

    def _announce_arrival(self) -> None:
        now = clock.to_ms(self.connected_at)
        self.store.post(lambda unit: self._record(unit, _CONNECTED, now, now))

    def _leave(self) -> None:
        self.socket.release()
        self.outbox.close()
        if sessions.leave(self):
            self.station.end_connection()
            now, seen = clock.to_ms(clock.now()), clock.to_ms(self.last_seen_at)
            reason = self.socket.close_reason
            self.store.post(lambda unit: self._record(unit, _DISCONNECTED, now, seen, reason))

    def _record(self, unit: Unit, sql: str, *values: object) -> None:
        unit.execute(sql, *values, self.station.id)
        unit.publish("charge-points", f"charge-point-{self.station.id}")
