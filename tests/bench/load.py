"""A load generator that costs far less than what it loads: thousands of charge points in one thread.

Plain non-blocking sockets on epoll; frames are sent with a zero masking key, which is legal and saves the XOR;
answers are not parsed but for their type and the transactionId. Run as a program it prints one JSON object.
"""

import argparse
import errno
import heapq
import itertools
import json
import resource
import select
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import quote, urlsplit

from tests.bench.figures import Figures
from tests.bench.scenarios import SCENARIOS, Journal, Steps, Wait, closed_loop, identity, repeat
from tests.bench.watch import Watch

_HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)
#: Handshakes under way at the same time, unless all are to come at once.
CONNECTING = 200
_CONNECT_LIMIT = 180.0


class Client:
    """One charge point's socket and where its scenario stands."""

    __slots__ = ("action", "buffer", "due", "fd", "ids", "pending", "ready", "sent_at", "settled", "sock", "steps")

    def __init__(self, sock: socket.socket, steps: Steps) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.buffer = b""
        self.steps = steps
        self.ready = False
        self.pending = False
        self.settled = False
        self.sent_at = 0.0
        self.due = 0.0
        self.action = ""
        self.ids = itertools.count(1)


class Loop:
    """Drives all clients. `want` stations first, then `run` until something is true or the time is over."""

    def __init__(self, url: str, connecting: int = CONNECTING) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.path = parts.path
        self.figures = Figures()
        #: Stations that pause now, and those that have paused at least once: their first words are said.
        self.resting = self.settled = 0
        self._connecting, self._most_connecting = 0, connecting
        self._wanted: deque[tuple[str, Steps]] = deque()
        self._epoll = select.epoll()
        self._clients: dict[int, Client] = {}
        self._timers: list[tuple[float, int, Client]] = []
        self._order = itertools.count()
        self._measuring = False

    def want(self, identity: str, steps: Steps) -> None:
        """A station that connects as soon as there is room; its scenario begins after the handshake."""
        self._wanted.append((identity, steps))

    @property
    def is_complete(self) -> bool:
        """Nobody is on the way any more."""
        return not self._wanted and not self._connecting

    def run(self, seconds: float, until: Callable[[], bool] | None = None) -> None:
        """Serve all clients for so long, or until it is true, or until none is left."""
        end = time.perf_counter() + seconds
        while (now := time.perf_counter()) < end and not (until is not None and until()):
            self._connect_some()
            if not self._clients:
                return
            for fd, event in self._epoll.poll(self._until_timer(now, end)):
                client = self._clients.get(fd)
                if client is not None:
                    self._serve(client, event)
            self._fire_timers()

    def measure(self) -> None:
        """What is answered from now on counts."""
        self._measuring = True
        self.figures.started = time.perf_counter()

    def finish(self) -> Figures:
        """The figures so far. A call that waits still is reported, or a server that hangs would look fast."""
        figures, now = self.figures, time.perf_counter()
        figures.finished = now
        waiting = [now - client.sent_at for client in self._clients.values() if client.pending]
        figures.unanswered, figures.longest_wait = len(waiting), max(waiting, default=0.0)
        self._measuring = False
        return figures

    def close(self) -> None:
        for client in self._clients.values():
            client.sock.close()

    # -- connecting ----------------------------------------------------------------------------------------

    def _connect_some(self) -> None:
        while self._wanted and self._connecting < self._most_connecting:
            self._connect(*self._wanted.popleft())

    def _connect(self, identity: str, steps: Steps) -> None:
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        result = sock.connect_ex(self.address)
        if result not in (0, errno.EINPROGRESS):
            raise OSError(result, "cannot connect")
        client = Client(sock, steps)
        client.action = identity
        self._clients[client.fd] = client
        self._connecting += 1
        self._epoll.register(client.fd, select.EPOLLOUT)

    def _request_upgrade(self, client: Client) -> None:
        path, host = self.path + quote(client.action, safe=""), "{}:{}".format(*self.address)
        self._epoll.modify(client.fd, select.EPOLLIN)
        self._send(client, _HANDSHAKE.format(path=path, host=host).encode())

    def _finish_handshake(self, client: Client) -> bool:
        head, separator, rest = client.buffer.partition(b"\r\n\r\n")
        if not separator:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self.figures.refused[head[9:12].decode(errors="replace")] += 1
            self._drop(client, lost=False)
            return False
        client.ready, client.buffer = True, rest
        self._connecting -= 1
        self.figures.connected += 1
        self._advance(client, b"")
        return True

    # -- serving -------------------------------------------------------------------------------------------

    def _serve(self, client: Client, event: int) -> None:
        if event & select.EPOLLOUT and not event & (select.EPOLLERR | select.EPOLLHUP):
            self._request_upgrade(client)
            return
        try:
            data = client.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        client.buffer = client.buffer + data if client.buffer else data
        if not client.ready and not self._finish_handshake(client):
            return
        for message in self._messages(client):
            self._answered(client, message)

    def _until_timer(self, now: float, end: float) -> float:
        return max(0.0, min(self._timers[0][0] if self._timers else end, end) - now)

    def _fire_timers(self) -> None:
        now = time.perf_counter()
        while self._timers and self._timers[0][0] <= now:
            due, _, client = heapq.heappop(self._timers)
            self.resting -= 1
            if client.fd < 0:
                continue
            client.due = due
            self._advance(client, b"")

    def _messages(self, client: Client) -> Iterator[bytes]:
        """Whole unmasked frames; pings are answered, the rest is text."""
        buffer = client.buffer
        while len(buffer) >= 2:
            size, start = buffer[1] & 127, 2
            if size == 126:
                if len(buffer) < 4:
                    break
                (size,), start = struct.unpack_from("!H", buffer, 2), 4
            if len(buffer) < start + size:
                break
            opcode, payload = buffer[0] & 15, buffer[start : start + size]
            buffer = buffer[start + size :]
            if opcode == 9:
                self._send(client, _frame(payload, 0x8A))
            elif opcode == 1:
                yield payload
        client.buffer = buffer

    def _answered(self, client: Client, message: bytes) -> None:
        if message[1:2] == b"2" or not client.pending:
            return
        client.pending = False
        if self._measuring:
            self.figures.seconds[client.action].append(time.perf_counter() - client.sent_at)
        if message[1:2] == b"4":
            self.figures.errors[_error_code(message)] += 1
        self._advance(client, message)

    def _advance(self, client: Client, answer: bytes) -> None:
        try:
            step = client.steps.send(answer) if answer else next(client.steps)
        except StopIteration:
            self._drop(client, lost=False)
            return
        now = time.perf_counter()
        if isinstance(step, Wait):
            due = step.until if step.until is not None else now + step.seconds
            heapq.heappush(self._timers, (due, next(self._order), client))
            self.resting += 1
            self.settled += not client.settled
            client.settled = True
            return
        client.action = step.action
        # In an open loop the station wanted to send at `due`: what it waited since, for the answer before or for
        # this generator, is part of what it sees (or a slow server would be asked less and look fast).
        if client.due:
            if self._measuring:
                self.figures.lag.append(now - client.due)
            client.sent_at, client.due = client.due, 0.0
        else:
            client.sent_at = now
        client.pending = True
        self._send(client, _frame(f'[2,"{next(client.ids)}","{step.action}",{step.payload}]'.encode(), 0x81))

    def _send(self, client: Client, data: bytes) -> None:
        try:
            if client.sock.send(data) == len(data):
                return
        except OSError:
            pass
        # One call at a time never fills a socket's buffer: the server is gone, or does not read.
        self._drop(client)

    def _drop(self, client: Client, lost: bool = True) -> None:
        if client.fd < 0:
            return
        self.figures.lost += lost
        self._connecting -= not client.ready
        self._epoll.unregister(client.fd)
        del self._clients[client.fd]
        client.sock.close()
        client.fd, client.pending = -1, False


