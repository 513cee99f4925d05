"""A disk that takes its time: everyone else is served meanwhile, and a commit is shared by all who wait for it."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import pytest
from gevent.event import Event

import app as entry
from ocpp_server import stations
from ocpp_server.models import Frame
from ocpp_server.server import Server
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.wire.yard import Yard, eventually

STATIONS, CALLS = 20, 5


class SlowStore(Store):
    """A database whose disk takes 50 ms for each commit, or for as long as it is held."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.free = Event()
        self.free.set()
        self.syncing = Event()

    def _sync(self) -> None:
        self.syncing.set()
        gevent.sleep(0.05)
        self.free.wait()
        super()._sync()
        self.syncing.clear()

    @contextmanager
    def held(self) -> Iterator[None]:
        """The disk does not answer until the end of this."""
        self.free.clear()
        try:
            yield
        finally:
            self.free.set()


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    server = Server(settings, entry.create_portal)
    server.store.stop()
    server.store = SlowStore(settings.database)
    server.start()
    yield server
    server.store.free.set()
    server.stop()
    stations.clear()


def fetch(yard: Yard, path: str) -> tuple[int, str]:
    """A page, over a connection of its own."""
    with urllib.request.urlopen(f"http://127.0.0.1:{yard.port}{path}", timeout=10) as answer:
        return answer.status, answer.read().decode()


def test_pages_and_pings_are_served_while_the_disk_works(yard):
    yard.add_station("CP-2")
    one, other = yard.connect(), yard.connect("CP-2")
    with yard.store.held():
        one.send_call("Heartbeat", {})
        assert yard.store.syncing.wait(5)
        assert fetch(yard, "/healthz")[0] == 200
        assert "<form" in fetch(yard, "/login")[1]
        other.ws.ping("still there?")
        assert other.ws.recv_frame().data == b"still there?"
        assert yard.store.syncing.is_set(), "the disk was not held meanwhile"
    assert one.recv()[0] == 3


def test_nothing_is_answered_before_the_disk_has_it(yard):
    charge_point = yard.connect()
    charge_point.boot()
    with yard.store.held():
        sent = charge_point.send_call("Heartbeat", {})
        assert yard.store.syncing.wait(5)
        answered = gevent.spawn(charge_point.recv)
        assert not answered.ready()
        with yard.store.reading():
            assert not Frame.select().where(Frame.message_id == sent).exists()
        assert not answered.ready()
    assert answered.get(timeout=5)[1] == sent


def test_a_commit_is_shared_by_all_who_wait_for_it(yard):
    """Throughput falls only as far as batches allow: as many commits as one station needs, for all of them."""
    for number in range(STATIONS):
        yard.add_station(f"S-{number}")
    charge_points = [yard.connect(f"S-{number}") for number in range(STATIONS)]
    for charge_point in charge_points:
        charge_point.send_call("Heartbeat", {})
    for charge_point in charge_points:
        charge_point.recv()
    yard.rows(Frame)
    commits, pieces = yard.store.commits, yard.store.pieces

    def talk(charge_point):
        for _ in range(CALLS):
            charge_point.call("Heartbeat")

    gevent.joinall([gevent.spawn(talk, charge_point) for charge_point in charge_points], raise_error=True)
    assert yard.store.pieces - pieces >= STATIONS * CALLS
    # A station that is a moment late for a commit waits for the next.
    assert yard.store.commits - commits <= 2 * CALLS + 2


def test_those_who_come_meanwhile_share_the_next_commit(yard):
    for number in range(STATIONS):
        yard.add_station(f"S-{number}")
    charge_points = [yard.connect(f"S-{number}") for number in range(STATIONS)]
    yard.rows(Frame)
    first, *others = charge_points
    commits = yard.store.commits
    with yard.store.held():
        first.send_call("Heartbeat", {})
        assert yard.store.syncing.wait(5)
        for charge_point in others:
            charge_point.send_call("Heartbeat", {})
        eventually(lambda: len(yard.store._queue) == len(others))
    for charge_point in charge_points:
        assert json.dumps(charge_point.recv()).startswith("[3")
    assert yard.store.commits - commits == 2
