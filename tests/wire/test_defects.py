"""The known defects of the stack, each with a test that fails as soon as its cure is gone.

A to L are the letters by which the code's comments and the history name them.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gevent
import gevent.local
import peewee
import pytest
from gevent.event import Event

from ocpp_server import events, jobs, scheduler, sessions
from ocpp_server.discovery import import_all
from ocpp_server.models import TABLES
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from portal import live
from tests.fake_charge_point import FakeChargePoint, Refused
from tests.wire import raw
from tests.wire.yard import Yard, eventually, nothing_leaks, settles_at, steady

ROOT = Path(__file__).parents[2]


class TestA:
    """After a WebSocket has ended pywsgi keeps its TCP connection, as if another request could follow."""

    def test_the_connection_ends_with_the_websocket(self, yard: Yard) -> None:
        """Without the cure a polite station waits for the end until its own time-out, and then for the next one."""
        answer = yard.handshake()
        answer.sock.settimeout(2)
        answer.sock.sendall(raw.frame(raw.CLOSE, b"\x03\xe8"))
        assert raw.read_frames(answer.sock, answer.rest) == [(raw.CLOSE, b"\x03\xe8")]

    def test_what_follows_a_websocket_is_not_read_as_a_request(self, yard: Yard, quiet: None) -> None:
        """Without the cure the bytes behind the closing frame are the next HTTP request on this connection."""
        answer = yard.handshake()
        answer.sock.settimeout(2)
        answer.sock.sendall(raw.frame(raw.CLOSE, b"\x03\xe8") + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert raw.read_frames(answer.sock, answer.rest) == [(raw.CLOSE, b"\x03\xe8")]

    def test_a_refused_handshake_ends_the_connection_too(self, yard: Yard) -> None:
        """Without the cure each station that is refused holds a descriptor for as long as it likes."""
        answer = yard.handshake("/ocpp/UNKNOWN")
        answer.sock.settimeout(2)
        eventually(lambda: answer.sock.recv(4096) == b"")


class TestB:
    """simple-websocket's close, called from another greenlet, does not wake the one that reads."""

    def test_hanging_up_ends_the_reader_although_the_peer_does_nothing(self, yard: Yard) -> None:
        """Without the cure each replaced socket leaves a greenlet and its descriptors behind, for ever."""
        yard.connect().close()
        eventually(yard.is_empty)
        yard.handshake()
        station = eventually(sessions.connected_ids).pop()
        descriptors, greenlets = steady(yard)
        replaced = eventually(lambda: sessions.get(station))
        yard.handshake()
        eventually(lambda: sessions.get(station) is not replaced)
        # The one descriptor more is the end of the new connection that this test holds; the old one is gone.
        settles_at(yard, descriptors + 1, greenlets)


class TestC:
    """simple-websocket sends with `socket.send`: what the kernel does not take at once is lost."""

    def test_large_messages_arrive_whole_and_do_not_mix(self, yard: Yard) -> None:
        """Without the cure most of each message is lost, and the rest is mixed with the other's."""
        answer = yard.handshake()
        session = eventually(lambda: next(sessions.everyone(), None))
        letters = [letter * 3_000_000 for letter in "abcd"]
        senders = [gevent.spawn(session.socket.send, letter) for letter in letters]
        gevent.sleep(0.05)
        closing = gevent.spawn(lambda: (gevent.joinall(senders), session.socket.hang_up(1000, "done")))
        arrived = raw.read_frames(answer.sock, answer.rest)
        closing.join()
        assert [data.decode() for opcode, data in arrived if opcode == raw.TEXT] == letters


class TestD:
    """Flask's teardown runs when a WebSocket ends: what a request holds, a station would hold for days."""

    def test_a_connected_station_holds_no_database_connection(self, yard: Yard) -> None:
        """Without the cure the pool (64 and 20 connections) is empty after so many stations."""
        for number in range(70):
            yard.add_station(f"YARD-{number}")
        stations = [yard.connect(f"YARD-{number}") for number in range(70)]
        assert {station.boot()["status"] for station in stations} == {"Accepted"}
        # One of them is the writer's.
        assert len(yard.store.database._in_use) == 1


