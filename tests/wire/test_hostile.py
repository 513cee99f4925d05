"""What no station should do and some do: nobody else may notice, and nothing may stay behind."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
import pytest

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, Frame, Refusal, Transaction
from ocpp_server.session import Session
from ocpp_server.settings import Settings
from ocpp_server.websocket import Closed
from tests.fake_charge_point import FakeChargePoint, now
from tests.wire import flood, raw
from tests.wire.yard import Yard, eventually, nothing_leaks

ROOT = Path(__file__).parents[2]
FLOOD = [sys.executable, "-m", "tests.wire.flood"]


@pytest.fixture(autouse=True)
def _nothing_in_the_log(quiet: None) -> None:
    """None of this is worth a traceback."""


@pytest.fixture
def neighbour(yard: Yard) -> Iterator[FakeChargePoint]:
    """Another station, which must not notice anything."""
    yard.add_station("NEIGHBOUR")
    neighbour = yard.connect("NEIGHBOUR")
    yield neighbour
    with gevent.Timeout(2):
        assert "currentTime" in neighbour.call("Heartbeat")


def sent(yard: Yard, *frames: bytes) -> tuple[int | None, str]:
    """What becomes of a socket that sent these frames: the code it was closed with, and the reason on record."""
    answer = yard.handshake()
    answer.sock.sendall(b"".join(frames))
    code = raw.close_code(raw.read_frames(answer.sock, answer.rest))
    answer.sock.close()
    eventually(lambda: not any(one.station.identity == "CP-1" for one in sessions.everyone()))
    return code, yard.row(ChargePoint, ChargePoint.identity == "CP-1").disconnect_reason


class TestFrames:
    """Against the WebSocket protocol itself."""

    @pytest.mark.parametrize(
        ("frames", "code"),
        [
            ([raw.frame(raw.BINARY, b'[2,"1","Heartbeat",{}]')], 1003),
            ([raw.frame(raw.TEXT, b'[2,"1","\xff",{}]')], 1007),
            ([raw.frame(raw.TEXT, b'[2,"1","\xc3', last=False), raw.frame(raw.CONTINUATION, b'",{}]')], 1007),
            ([raw.frame(raw.TEXT, b"\xed\xa0\x80")], 1007),
            ([raw.frame(raw.TEXT, "[", declared=4_194_305)], 1009),
            ([raw.frame(raw.TEXT, "[", declared=2**62)], 1009),
            ([raw.frame(raw.TEXT, "[" * 2_400_000, last=False), raw.frame(raw.CONTINUATION, "]" * 2_400_000)], 1009),
            ([b"\x81\x02{}"], 1002),
            ([raw.frame(3, "?")], 1002),
            ([raw.frame(0xB, "?")], 1002),
            ([raw.frame(raw.CONTINUATION, "late")], 1002),
            ([raw.frame(raw.TEXT, "a", last=False), raw.frame(raw.TEXT, "b")], 1002),
            ([raw.frame(raw.PING, "x" * 126)], 1002),
            ([raw.frame(raw.PING, "x", last=False)], 1002),
            ([raw.frame(raw.CLOSE, b"\x03")], 1002),
            ([raw.frame(raw.CLOSE, b"\x00\x00")], 1002),
            ([b"\xc1" + raw.frame(raw.TEXT, "{}")[1:]], 1002),
            ([b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"], 1002),
        ],
        ids=[
            "binary",
            "not UTF-8",
            "a character cut in two and never finished",
            "a surrogate in UTF-8",
            "too long",
            "longer than there are bytes in the world",
            "too long in fragments",
            "not masked",
            "opcode 3",
            "opcode 11",
            "a continuation of nothing",
            "a message within a message",
            "a ping of 126 bytes",
            "a ping in fragments",
            "half a code",
            "code 0",
            "compressed",
            "HTTP",
        ],
    )
    def test_a_broken_frame_ends_the_socket_with_its_code(
        self, yard: Yard, neighbour: FakeChargePoint, frames: list[bytes], code: int
    ) -> None:
        with nothing_leaks(yard):
            closed, reason = sent(yard, *frames)
        # A peer that still sends is reset by the kernel, and may not see the closing frame.
        assert closed in {code, None}
        assert "closed by the station" not in reason
        assert reason != "connection lost"

    def test_a_message_that_is_too_long_is_told_in_the_inbox(self, yard: Yard) -> None:
        sent(yard, raw.frame(raw.TEXT, "[", declared=4_194_305))
        row = eventually(lambda: yard.rows(Refusal))[0]
        assert (row.reason, row.identity) == ("too_long", "CP-1")
        assert "4,194,304" in row.detail

    @pytest.mark.parametrize("code", [1000, 1001, 1012, 3000, 4999])
    def test_any_proper_closing_is_answered_in_kind(self, yard: Yard, code: int) -> None:
        closed, reason = sent(yard, raw.frame(raw.CLOSE, code.to_bytes(2, "big") + "für heute".encode()))
        assert (closed, reason) == (code, f"closed by the station ({code}: für heute)")

    def test_a_closing_without_a_code_is_answered(self, yard: Yard) -> None:
        answer = yard.handshake()
        answer.sock.sendall(raw.frame(raw.CLOSE))
        assert raw.read_frames(answer.sock, answer.rest) == [(raw.CLOSE, b"")]

    def test_a_message_in_fragments_with_pings_between_is_answered(self, yard: Yard) -> None:
        answer = yard.handshake()
        text = json.dumps([2, "größe", "Heartbeat", {}], ensure_ascii=False).encode()
        pieces = [text[index : index + 1] for index in range(len(text))]
        data = raw.frame(raw.TEXT, pieces[0], last=False)
        for number, piece in enumerate(pieces[1:-1]):
            data += raw.frame(raw.PING, str(number)) + raw.frame(raw.CONTINUATION, piece, last=False)
            data += raw.frame(raw.CONTINUATION, last=False)
        data += raw.frame(raw.CONTINUATION, pieces[-1])
        for index in range(0, len(data), 7):
            answer.sock.sendall(data[index : index + 7])
        reply = json.loads(raw.read_message(answer.sock))
        assert reply[:2] == [3, "größe"]

    @pytest.mark.parametrize(
        "part", [b"", b"\x81", raw.frame(raw.TEXT, "[2,")[:-1], raw.frame(raw.TEXT, "x", declared=99)]
    )
    def test_a_station_that_dies_within_a_frame_is_gone(self, yard: Yard, part: bytes) -> None:
        with nothing_leaks(yard):
            answer = yard.handshake()
            answer.sock.sendall(part)
            eventually(sessions.connected_ids)
            answer.sock.close()
            eventually(yard.is_empty)
        assert yard.row(ChargePoint).disconnect_reason.startswith("connection lost")


class TestTexts:
    """Against JSON and OCPP-J."""

    @pytest.mark.parametrize(
        "payload",
        [
            '{"idTag":1e999}',
            '{"connectorId":' + "9" * 4000 + "}",
            '{"connectorId":' + "9" * 5000 + "}",
            '{"meterStart":NaN}',
            "[" * 20_000,
            "[" * 500 + "]" * 500,
            '{"a":' * 300 + "1" + "}" * 300,
            '{"idTag":"\\ud800\\u0000"}',
            '{"idTag":"' + "x" * 100_000 + '"}',
            '{"connectorId":1,"connectorId":{}}',
            '{"":null}',
            '"text"',
            "[]",
            "7",
            "true",
        ],
        ids=lambda payload: payload[:24],
    )
    def test_odd_json_is_answered_with_a_callerror_or_a_result(
        self, charge_point: FakeChargePoint, payload: str
    ) -> None:
        for action in ("Heartbeat", "Authorize", "StatusNotification", "StartTransaction"):
            reply = charge_point.ask(f'[2,"odd","{action}",{payload}]')
            assert reply[:2] in ([3, "odd"], [4, "odd"])
            assert "InternalError" not in reply
        assert "currentTime" in charge_point.call("Heartbeat")

    @pytest.mark.parametrize("value", ["null", "[]", "{}", '"x"', "1e30", "-1", "true", '"\\u0000"', "[[[1]]]"])
    def test_every_field_of_a_transaction_may_be_odd(self, charge_point: FakeChargePoint, value: str) -> None:
        """The second time it is believed, and still nothing fails within (rule 45)."""
        payloads: dict[str, dict[str, Any]] = {
            "StartTransaction": {"connectorId": 1, "idTag": "CARD-1", "meterStart": 0, "timestamp": now()},
            "MeterValues": {"connectorId": 1, "transactionId": 1, "meterValue": [{"sampledValue": [{"value": "1"}]}]},
            "StopTransaction": {"transactionId": 1, "meterStop": 9, "timestamp": now(), "transactionData": []},
        }
        for action, payload in payloads.items():
            for field in payload:
                text = json.dumps({**payload, field: "@"}).replace('"@"', value)
                replies = [charge_point.ask(f'[2,"1","{action}",{text}]') for _ in range(2)]
                assert "InternalError" not in replies[0]
                assert replies[1][0] == 3, (action, field, replies)

    def test_twenty_unreadable_messages_in_a_row_end_the_socket(self, yard: Yard, neighbour: FakeChargePoint) -> None:
        charge_point = yard.connect()
        for _ in range(19):
            charge_point.send_raw("no frame at all")
        charge_point.send_raw("[still not]")
        assert charge_point.wait_for_close() == (1002, "20 messages in a row that are not OCPP")

    def test_unreadable_messages_that_come_now_and_then_are_borne(self, charge_point: FakeChargePoint) -> None:
        for _ in range(3):
            for _ in range(19):
                charge_point.send_raw("no frame at all")
            assert "currentTime" in charge_point.call("Heartbeat")

    def test_nothing_is_kept_of_what_follows_the_twentieth(self, yard: Yard) -> None:
        sent(yard, raw.frame(raw.TEXT, "no frame") * 5000)
        assert len(yard.rows(Frame)) == 20


class TestFloods:
    """One station that sends without end."""

    def test_thousands_of_messages_at_once_are_answered_in_order(self, yard: Yard, neighbour: FakeChargePoint) -> None:
        answer = yard.handshake()
        calls = [raw.frame(raw.TEXT, f'[2,"{number}","Heartbeat",{{}}]') for number in range(1000)]
        sending = gevent.spawn(answer.sock.sendall, b"".join(calls))
        assert "currentTime" in neighbour.call("Heartbeat")
        ids = [json.loads(raw.read_message(answer.sock))[1] for _ in calls]
        sending.join()
        assert ids == [str(number) for number in range(1000)]

    @pytest.mark.parametrize("kind", sorted(flood.KINDS))
    def test_a_flood_holds_up_nobody_and_fills_no_memory(
        self, yard: Yard, neighbour: FakeChargePoint, kind: str
    ) -> None:
        yard.add_station("FLOOD")
        before = _resident_mb()
        with subprocess.Popen([*FLOOD, str(yard.port), "FLOOD", kind], cwd=ROOT) as process:
            eventually(lambda: len(sessions.connected_ids()) == 2)
            # Each within the client's own time-out; how fast is for the bench to say.
            for _ in range(20):
                assert "currentTime" in neighbour.call("Heartbeat")
            assert process.poll() is None, "the flood ended before its time"
            process.kill()
        for session in sessions.everyone():
            if session.station.identity == "FLOOD":
                session.socket.hang_up(1008, "enough")
        assert _resident_mb() - before < 50
        assert len(yard.store._queue) < 10

    def test_a_peer_that_never_reads_gives_way_to_a_newer_one(self, yard: Yard, neighbour: FakeChargePoint) -> None:
        with nothing_leaks(yard):
            deaf = yard.handshake()
            session = eventually(lambda: next((one for one in sessions.everyone() if one.charge_point_id == 1), None))
            stuck = [gevent.spawn(_send, session, "x" * 8_000_000) for _ in range(2)]
            gevent.sleep(0.05)
            assert not any(one.ready() for one in stuck)
            began = time.monotonic()
            charge_point = yard.connect()
            assert charge_point.boot()["status"] == "Accepted"
            gevent.joinall(stuck, timeout=3)
            assert all(one.ready() for one in stuck)
            assert time.monotonic() - began < 2
            assert sessions.is_connected(1)
            deaf.sock.close()
            charge_point.close()
            eventually(lambda: not sessions.is_connected(1))

    def test_many_connections_of_one_identity_leave_one(self, yard: Yard, neighbour: FakeChargePoint) -> None:
        with nothing_leaks(yard):
            answers = [gevent.spawn(yard.handshake) for _ in range(30)]
            gevent.joinall(answers, timeout=10)
            eventually(lambda: len(list(sessions.everyone())) == 2)
            for answer in answers:
                answer.value.sock.close()
            eventually(lambda: not sessions.is_connected(1))

    def test_connections_that_never_finish_their_handshake_hold_up_nobody(
        self, yard: Yard, neighbour: FakeChargePoint
    ) -> None:
        half = [socket.create_connection(("127.0.0.1", yard.port)) for _ in range(50)]
        for sock in half:
            sock.sendall(b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\n")
        with gevent.Timeout(2):
            assert yard.connect().boot()["status"] == "Accepted"
        for sock in half:
            sock.close()


class TestSilence:
    """Peers that are there and say nothing, with a ping after each second."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, ping_interval=1, ping_misses=1)

    def test_x_j_23_only_those_who_give_no_sign_of_life_are_dropped(self, yard: Yard) -> None:
        for identity in ("SILENT", "PONGING", "TALKING"):
            yard.add_station(identity)
        silent = yard.handshake("/ocpp/SILENT")
        ponging, talking = yard.connect("PONGING"), yard.connect("TALKING")
        # websocket-client answers pings while it reads.
        reading = gevent.spawn(ponging.wait_for_close)
        began = time.monotonic()
        while len(sessions.connected_ids()) == 3 and time.monotonic() - began < 6:
            talking.send_call("Heartbeat", {})
            gevent.sleep(0.2)
        gevent.sleep(0.5)
        left = {session.station.identity for session in sessions.everyone()}
        assert left == {"PONGING", "TALKING"}
        assert 1.5 < time.monotonic() - began < 5
        arrived = raw.read_frames(silent.sock, silent.rest)
        assert [opcode for opcode, _ in arrived] == [raw.PING, raw.CLOSE]
        assert raw.close_code(arrived) == 1001
        reason = yard.row(ChargePoint, ChargePoint.identity == "SILENT").disconnect_reason
        assert reason.startswith("no sign of life for ")
        ponging.vanish()
        reading.join()

    def test_a_peer_that_sends_and_never_reads_is_dropped(self, yard: Yard) -> None:
        with nothing_leaks(yard):
            answer = yard.handshake(receive_buffer=4096)
            session = eventually(lambda: next(sessions.everyone(), None))
            session.socket._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            pings = raw.frame(raw.PING, b"x" * 125) * 4000
            with suppress(OSError):
                while True:
                    answer.sock.sendall(pings)
            eventually(yard.is_empty)
            answer.sock.close()


def test_a_session_survives_everything_that_happens_around_it(yard: Yard, neighbour: FakeChargePoint) -> None:
    charge_point = yard.connect()
    charge_point.boot()
    transaction_id = charge_point.start()["transactionId"]
    charge_point.vanish()
    sent(yard, raw.frame(raw.BINARY, b"\x00"))
    sent(yard, raw.frame(raw.TEXT, "{") * 20)
    charge_point.connect()
    charge_point.stop(transaction_id, 1700)
    assert yard.row(Transaction).energy_wh == 700


def _send(session: Session, text: str) -> None:
    with suppress(Closed):
        session.socket.send(text)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1_000_000
