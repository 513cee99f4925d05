"""The handshake: which request becomes a station's socket, and what every other is told."""

import base64
import os
import socket
from collections.abc import Sequence
from typing import Any

import gevent
import pytest
import websocket

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, Refusal
from ocpp_server.services.station import charge_points, refusals
from tests.fake_charge_point import FakeChargePoint, basic
from tests.wire import raw
from tests.wire.yard import Yard, eventually

PASSWORD = "open sesame, yard"
BINARY_KEY = bytes(range(0xF0, 0x100)) + b":\x00\xff\xfe"


def status_of(yard: Yard, target: str, lines: Sequence[str] | None = None, **more: Any) -> int:
    """The HTTP status of a handshake that is dropped at once."""
    answer = yard.handshake(target, lines, **more)
    return answer.status


def refused(yard: Yard, target: str = "/ocpp/CP-1", lines: Sequence[str] | None = None, **more: Any) -> tuple[int, str]:
    """The HTTP status of a refusal and the reason in the inbox; fails where a WebSocket came about."""
    answer = yard.handshake(target, lines, **more)
    assert "sec-websocket-accept" not in answer.headers
    assert not sessions.connected_ids()
    row = yard.rows(Refusal)[-1]
    assert row.address == "127.0.0.1"
    assert row.path == target
    return answer.status, row.reason


def with_basic(user: str, password: str | bytes) -> list[str]:
    return raw.upgrade_lines(more=[basic(user, password)])


class TestIdentity:
    @pytest.mark.parametrize(
        "target",
        [
            "/ocpp/CP-1",
            "/ocpp/cp-1",
            "/ocpp/CP-1/",
            "/ocpp/CP-1//",
            "/ocpp/CP%2D1",
            "/ocpp/CP-1?token=x/y",
            "/CP-1",
            "/steve/websocket/CentralSystemService/CP-1",
            "//ocpp//CP-1",
            "ws://yard.example/ocpp/CP-1",
            "ws://yard.example:8080/CP-1/",
            "http://yard.example/ocpp/CP-1",
            "/ws://yard.example/ocpp/CP-1",
            "/ocpp/ws://yard.example/ocpp/CP-1",
        ],
    )
    def test_x_j_01_the_last_segment_of_any_path_is_the_identity(self, yard: Yard, target: str) -> None:
        assert status_of(yard, target) == 101

    @pytest.mark.parametrize(
        ("identity", "target"),
        [
            ("RDAM 123", "/ocpp/RDAM%20123"),
            ("CP-ü", "/ocpp/CP-%C3%BC"),
            ("a.b|c:d_e", "/ocpp/a.b%7Cc:d_e"),
            ("50%25", "/ocpp/50%2525"),
        ],
    )
    def test_x_j_01_an_identity_is_decoded_once(self, yard: Yard, identity: str, target: str) -> None:
        yard.add_station(identity)
        assert status_of(yard, target) == 101

    def test_an_identity_is_not_decoded_twice(self, yard: Yard) -> None:
        assert refused(yard, "/ocpp/CP%252D1") == (404, "unknown_identity")
        assert yard.row(Refusal).identity == "CP%2D1"

    def test_an_encoded_slash_belongs_to_the_identity(self, yard: Yard) -> None:
        assert refused(yard, "/ocpp/yard%2FCP-1") == (404, "unknown_identity")
        assert yard.row(Refusal).identity == "yard/CP-1"

    def test_a_station_is_shown_in_the_spelling_it_was_registered_with(self, yard: Yard) -> None:
        yard.connect("cP-1").boot()
        assert yard.row(ChargePoint).identity == "CP-1"

    def test_x_j_02_an_unknown_identity_is_not_found(self, yard: Yard) -> None:
        assert refused(yard, "/ocpp/CP-2") == (404, "unknown_identity")

    def test_a_deleted_station_is_not_found(self, yard: Yard) -> None:
        station = yard.row(ChargePoint).id
        yard.store.write(lambda unit: charge_points.delete(unit, station))
        assert refused(yard, "/ocpp/CP-1") == (404, "unknown_identity")

    @pytest.mark.parametrize("target", ["/ocpp/", "/ocpp", "/", "//", "ws://yard.example/ocpp/"])
    def test_an_address_without_identity_is_not_found(self, yard: Yard, target: str) -> None:
        assert refused(yard, target) == (404, "no_identity")

    @pytest.mark.parametrize("target", ["/ocpp/%00", "/ocpp/%FF%FE", "/ocpp/" + "x" * 5000, "/ocpp/%", "/ocpp/é"])
    def test_a_nonsensical_identity_is_not_found(self, yard: Yard, target: str) -> None:
        assert status_of(yard, target) == 404
        assert not sessions.connected_ids()