class TestE:
    """The `ocpp` package's ChargePoint is asyncio: one event loop for each thread, and gevent has one thread."""

    def test_stations_are_served_beside_each_other_without_an_event_loop(self, yard: Yard) -> None:
        """Without the cure the second station finds an event loop running and is not served."""
        for number in range(10):
            yard.add_station(f"YARD-{number}")
        stations = [yard.connect(f"YARD-{number}") for number in range(10)]
        for _ in range(3):
            asked = [gevent.spawn(station.call, "Heartbeat") for station in stations]
            gevent.joinall(asked, timeout=5)
            assert all("currentTime" in (one.value or {}) for one in asked)


class TestF:
    """A greenlet that yields within a SQLite transaction holds the lock, and whoever waits for it blocks them all."""

    def test_yielding_in_a_transaction_freezes_nobody(self, yard: Yard, charge_point: FakeChargePoint) -> None:
        """Without the cure the process stands still for the busy time-out, then the database is locked."""
        ticks = 0

        def tick() -> None:
            nonlocal ticks
            while True:
                gevent.sleep(0.01)
                ticks += 1

        def yields(unit: Any) -> None:
            unit.execute("UPDATE charge_point SET label = ?", "slow")
            gevent.sleep(0.3)

        ticking = gevent.spawn(tick)
        slow = gevent.spawn(yard.store.write, yields)
        gevent.sleep(0.05)
        assert "currentTime" in charge_point.call("Heartbeat")
        ticking.kill()
        assert slow.successful()
        assert ticks > 10


