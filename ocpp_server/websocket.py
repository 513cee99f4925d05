"""What flask-sock and simple-websocket need under gevent's pywsgi, and nothing else.

flask-sock performs the handshake; from then on `StationSocket` reads and writes in our own greenlets, with the
protocol layer of the `websockets` package (a third of the time of wsproto's for each message; and what nearly all
messages are, one whole text frame, is read and written here in a tenth of that), because simple-websocket (1.1.0) would

* leave the TCP connection open after the WebSocket is closed (`UpgradeHandler`),
* not wake a reader when another greenlet closes (`hang_up` shuts the socket down),
* write partial frames with `send`, and interleave two writers (`_flush` here writes all, under a lock;
  simple-websocket issue 45),
* read ahead without bound while nobody takes the messages (here nothing is read before the last is answered),
* keep a second greenlet for each socket (`NoThread`).
"""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

import gevent
from gevent import monkey
from gevent.lock import Semaphore
from gevent.pywsgi import WSGIHandler
from gevent.socket import wait
from websockets.exceptions import InvalidState, PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import SERVER, Protocol, State

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

from ocpp_server.leftovers import Leftovers

log = logging.getLogger(__name__)
# The protocol layer tells each closing at INFO; the session knows more about it.
log.setLevel(logging.WARNING)

#: A peer that does not take a closing frame within this is cut off, in seconds.
_CLOSE_TIMEOUT = 1.0
_RECEIVE_BYTES = 4_096
#: A message of so many characters fills half of what is received at once.
_LARGE = 2_048
#: The kernel's own word, at once; gevent's would let others run first.
_poll, _READABLE = monkey.get_original("select", ["poll", "POLLIN"])
#: The first byte of a text frame that is a whole message; the mark of a masked one; of a length in two bytes.
_TEXT, _MASKED, _TWO_BYTES = 0x81, 0x80, 126
#: Seconds for everyone else after frames that held no message: pings and the like come twice a minute, or in a flood.
_IDLE_PAUSE = 0.005


class UpgradeHandler(WSGIHandler):
    """pywsgi's handler, which takes a connection for reusable after the WebSocket on it has ended."""

    def handle(self) -> None:
        # Head and body are written apart, and without this the second waits 40 ms for the first's acknowledgement.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle()

    def get_environ(self) -> Any:
        environ = super().get_environ()
        # PATH_INFO is decoded already, which loses an encoded slash within an identity.
        environ["RAW_PATH"] = self.path
        self.wsgi_input = Leftovers(self)
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


class Unsent(Closed):
    """It was closing already, and nothing of the message was written."""