def _frame(payload: bytes, first: int) -> bytes:
    size = len(payload)
    if size < 126:
        return struct.pack("!BBI", first, 0x80 | size, 0) + payload
    return struct.pack("!BBHI", first, 0x80 | 126, size, 0) + payload


def _error_code(message: bytes) -> str:
    try:
        return str(json.loads(message)[2])
    except (ValueError, LookupError):
        return "unreadable"


# -- as a program ---------------------------------------------------------------------------------------------


def main() -> None:
    arguments = _arguments()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    watch = Watch(arguments.server, arguments.database, arguments.metrics)
    at_once = arguments.mode == "storm"
    loop = Loop(arguments.url, arguments.stations if at_once else CONNECTING)
    journal = Journal.read(arguments.journal) if arguments.mode == "repeat" else Journal()
    scenario = _scenario(arguments, journal)
    for number in range(arguments.stations):
        loop.want(identity(number), scenario(number))
    result = _PLANS[arguments.mode](loop, watch, arguments)
    loop.close()
    if arguments.journal:
        journal.write(arguments.journal)
    json.dump(result, sys.stdout)


def _scenario(arguments: argparse.Namespace, journal: Journal) -> Callable[[int], Steps]:
    if arguments.mode == "repeat":
        return partial(repeat, journal=journal)
    if arguments.journal:
        return partial(closed_loop, journal=journal)
    return SCENARIOS[arguments.mode]