class TestPassword:
    @pytest.fixture(autouse=True)
    def _a_station_with_a_password(self, yard: Yard) -> None:
        yard.add_station("LOCKED", password=PASSWORD)

    def test_the_right_password_opens(self, yard: Yard) -> None:
        assert status_of(yard, "/ocpp/LOCKED", with_basic("LOCKED", PASSWORD)) == 101

    def test_the_word_basic_and_the_user_may_be_spelled_in_any_case(self, yard: Yard) -> None:
        line = basic("locked", PASSWORD).replace("Basic", "bAsIc")
        assert status_of(yard, "/ocpp/locked", raw.upgrade_lines(more=[line])) == 101

    def test_tc_085_without_credentials_a_station_is_refused_and_told_how(self, yard: Yard) -> None:
        answer = yard.handshake("/ocpp/LOCKED")
        assert (answer.status, answer.headers["www-authenticate"][:5]) == (401, "Basic")
        assert yard.row(Refusal).reason == "missing_credentials"

    @pytest.mark.parametrize(
        ("user", "password"),
        [
            ("LOCKED", "another password"),
            ("LOCKED", PASSWORD[:-1]),
            ("LOCKED", PASSWORD.upper()),
            ("LOCKED", ""),
            ("CP-1", PASSWORD),
            ("", PASSWORD),
            ("LOCKED", b"\xff" * 20),
        ],
    )
    def test_x_y_01_a_wrong_password_or_user_is_refused(self, yard: Yard, user: str, password: str | bytes) -> None:
        assert refused(yard, "/ocpp/LOCKED", with_basic(user, password)) == (401, "wrong_credentials")

    @pytest.mark.parametrize(
        "header",
        [
            "Authorization: Basic",
            "Authorization: Basic !!!",
            "Authorization: Bearer TE9DS0VEOm9wZW4=",
            "Authorization: Basic " + base64.b64encode(b"LOCKED").decode(),
            "Authorization: Digest username=LOCKED",
            "Authorization: é\xff",
        ],
    )
    def test_another_header_is_refused(self, yard: Yard, header: str) -> None:
        lines = raw.upgrade_lines(more=[header])
        assert refused(yard, "/ocpp/LOCKED", lines) == (401, "wrong_credentials")

    def test_no_refusal_tells_the_password(self, yard: Yard) -> None:
        refused(yard, "/ocpp/LOCKED", with_basic("CP-1", "a password I mistyped"))
        row = yard.row(Refusal)
        assert "mistyped" not in f"{row.detail} {row.path} {row.user_agent}"

    def test_a_station_without_a_password_may_send_one(self, yard: Yard) -> None:
        assert status_of(yard, "/ocpp/CP-1", with_basic("CP-1", "anything at all")) == 101

    @pytest.mark.parametrize("form", [BINARY_KEY, BINARY_KEY.hex(), BINARY_KEY.hex().upper()])
    def test_x_j_28_a_binary_password_is_compared_as_bytes(self, yard: Yard, form: str | bytes) -> None:
        yard.add_station("BINARY", password=BINARY_KEY.hex())
        assert status_of(yard, "/ocpp/BINARY", with_basic("BINARY", form)) == 101

    def test_x_j_28_a_binary_password_that_is_wrong_is_refused(self, yard: Yard) -> None:
        yard.add_station("BINARY", password=BINARY_KEY.hex())
        wrong = BINARY_KEY[:-1] + b"\xfd"
        assert refused(yard, "/ocpp/BINARY", with_basic("BINARY", wrong)) == (401, "wrong_credentials")

    def test_a_plain_password_may_be_sent_in_hex(self, yard: Yard) -> None:
        assert status_of(yard, "/ocpp/LOCKED", with_basic("LOCKED", PASSWORD.encode().hex())) == 101

    def test_x_y_02_the_old_password_is_refused_after_a_change(self, yard: Yard) -> None:
        locked = yard.row(ChargePoint, ChargePoint.identity == "LOCKED").id
        yard.store.write(lambda unit: charge_points.set_password(unit, locked, "a newer password"))
        assert refused(yard, "/ocpp/LOCKED", with_basic("LOCKED", PASSWORD)) == (401, "wrong_credentials")
        assert status_of(yard, "/ocpp/LOCKED", with_basic("LOCKED", "a newer password")) == 101