class StationSocket:
    """A WebSocket after its handshake: one reader, any number of writers."""

    def __init__(self, sock: socket.socket, max_message_size: int) -> None:
        self._sock = sock
        self._protocol = Protocol(SERVER, max_size=max_message_size, logger=log)
        self._max_size = max_message_size
        self._lock = Semaphore()
        self._parts: list[bytes] = []
        self.last_heard = time.monotonic()
        self.unanswered_pings = 0
        self.close_reason = ""
        #: Whether a message was longer than may be.
        self.is_too_long = False
        #: Whether the message at hand had arrived before the one in front of it was answered.
        self.pipelined = False

    def messages(self) -> Iterator[str]:
        """Text messages as they come, until the socket ends; blank ones are ignored (quirk 25).

        Nothing is read while the caller is busy.
        """
        try:
            while True:
                data = self._read()
                message = self._whole_text(data)
                if message is not None:
                    yield message
                    self.pipelined = len(message) >= _LARGE and self._has_more()
                    continue
                self._feed(data)
                frames = self._protocol.events_received()
                idle = bool(frames)
                size = 0
                for frame in frames:
                    message = self._take(frame) if isinstance(frame, Frame) else None
                    if message and not message.isspace():
                        idle, size = False, len(message)
                        yield message
                        self.pipelined = True
                self.pipelined = size >= _LARGE and self._has_more()
                self._end_if_closing()
                if idle:
                    # Where data waits already `recv` does not yield: a flood of pings would be all that is served.
                    gevent.sleep(_IDLE_PAUSE)
        except Closed as closed:
            self.close_reason = self.close_reason or str(closed)

    def send(self, text: str) -> None:
        """Send a text message whole. Raises Closed, and Unsent where nothing of it was written."""
        with self._lock:
            if self._protocol.state is not State.OPEN:
                raise Unsent("the socket is closing")
            self._send_all(_text_frame(text.encode()))

    def ping(self) -> None:
        """Ask for a sign of life. Raises Closed."""
        self.unanswered_pings += 1
        self._write(self._protocol.send_ping, b"")

    def hang_up(self, code: int, reason: str) -> None:
        """Close from any greenlet and wake the reader, whatever the peer does."""
        self.close_reason = self.close_reason or reason
        with suppress(Closed, gevent.Timeout), gevent.Timeout(_CLOSE_TIMEOUT):
            # A reason has 123 bytes at most (RFC 6455 section 5.5).
            self._write(self._protocol.send_close, code, reason[:60])
        self.shut_down()

    def shut_down(self) -> None:
        """End the TCP connection in both directions."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Give the descriptor back; the reader calls this last."""
        self.shut_down()
        self._sock.close()

    def _read(self) -> bytes:
        try:
            # A station sends nothing before it is answered, so trying at once is a system call in vain.
            wait(self._sock._read_event)  # type: ignore[attr-defined]  # the watcher that its own recv waits with
            data = self._sock.recv(_RECEIVE_BYTES)
        except OSError as error:
            raise Closed(f"connection lost ({error.strerror or error})") from error
        if not data:
            raise Closed("connection lost")
        self.last_heard = time.monotonic()
        self.unanswered_pings = 0
        return data

    def _has_more(self) -> bool:
        """Whether the peer has sent more already. Asked only after large messages, of which no two come at once."""
        poll = _poll()
        poll.register(self._sock.fileno(), _READABLE)
        return bool(poll.poll(0))

    def _whole_text(self, data: bytes) -> str | None:
        """The text of one whole frame, masked and of ordinary length (RFC 6455 section 5.2); None for all else.

        All else is for the protocol layer, which must not be in the middle of anything.
        """
        protocol = self._protocol
        if data[0] != _TEXT or protocol.reader.buffer or protocol.current_size is not None or len(data) < 6:
            return None
        if protocol.state is not State.OPEN:
            return None
        size, start = data[1] - _MASKED, 2
        if size == _TWO_BYTES:
            size, start = int.from_bytes(data[2:4]), 4
        elif size > _TWO_BYTES:
            return None
        # What is not masked, empty, too large, or comes in pieces does not fit.
        if not 0 < size <= self._max_size or len(data) != start + 4 + size:
            return None
        text = self._decode(apply_mask(data[start + 4 :], data[start : start + 4]))
        return None if text.isspace() else text

    def _feed(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        if self._protocol.writes:
            with self._lock:
                self._flush()

    def _take(self, frame: Frame) -> str | None:
        """The message that a frame completes; control frames are answered by the protocol layer."""
        if frame.opcode is Opcode.TEXT and frame.fin:
            return self._decode(frame.data)
        if frame.opcode is Opcode.BINARY:
            self._fail(CloseCode.UNSUPPORTED_DATA, "a binary message; OCPP-J is text")
        if frame.opcode in (Opcode.TEXT, Opcode.CONT):
            if frame.data:  # Nothing bounds the number of empty fragments.
                self._parts.append(bytes(frame.data))
            if frame.fin:
                whole = b"".join(self._parts)
                self._parts.clear()
                return self._decode(whole)
        return None

    def _decode(self, data: Any) -> str:
        try:
            return str(data, "utf-8")
        except UnicodeDecodeError as error:
            self._fail(CloseCode.INVALID_DATA, "a message that is not UTF-8", error)

    def _end_if_closing(self) -> None:
        protocol = self._protocol
        if protocol.state is State.OPEN:
            return
        if protocol.parser_exc is not None:
            self.is_too_long = isinstance(protocol.parser_exc, PayloadTooBig)
            raise Closed(f"the station broke the WebSocket protocol: {protocol.parser_exc}")
        closed = protocol.close_rcvd
        reason = f": {closed.reason}" if closed and closed.reason else ""
        raise Closed(f"closed by the station ({closed.code if closed else 'without a code'}{reason})")

    def _fail(self, code: int, reason: str, cause: Exception | None = None) -> NoReturn:
        self.hang_up(code, reason)
        raise Closed(reason) from cause

    def _write(self, compose: Callable[..., None], *arguments: Any) -> None:
        with self._lock:
            try:
                compose(*arguments)
            except InvalidState as error:
                raise Unsent("the socket is closing") from error
            self._flush()

    def _flush(self) -> None:
        """Write what the protocol layer has composed; an empty piece there stands for the end of the stream."""
        self._send_all(b"".join(self._protocol.data_to_send()))

    def _send_all(self, data: bytes) -> None:
        try:
            sent = self._sock.send(data)
            if sent < len(data):
                self._sock.sendall(memoryview(data)[sent:])
        except OSError as error:
            raise Closed(f"connection lost ({error.strerror or error})") from error


def _text_frame(data: bytes) -> bytes:
    """A message in one frame, as a server sends it."""
    size = len(data)
    if size < _TWO_BYTES:
        return bytes((_TEXT, size)) + data
    if size < 1 << 16:
        return bytes((_TEXT, _TWO_BYTES)) + size.to_bytes(2) + data
    return bytes((_TEXT, 127)) + size.to_bytes(8) + data
