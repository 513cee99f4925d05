"""Handshakes and WebSocket frames by hand: what no well-behaved client would send."""

import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


@dataclass
class Answer:
    """What the server said to an upgrade request; `rest` are the bytes behind the headers."""

    status: int
    headers: dict[str, str]
    rest: bytes
    sock: socket.socket


def upgrade_lines(*, offered: Sequence[str] = ("ocpp1.6",), more: Sequence[str] = ()) -> list[str]:
    """The headers of a handshake; each of `offered` is a header line of its own."""
    protocols = [f"Sec-WebSocket-Protocol: {value}" for value in offered]
    fixed = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}"]
    return [*fixed, *protocols, *more]


def handshake(
    port: int,
    target: str = "/ocpp/CP-1",
    lines: Sequence[str] | None = None,
    *,
    offered: Sequence[str] = ("ocpp1.6",),
    receive_buffer: int | None = None,
) -> Answer:
    """Send a request of just these lines and read the head of the answer. The caller closes `sock`."""
    lines = upgrade_lines(offered=offered) if lines is None else lines
    request = "\r\n".join([f"GET {target} HTTP/1.1", "Host: yard.example", *lines, "", ""])
    sock = socket.socket()
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(10)
    sock.connect(("127.0.0.1", port))
    sock.sendall(request.encode("latin-1"))
    return read_head(sock)


def read_head(sock: socket.socket) -> Answer:
    data = b""
    while b"\r\n\r\n" not in data:
        received = sock.recv(4096)
        assert received, f"the server hung up after {data!r}"
        data += received
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *others = head.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in others)
    return Answer(int(first.split()[1]), {name.lower(): value.strip() for name, value in pairs}, rest, sock)


def frame(opcode: int, payload: bytes | str = b"", *, last: bool = True, declared: int | None = None) -> bytes:
    """A masked frame as clients send it; `declared` claims another length than it has."""
    data = payload.encode() if isinstance(payload, str) else payload
    length = len(data) if declared is None else declared
    head = bytes([(0x80 if last else 0) | opcode])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 65_536:
        head += struct.pack("!BH", 0x80 | 126, length)
    else:
        head += struct.pack("!BQ", 0x80 | 127, length)
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


def read_frames(sock: socket.socket, rest: bytes = b"") -> list[tuple[int, bytes]]:
    """All frames until the server ends the connection. A reset ends it too."""
    data = rest
    try:
        while received := sock.recv(65_536):
            data += received
    except ConnectionError:
        pass
    found = []
    while len(data) >= 2:
        length, start = data[1] & 0x7F, 2
        if length == 126:
            length, start = struct.unpack("!H", data[2:4])[0], 4
        elif length == 127:
            length, start = struct.unpack("!Q", data[2:10])[0], 10
        found.append((data[0] & 0x0F, data[start : start + length]))
        data = data[start + length :]
    return found


def close_code(frames: Sequence[tuple[int, bytes]]) -> int | None:
    """The code of the closing frame, if there was one."""
    codes = [int.from_bytes(payload[:2], "big") for opcode, payload in frames if opcode == CLOSE]
    return codes[0] if codes else None


def read_message(sock: socket.socket) -> str:
    """The next text message, whole; other frames are passed over."""
    while True:
        opcode, length = _exactly(sock, 2)
        if length == 126:
            (length,) = struct.unpack("!H", _exactly(sock, 2))
        payload = _exactly(sock, length)
        if opcode & 0x0F == TEXT:
            return payload.decode()


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        received = sock.recv(size - len(data))
        assert received, "the server hung up"
        data += received
    return data