class TestSubprotocol:
    @pytest.mark.parametrize(
        ("offered", "chosen"),
        [
            (["ocpp1.6"], "ocpp1.6"),
            (["ocpp0.1,ocpp1.6"], "ocpp1.6"),
            (["ocpp2.0.1, ocpp1.6"], "ocpp1.6"),
            (["ocpp2.0.1", "ocpp1.6"], "ocpp1.6"),
            (["  ocpp2.0.1 ,ocpp1.6  , ocpp1.5"], "ocpp1.6"),
            (["OCPP1.6"], "OCPP1.6"),
            (["ocpp2.0.1", "Ocpp1.6"], "Ocpp1.6"),
        ],
    )
    def test_x_j_04_one_of_several_subprotocols_is_answered(self, yard: Yard, offered: list[str], chosen: str) -> None:
        answer = yard.handshake(offered=offered)
        assert answer.status == 101
        assert answer.headers["sec-websocket-protocol"] == chosen
        assert answer.headers["sec-websocket-accept"] == raw.ACCEPT

    @pytest.mark.parametrize("offered", ["ocpp0.1", "ocpp2.0.1", "ocpp1.5, ocpp2.0", "ocpp1.6.1", "xocpp1.6"])
    def test_tc_088_a_station_of_another_protocol_is_refused(self, yard: Yard, offered: str) -> None:
        assert refused(yard, offered=[offered]) == (400, "subprotocol")
        assert offered.split(",")[0] in yard.row(Refusal).detail

    def test_tc_088_the_same_station_is_accepted_once_it_offers_ours_too(self, yard: Yard) -> None:
        assert refused(yard, offered=["ocpp0.1"]) == (400, "subprotocol")
        assert yard.connect().ws.getsubprotocol() == "ocpp1.6"

    @pytest.mark.parametrize("offered", [[], [""], [" , "]])
    def test_a_station_that_names_none_is_taken_for_1_6(self, yard: Yard, offered: list[str]) -> None:
        answer = yard.handshake(offered=offered)
        assert answer.status == 101
        assert "sec-websocket-protocol" not in answer.headers

    def test_a_strict_station_that_names_none_is_refused(self, yard: Yard) -> None:
        yard.change_station(yard.row(ChargePoint).id, strict_subprotocol=True)
        assert refused(yard, offered=[]) == (400, "no_subprotocol")