def _steadily(loop: Loop, watch: Watch, arguments: argparse.Namespace) -> dict:
    """Connect all, warm up, then measure for so long."""
    loop.run(_CONNECT_LIMIT, lambda: loop.is_complete)
    if arguments.mode == "open":
        loop.run(_CONNECT_LIMIT, lambda: loop.settled + loop.figures.gone >= arguments.stations)
    watch.count()
    loop.run(arguments.warm_up)
    watch.begin()
    loop.measure()
    loop.run(arguments.seconds)
    figures = loop.finish()
    watch.end()
    return figures.summary() | watch.usage(figures.calls)


def _at_once(loop: Loop, watch: Watch, arguments: argparse.Namespace) -> dict:
    """All connect and boot at the same time: how long until the last has said all it had to say."""
    watch.count()
    watch.begin()
    loop.measure()
    loop.run(_CONNECT_LIMIT, lambda: loop.settled + loop.figures.gone >= arguments.stations)
    figures = loop.finish()
    watch.end()
    return figures.summary() | {"rested": loop.settled} | watch.usage(figures.calls)


def _at_rest(loop: Loop, watch: Watch, arguments: argparse.Namespace) -> dict:
    """Connect all and be silent: what they cost."""
    watch.begin()
    loop.run(_CONNECT_LIMIT, lambda: loop.is_complete)
    loop.run(arguments.warm_up)
    watch.end()
    connected = loop.figures.connected
    return loop.finish().summary() | {"bytes_per_station": round(watch.grown_bytes / connected) if connected else 0}


_PLANS = {"closed": _steadily, "repeat": _steadily, "open": _steadily, "storm": _at_once, "idle": _at_rest}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="ws://127.0.0.1:8080/ocpp/")
    parser.add_argument("--mode", choices=_PLANS, default="closed")
    parser.add_argument("--stations", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--warm-up", type=float, default=2)
    parser.add_argument("--server", type=int, default=0, help="its process id, to report what it used meanwhile")
    parser.add_argument("--database", default="", help="name of the PostgreSQL database, to add up its processes")
    parser.add_argument("--metrics", default="", help="address of the server's own counters")
    parser.add_argument("--journal", default="", help="file to write what was acknowledged to")
    return parser.parse_args()


if __name__ == "__main__":
    main()
