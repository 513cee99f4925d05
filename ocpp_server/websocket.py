"""What flask-sock and simple-websocket need under gevent's pywsgi, and nothing else.

flask-sock performs the handshake; from then on `StationSocket` reads and writes in our own greenlets, because
simple-websocket (1.1.0) would

* leave the TCP connection open after the WebSocket is closed (`UpgradeHandler`),
* not wake a reader when another greenlet closes (`hang_up` shuts the socket down),
* write partial frames with `send`, and interleave two writers (`send` here uses sendall under a lock;
  simple-websocket issue 45),
* read ahead without bound while nobody takes the messages (here nothing is read before the last is answered),
* keep a second greenlet for each socket (`NoThread`).
"""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gevent
from gevent.lock import RLock
from gevent.pywsgi import WSGIHandler
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, Pong, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

#: A peer that does not take a closing frame within this is cut off, in seconds.
_CLOSE_TIMEOUT = 1.0
_RECEIVE_BYTES = 16_384


class UpgradeHandler(WSGIHandler):
    """pywsgi's handler, which takes a connection for reusable after the WebSocket on it has ended."""

    def get_environ(self) -> Any:
        environ = super().get_environ()
        # PATH_INFO is decoded already, which loses an encoded slash within an identity.
        environ["RAW_PATH"] = self.path
        return environ

    def handle_one_response(self) -> None:
        super().handle_one_response()
        if self.environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            self.close_connection = True


class NoThread:
    """In place of the thread that simple-websocket would read in."""

    def __init__(self, target: Any = None) -> None:
        self.name = ""

    def start(self) -> None:
        """The handler's own greenlet reads."""


class Closed(Exception):
    """The socket is gone; the text says why, in plain words."""


class StationSocket:
    """A WebSocket after its handshake: one reader, any number of writers.

    `ws` is simple-websocket's Server; its protocol state (wsproto) and its socket are used, its reading is not.
    """

    def __init__(self, ws: Any, max_message_size: int) -> None:
        self._protocol = ws.ws
        self._sock: socket.socket = ws.sock
        self._max_message_size = max_message_size
        self._lock = RLock()
        self._parts: list[str] = []
        self._size = 0
        self.last_heard = time.monotonic()
        self.unanswered_pings = 0
        self.close_reason = ""

    def messages(self) -> Iterator[str]:
        """Text messages as they come, until the socket ends. Nothing is read while the caller is busy."""
        try:
            while self._protocol.state is not ConnectionState.CLOSED:
                for event in self._protocol.events():
                    message = self._take(event)
                    if message is not None:
                        yield message
                self._receive()
        except Closed as closed:
            self.close_reason = self.close_reason or str(closed)

    def send(self, text: str) -> None:
        """Send a text message whole. Raises Closed."""
        self._write(TextMessage(data=text))

    def ping(self) -> None:
        self.unanswered_pings += 1
        self._write(Ping())

    def hang_up(self, code: int, reason: str) -> None:
        """Close from any greenlet and wake the reader, whatever the peer does."""
        self.close_reason = self.close_reason or reason
        with suppress(Closed, gevent.Timeout), gevent.Timeout(_CLOSE_TIMEOUT):
            self._write(CloseConnection(code, reason[:120]))
        self.shut_down()

    def shut_down(self) -> None:
        """End the TCP connection in both directions."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Give the descriptor back; the reader calls this last."""
        self.shut_down()
        self._sock.close()

    def _receive(self) -> None:
        try:
            data = self._sock.recv(_RECEIVE_BYTES)
        except OSError as error:
            raise Closed(f"connection lost ({error.strerror or error})") from error
        if not data:
            raise Closed("connection lost")
        self.last_heard = time.monotonic()
        self.unanswered_pings = 0
        try:
            self._protocol.receive_data(data)
        except (LocalProtocolError, RemoteProtocolError) as error:
            self._fail(CloseReason.PROTOCOL_ERROR, "the station broke the WebSocket protocol", error)

    def _take(self, event: Any) -> str | None:
        if isinstance(event, Message):
            return self._collect(event)
        if isinstance(event, Ping):
            self._write(event.response())
        elif isinstance(event, CloseConnection):
            self._answer_close(event)
        elif not isinstance(event, Pong):
            self._fail(CloseReason.PROTOCOL_ERROR, "the station broke the WebSocket protocol")
        return None

    def _collect(self, event: Message) -> str | None:
        self._size += len(event.data)
        if self._size > self._max_message_size:
            self._fail(CloseReason.MESSAGE_TOO_BIG, f"a message of more than {self._max_message_size} bytes")
        if isinstance(event, BytesMessage):
            self._fail(CloseReason.UNSUPPORTED_DATA, "a binary message; OCPP-J is text")
        self._parts.append(event.data)
        if not event.message_finished:
            return None
        message = self._parts[0] if len(self._parts) == 1 else "".join(self._parts)
        self._parts.clear()
        self._size = 0
        return message

    def _answer_close(self, event: CloseConnection) -> None:
        try:
            self._write(event.response())
        finally:
            reason = f": {event.reason}" if event.reason else ""
            raise Closed(f"closed by the station ({int(event.code)}{reason})")

    def _fail(self, code: int, reason: str, cause: Exception | None = None) -> None:
        self.hang_up(code, reason)
        raise Closed(reason) from cause

    def _write(self, event: Any) -> None:
        with self._lock:
            try:
                self._sock.sendall(self._protocol.send(event))
            except LocalProtocolError as error:
                raise Closed("the socket is closing") from error
            except OSError as error:
                raise Closed(f"connection lost ({error.strerror or error})") from error