class TestNoWebSocket:
    @pytest.mark.parametrize("target", ["/ocpp/CP-1", "/ocpp/", "/ocpp"])
    def test_plain_http_is_told_to_upgrade(self, yard: Yard, target: str) -> None:
        answer = yard.handshake(target, [])
        assert (answer.status, answer.headers["upgrade"]) == (426, "websocket")
        assert yard.row(Refusal).reason == "not_websocket"

    @pytest.mark.parametrize(
        "lines",
        [
            [line for line in raw.upgrade_lines() if not line.startswith("Connection")],
            [line for line in raw.upgrade_lines() if not line.startswith("Sec-WebSocket-Key")],
            [line for line in raw.upgrade_lines() if not line.startswith("Sec-WebSocket-Version")],
            [line.replace("Connection: Upgrade", "Connection: keep-alive") for line in raw.upgrade_lines()],
            [line.replace("Version: 13", "Version: 8") for line in raw.upgrade_lines()],
            [line.replace(raw.KEY, "short") for line in raw.upgrade_lines()],
        ],
        ids=["no Connection", "no key", "no version", "Connection: keep-alive", "version 8", "odd key"],
    )
    def test_half_a_handshake_is_refused_with_the_reason(self, yard: Yard, lines: list[str]) -> None:
        assert refused(yard, lines=lines) == (400, "not_websocket")

    def test_quirk_6_a_missing_connection_header_is_named_in_the_inbox(self, yard: Yard) -> None:
        refused(yard, lines=[line for line in raw.upgrade_lines() if not line.startswith("Connection")])
        row = yard.row(Refusal)
        assert row.identity == "CP-1"
        assert "Connection: Upgrade" in row.detail

    def test_connection_may_list_more_than_upgrade(self, yard: Yard) -> None:
        lines = [line.replace("Connection: Upgrade", "Connection: keep-alive, uPgRaDe") for line in raw.upgrade_lines()]
        assert status_of(yard, "/ocpp/CP-1", lines) == 101

    def test_a_post_with_the_headers_of_a_handshake_is_no_handshake(self, yard: Yard) -> None:
        sock = socket.create_connection(("127.0.0.1", yard.port), timeout=5)
        lines = ["POST /ocpp/CP-1 HTTP/1.1", "Host: x", "Content-Length: 0", *raw.upgrade_lines(), "", ""]
        sock.sendall("\r\n".join(lines).encode())
        answer = raw.read_head(sock)
        sock.close()
        assert 400 <= answer.status < 500
        assert not sessions.connected_ids()

    def test_compression_is_never_agreed(self, yard: Yard) -> None:
        lines = raw.upgrade_lines(more=["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"])
        answer = yard.handshake(lines=lines)
        assert answer.status == 101
        assert "sec-websocket-extensions" not in answer.headers

    @pytest.mark.parametrize("header", ["X-Odd: a\x01b", "X-Odd: \x7f", "X-Odd: é", "X Odd: 1", "X-Odd:"])
    def test_an_odd_header_harms_nobody(self, yard: Yard, header: str, quiet: Any) -> None:
        assert status_of(yard, "/ocpp/CP-1", raw.upgrade_lines(more=[header])) in {101, 400}


class TestInbox:
    def test_repeats_are_counted_in_one_row(self, yard: Yard) -> None:
        for _ in range(3):
            refused(yard, "/ocpp/CP-2")
        row = yard.row(Refusal)
        assert (row.count, row.identity, row.path) == (3, "CP-2", "/ocpp/CP-2")
        assert row.first_at <= row.last_at

    def test_each_reason_and_each_identity_has_a_row(self, yard: Yard) -> None:
        refused(yard, "/ocpp/CP-2")
        refused(yard, "/ocpp/CP-3")
        refused(yard, "/ocpp/CP-1", offered=["ocpp2.0.1"])
        found = [(row.identity, row.reason, row.count) for row in yard.rows(Refusal)]
        expected = [("CP-2", "unknown_identity", 1), ("CP-3", "unknown_identity", 1), ("CP-1", "subprotocol", 1)]
        assert found == expected

    def test_the_user_agent_is_kept(self, yard: Yard) -> None:
        refused(yard, "/ocpp/CP-2", raw.upgrade_lines(more=["User-Agent: Wallbox/7.1"]))
        assert yard.row(Refusal).user_agent == "Wallbox/7.1"

    def test_a_refused_station_is_let_in_as_soon_as_it_is_added(self, yard: Yard) -> None:
        with pytest.raises(websocket.WebSocketBadStatusException):
            yard.connect("NEW")
        yard.add_station("NEW")
        assert yard.connect("NEW").boot()["status"] == "Accepted"

    def test_an_address_that_tries_identities_fills_no_disk(self, yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(refusals, "MAX_ROWS", 10)
        monkeypatch.setattr(refusals, "SLACK", 0)
        for number in range(15):
            refused(yard, f"/ocpp/GUESS-{number}")
        rows = yard.rows(Refusal)
        assert [row.identity for row in rows] == [f"GUESS-{number}" for number in range(5, 15)]


def test_a_connection_is_noted_on_the_station(yard: Yard) -> None:
    charge_point: FakeChargePoint = yard.connect()
    charge_point.boot()
    row = yard.row(ChargePoint)
    assert row.connected_at is not None
    assert sessions.is_connected(row.id)
    charge_point.close()
    eventually(lambda: not sessions.is_connected(row.id))
    assert yard.row(ChargePoint).disconnect_reason == "closed by the station (1000)"


def test_refusals_of_many_at_once_are_all_answered(yard: Yard) -> None:
    tries = [gevent.spawn(status_of, yard, f"/ocpp/{os.urandom(4).hex()}") for _ in range(60)]
    gevent.joinall(tries, timeout=20)
    assert [attempt.value for attempt in tries] == [404] * 60
    assert sum(row.count for row in yard.rows(Refusal)) == 60