class TestG:
    """A reader of server-sent events who has gone is only noticed when something is written."""

    @staticmethod
    def _listen(yard: Yard, cookie: str, topic: str) -> raw.Answer:
        return yard.handshake(f"/live?topic={topic}", [f"Cookie: {cookie}"])

    def test_a_reader_who_left_is_noticed(self, yard: Yard, cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without the cure each closed tab leaves a greenlet, a socket and a subscription behind."""
        monkeypatch.setattr(live, "PING_SECONDS", 0.05)
        with nothing_leaks(yard):
            streams = [self._listen(yard, cookie, "nothing") for _ in range(5)]
            assert [stream.status for stream in streams] == [200] * 5
            eventually(lambda: len(events._subscriptions) == 5)
            for stream in streams:
                stream.sock.close()
            eventually(lambda: not events._subscriptions)

    def test_what_waits_for_a_slow_reader_is_bounded(self) -> None:
        """Without the cure a tab that does not read collects every event of the yard."""
        subscription = events.subscribe(["a", "b"])
        for number in range(1000):
            events.publish({"a", "b", f"other-{number}"})
        events.unsubscribe(subscription)
        assert subscription.wait(0) == {"a", "b"}
        assert subscription.wait(0) == set()


class TestH:
    """simple-websocket reads ahead without bound while nobody takes the messages."""

    def test_a_flood_waits_in_the_stations_own_socket(self, yard: Yard) -> None:
        """Without the cure the server takes in whatever the station sends, as fast as it sends it."""
        yard.add_station("CP-2")
        other = yard.connect("CP-2")
        answer = yard.handshake()
        answer.sock.settimeout(0.3)
        message = raw.frame(raw.TEXT, '[2,"1","Heartbeat",' + " " * 1000 + "{}]") * 500
        gate = Event()
        held_up = gevent.spawn(yard.store.write, lambda unit: gate.wait())
        taken, rest = 0, message
        with suppress(TimeoutError):
            while taken < 64_000_000:
                sent = answer.sock.send(rest)
                taken, rest = taken + sent, rest[sent:] or message
        gate.set()
        held_up.join()
        # No more than the kernel's buffers hold.
        assert taken < 16_000_000
        with gevent.Timeout(2):
            assert "currentTime" in other.call("Heartbeat")


class TestI:
    """The `ocpp` package's errors have the spellings of 2.0.1, and NotSupported and NotImplemented the wrong way."""

    @pytest.mark.parametrize(
        ("action", "payload", "code"),
        [
            ("Foo", {}, "NotImplemented"),
            ("Reset", {"type": "Soft"}, "NotSupported"),
            ("Authorize", {"idTag": "CARD-1", "more": 1}, "FormationViolation"),
            ("MeterValues", {"connectorId": 1, "meterValue": []}, "OccurenceConstraintViolation"),
            ("StatusNotification", {"connectorId": 1, "status": "x", "errorCode": "NoError"}, "PropertyConstraint"),
        ],
    )
    def test_errors_have_the_codes_of_1_6(
        self, charge_point: FakeChargePoint, action: str, payload: dict, code: str
    ) -> None:
        """Without the cure a station is told a code that OCPP 1.6 does not know, or the opposite."""
        if action == "MeterValues":
            # Tolerated or refused, but never in the spelling of 2.0.1.
            reply = charge_point.ask(f'[2,"1","{action}",{{"connectorId":1,"meterValue":[]}}]')
            assert reply[0] == 3 or reply[2] == code
            return
        with pytest.raises(Refused) as refused:
            charge_point.call(action, payload)
        assert refused.value.code.startswith(code)


class TestJ:
    """werkzeug gives no credentials where the password's bytes are not UTF-8."""

    def test_a_password_of_any_bytes_opens(self, yard: Yard) -> None:
        """Without the cure a station with a random key (OCPP-J 6.2.2) is refused for ever."""
        key = bytes(range(0xEC, 0x100))
        yard.add_station("BINARY", password=key.hex())
        assert yard.connect("BINARY", password=key).boot()["status"] == "Accepted"


class TestK:
    """peewee makes its connection state of threading.local at import: patched later, all greenlets share it."""

    def test_each_greenlet_has_its_own_connection(self, yard: Yard) -> None:
        """Without the cure one greenlet writes into another one's transaction."""
        with yard.store.reading():
            assert gevent.spawn(yard.store.database.is_closed).get()

    def test_the_program_patches_before_it_imports(self) -> None:
        """Without the cure the first test holds in the tests, but not in the program."""
        code = "import app, peewee, gevent.local; print(issubclass(peewee._ConnectionLocal, gevent.local.local))"
        run = [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
        assert done.stdout.strip() == "True"
        assert issubclass(peewee._ConnectionLocal, gevent.local.local)
        assert threading.local is gevent.local.local


class TestL:
    """APScheduler drops a run that is a second late, and under gevent does not wait for running jobs when it ends."""

    @pytest.fixture
    def ran(self, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
        runs: list[int] = []
        import_all(jobs)
        monkeypatch.setattr(scheduler, "_jobs", [scheduler.Job(lambda store, settings: runs.append(1), 3600)])
        started = scheduler.start(store, settings)
        (job,) = started.get_jobs()
        job.modify(next_run_time=datetime.now(UTC) - timedelta(minutes=2))
        started.wakeup()
        yield runs
        started.shutdown(wait=False)

    def test_a_run_that_is_late_is_made_up_for(self, ran: list[int]) -> None:
        """Without the cure a busy process misses its jobs: expired reservations stay, frames are not pruned."""
        eventually(lambda: ran == [1])

    def test_every_job_may_run_twice(self, store: Store, settings: Settings) -> None:
        """A job that was cut off by the end of the process begins anew at the next start."""
        import_all(jobs)
        assert scheduler._jobs
        for job in scheduler._jobs:
            job.function(store, settings)
            with store.reading():
                once = [list(table.select().tuples()) for table in TABLES]
            job.function(store, settings)
            with store.reading():
                assert [list(table.select().tuples()) for table in TABLES] == once


def test_descriptors_and_greenlets_are_given_back(yard: Yard, quiet: None) -> None:
    """A hundred connections that end in every way leave nothing behind."""
    with nothing_leaks(yard):
        for number in range(100):
            station = yard.connect()
            station.call("Heartbeat")
            if number % 3 == 0:
                station.close()
            elif number % 3 == 1:
                station.vanish()
            # The rest is replaced by the next one.
        yard.close()
