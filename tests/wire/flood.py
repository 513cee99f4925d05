"""A process that floods: `python -m tests.wire.flood PORT IDENTITY KIND` sends and reads as fast as it can."""

import socket
import sys
import threading
from contextlib import suppress

from tests.wire import raw

KINDS = {
    "pings": raw.frame(raw.PING, b"x" * 20),
    "pongs": raw.frame(raw.PONG),
    "unasked answers": raw.frame(raw.TEXT, '[3,"1",{}]'),
    "empty messages": raw.frame(raw.TEXT),
    "unknown message types": raw.frame(raw.TEXT, '[5,"1",{}]'),
    "empty fragments": raw.frame(raw.CONTINUATION, last=False),
    "calls": raw.frame(raw.TEXT, '[2,"1","Heartbeat",{}]'),
}


def main(port: str, identity: str, kind: str) -> None:
    sock = raw.handshake(int(port), f"/ocpp/{identity}").sock
    threading.Thread(target=_drain, args=(sock,), daemon=True).start()
    if kind == "empty fragments":
        sock.sendall(raw.frame(raw.TEXT, "x", last=False))
    many = KINDS[kind] * 200
    with suppress(OSError):
        while True:
            sock.sendall(many)


def _drain(sock: socket.socket) -> None:
    with suppress(OSError):
        while sock.recv(1 << 20):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
