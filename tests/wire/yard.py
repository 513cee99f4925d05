"""The running server as the tests on a real socket speak of it, and a look for what it leaves behind."""

import gc
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gevent
import pytest
from peewee import Model

from ocpp_server import sessions
from ocpp_server.server import Server
from ocpp_server.services.card import id_tags
from ocpp_server.services.station import charge_points
from tests.fake_charge_point import FakeChargePoint
from tests.wire import raw

CARD = "CARD-1"


def eventually(condition: Callable[[], Any], seconds: float = 5.0, otherwise: str = "this never came true") -> Any:
    """Wait until the condition holds, and return what it gave; a failure if it never does."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, otherwise
        gevent.sleep(0.005)
    return result


class Yard:
    """A server with its database; the stations that a test connects are closed at its end."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.store = server.store
        self.port = server.port
        self._open: list[FakeChargePoint | socket.socket] = []

    def add_station(self, identity: str = "CP-1", **fields: Any) -> int:
        return self.store.write(lambda unit: charge_points.add(unit, identity, **fields).id)

    def change_station(self, charge_point_id: int, **fields: Any) -> None:
        self.store.write(lambda unit: charge_points.update(unit, charge_point_id, **fields))

    def add_card(self, id_tag: str = CARD, **fields: Any) -> int:
        return self.store.write(lambda unit: id_tags.add(unit, id_tag, **fields).id)

    def station(self, identity: str = "CP-1", **more: Any) -> FakeChargePoint:
        """A station that is not connected yet."""
        charge_point = FakeChargePoint(self.port, identity, **more)
        self._open.append(charge_point)
        return charge_point

    def connect(self, identity: str = "CP-1", **more: Any) -> FakeChargePoint:
        return self.station(identity, **more).connect()

    def handshake(self, target: str = "/ocpp/CP-1", lines: Sequence[str] | None = None, **more: Any) -> raw.Answer:
        """An upgrade request by hand, and the head of its answer."""
        answer = raw.handshake(self.port, target, lines, **more)
        self._open.append(answer.sock)
        return answer

    def rows(self, model: type[Model], *where: Any) -> list[Any]:
        """The rows of a table, oldest first. What was posted before is committed before."""
        self.store.write(lambda unit: None)
        with self.store.reading():
            query = model.select().order_by(*model._meta.get_primary_keys())
            return list(query.where(*where) if where else query)

    def row(self, model: type[Model], *where: Any) -> Any:
        """The one row."""
        (row,) = self.rows(model, *where)
        return row

    def is_empty(self) -> bool:
        return not sessions.connected_ids()

    def close(self) -> None:
        for end in self._open:
            end.vanish() if isinstance(end, FakeChargePoint) else end.close()
        eventually(self.is_empty)


def held(yard: Yard) -> tuple[int, int]:
    """Open descriptors and living greenlets; idle database connections and the thread pool's do not count."""
    yard.store.database.close_idle()
    gc.collect()
    alive = sum(1 for thing in gc.get_objects() if isinstance(thing, gevent.Greenlet) and not thing.dead)
    return len(os.listdir("/proc/self/fd")), alive


def settles_at(yard: Yard, descriptors: int, greenlets: int) -> None:
    """Wait until no more than this is held."""
    seen: list[tuple[int, int]] = []

    def settled() -> bool:
        seen.append(held(yard))
        return seen[-1][0] <= descriptors and seen[-1][1] <= greenlets

    try:
        eventually(settled, 4)
    except AssertionError:
        pytest.fail(f"{(descriptors, greenlets)} descriptors and greenlets were expected, {seen[-1]} are held")


@contextmanager
def nothing_leaks(yard: Yard) -> Iterator[None]:
    """What is opened meanwhile, sockets and greenlets, is gone soon after."""
    connected = sessions.connected_ids()
    yard.connect().close()
    eventually(lambda: sessions.connected_ids() == connected)
    before = steady(yard)
    yield
    settles_at(yard, *before)


def steady(yard: Yard) -> tuple[int, int]:
    """What is held once nothing is on its way any more."""
    before = held(yard)
    while True:
        gevent.sleep(0.02)
        if (now := held(yard)) == before:
            return now
        before = now
