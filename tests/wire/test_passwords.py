"""Passwords of stations: changed over OCPP, never kept in clear, and not to be guessed."""

import base64
import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from ocpp_server import clock
from ocpp_server.models import TABLES, Command, ConfigurationKey, Refusal
from ocpp_server.models.commands import OPEN_STATES
from ocpp_server.services import commands
from ocpp_server.services.station import charge_points
from tests.fake_charge_point import FakeChargePoint, basic
from tests.wire import raw
from tests.wire.yard import Yard, eventually

OLD = "the old password"
NEW_BYTES = bytes(range(0xF0, 0x100)) + b":\x00\xff\xfe"
NEW = NEW_BYTES.hex()
TEXT = "the new password 20!"


@pytest.fixture
def locked(yard: Yard) -> FakeChargePoint:
    """A station with a password, connected."""
    yard.add_station("LOCKED", password=OLD)
    charge_point = yard.connect("LOCKED", password=OLD)
    charge_point.boot()
    return charge_point


@pytest.fixture
def standing() -> Any:
    """A clock that stands still until it is told the seconds that have passed."""
    start, passed = clock.now(), [0]
    clock.use(lambda: start + timedelta(seconds=passed[0]))
    yield passed
    clock.use(None)


def ask(yard: Yard, value: str, key: str = "AuthorizationKey", **options: Any) -> None:
    with yard.store.reading():
        station = charge_points.find("LOCKED")
    payload = {"key": key, "value": value}
    yard.store.write(
        lambda unit: commands.request(unit, station.id, "ChangeConfiguration", payload, by="anna", **options)
    )


def change(yard: Yard, charge_point: FakeChargePoint, value: str, status: str) -> None:
    """The operator sets another password over OCPP, and the station answers."""
    ask(yard, value)
    kind, message_id, action, payload = charge_point.recv()
    assert (kind, action, payload) == (2, "ChangeConfiguration", {"key": "AuthorizationKey", "value": value})
    charge_point.send_raw(json.dumps([3, message_id, {"status": status}]))
    eventually(lambda: not yard.rows(Command, Command.state.in_(OPEN_STATES)))


def opens(yard: Yard, password: str | bytes) -> bool:
    status = yard.handshake("/ocpp/LOCKED", raw.upgrade_lines(more=[basic("LOCKED", password)])).status
    assert status in {101, 401}
    return status == 101


def test_x_y_10_a_station_that_quotes_the_password_does_not_put_it_on_record(
    yard: Yard, locked: FakeChargePoint
) -> None:
    ask(yard, TEXT)
    message_id = locked.recv()[1]
    locked.send_raw(json.dumps([4, message_id, "InternalError", f"cannot set {TEXT}", {"tried": [TEXT]}]))
    eventually(lambda: not yard.rows(Command, Command.state.in_(OPEN_STATES)))
    (command,) = yard.rows(Command)
    assert (command.state, command.error_description) == ("error", "cannot set ********")
    for table in TABLES:
        assert not [row for row in yard.rows(table) if TEXT in str(row.__data__)]


class TestChangedOverOcpp:
    @pytest.mark.parametrize("form", [NEW_BYTES, NEW, NEW.upper()], ids=["raw bytes", "hex", "HEX"])
    def test_tc_073_from_accepted_on_only_the_new_password_works(
        self, yard: Yard, locked: FakeChargePoint, form: str | bytes
    ) -> None:
        change(yard, locked, NEW, "Accepted")
        assert opens(yard, form)
        assert not opens(yard, OLD)

    def test_tc_073_a_password_may_also_be_sixteen_to_twenty_characters(
        self, yard: Yard, locked: FakeChargePoint
    ) -> None:
        change(yard, locked, TEXT, "Accepted")
        assert opens(yard, TEXT)
        assert not opens(yard, OLD)

    @pytest.mark.parametrize("status", ["Rejected", "NotSupported"])
    def test_x_y_02_a_station_that_refuses_keeps_the_old_one(
        self, yard: Yard, locked: FakeChargePoint, status: str
    ) -> None:
        change(yard, locked, NEW, status)
        assert opens(yard, OLD)
        assert not opens(yard, NEW_BYTES)
        assert not opens(yard, NEW)

    def test_a_station_that_answers_with_an_error_keeps_the_old_one(self, yard: Yard, locked: FakeChargePoint) -> None:
        ask(yard, NEW)
        message_id = locked.recv()[1]
        locked.send_raw(json.dumps([4, message_id, "InternalError", "", {}]))
        eventually(lambda: not yard.rows(Command, Command.state.in_(OPEN_STATES)))
        assert opens(yard, OLD)
        assert not opens(yard, NEW)

    def test_a_station_that_must_restart_first_may_come_back_with_either_until_it_uses_the_new_one(
        self, yard: Yard, locked: FakeChargePoint
    ) -> None:
        change(yard, locked, NEW, "RebootRequired")
        assert opens(yard, OLD)
        assert not opens(yard, TEXT)
        assert opens(yard, NEW_BYTES)
        assert not opens(yard, OLD)
        assert opens(yard, NEW)

    @pytest.mark.parametrize("end", ["silent", "gone", "killed"])
    def test_a_station_that_does_not_say_whether_it_took_the_password_may_come_with_either(
        self, yard: Yard, locked: FakeChargePoint, end: str
    ) -> None:
        ask(yard, NEW, timeout=0.1 if end == "silent" else 30)
        locked.recv()
        if end == "gone":
            locked.vanish()
        if end == "killed":
            yard.store.write(commands.abandon)
        eventually(lambda: not yard.rows(Command, Command.state.in_(OPEN_STATES)))
        assert opens(yard, OLD)
        assert opens(yard, NEW)
        assert not opens(yard, OLD)

    @pytest.mark.parametrize("status", ["Accepted", "RebootRequired"])
    def test_a_password_changed_once_more_before_the_restart_ends_the_one_between(
        self, yard: Yard, locked: FakeChargePoint, status: str
    ) -> None:
        change(yard, locked, NEW, "RebootRequired")
        change(yard, locked, TEXT, status)
        assert not opens(yard, NEW)
        assert opens(yard, TEXT)
        assert not opens(yard, OLD)

    def test_a_first_password_that_waits_for_a_restart_is_needed_from_its_first_use_on(self, yard: Yard) -> None:
        yard.add_station("LOCKED")
        charge_point = yard.connect("LOCKED")
        charge_point.boot()
        change(yard, charge_point, NEW, "RebootRequired")
        assert yard.handshake("/ocpp/LOCKED").status == 101
        assert opens(yard, "anything else at all")
        assert opens(yard, NEW)
        assert yard.handshake("/ocpp/LOCKED").status == 401

    def test_the_station_stays_connected_meanwhile(self, yard: Yard, locked: FakeChargePoint) -> None:
        change(yard, locked, NEW, "Accepted")
        assert locked.call("Heartbeat")["currentTime"]

    def test_a_station_gets_its_first_password_over_ocpp(self, yard: Yard) -> None:
        yard.add_station("LOCKED")
        charge_point = yard.connect("LOCKED")
        charge_point.boot()
        change(yard, charge_point, NEW, "Accepted")
        assert opens(yard, NEW_BYTES)
        assert yard.handshake("/ocpp/LOCKED").status == 401


class TestNeverInClear:
    def test_x_y_10_the_secret_is_in_neither_the_database_nor_the_log(
        self, yard: Yard, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        yard.add_station("LOCKED", password=OLD)
        ask(yard, NEW)
        ask(yard, TEXT, key="authorizationKEY")
        found_nowhere(yard, caplog, OLD, NEW, TEXT)
        charge_point = yard.connect("LOCKED", password=OLD)
        charge_point.boot()
        for value in (NEW, TEXT):
            _, message_id, _, payload = charge_point.recv()
            assert payload["value"] == value
            # It even says the secret aloud.
            charge_point.send_raw(json.dumps([3, message_id, {"status": "Accepted", "AuthorizationKey": value}]))
        eventually(lambda: not yard.rows(Command, Command.state.in_(OPEN_STATES)))
        opens(yard, b"wrong " + NEW_BYTES)
        opens(yard, TEXT)
        found_nowhere(yard, caplog, OLD, NEW, TEXT)
        assert [row.sealed for row in yard.rows(Command)] == [None, None]

    def test_what_a_station_reports_of_it_is_not_kept(
        self, yard: Yard, locked: FakeChargePoint, caplog: pytest.LogCaptureFixture
    ) -> None:
        with yard.store.reading():
            station = charge_points.find("LOCKED")
        yard.store.write(lambda unit: commands.request(unit, station.id, "GetConfiguration", {}, by="anna"))
        message_id = locked.recv()[1]
        reported = {"key": "AuthorizationKey", "readonly": False, "value": OLD}
        locked.send_raw(json.dumps([3, message_id, {"configurationKey": [reported]}]))
        eventually(lambda: yard.rows(ConfigurationKey))
        found_nowhere(yard, caplog, OLD)


def found_nowhere(yard: Yard, caplog: pytest.LogCaptureFixture, *secrets: str) -> None:
    """Neither the secrets nor the bytes they spell, in no usual spelling."""
    stored = everything(yard)
    logged = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records).encode()
    assert b"LOCKED" in stored
    for secret in secrets:
        for spelling in spellings(secret):
            assert spelling not in stored, (secret, spelling)
            assert spelling not in logged, (secret, spelling)


def spellings(secret: str) -> list[bytes]:
    keys = [secret.encode()]
    if len(secret) >= 32:
        keys += [bytes.fromhex(secret), secret.upper().encode()]
    texts = [f"LOCKED:{secret}".encode()]
    return [*keys, *(base64.b64encode(key) for key in keys + texts), *(key.hex().encode() for key in keys)]


def everything(yard: Yard) -> bytes:
    """The database as it lies on the disk, with what is deleted and the write-ahead log; of PostgreSQL every row."""
    yard.store.write(lambda unit: None)
    if yard.store.is_sqlite:
        folder = yard.server.settings.data_dir
        return b"".join(path.read_bytes() for path in sorted(folder.glob("chargeyard.db*")))
    with yard.store.reading():
        return "\n".join(str(row) for table in TABLES for row in table.select().tuples()).encode()


class TestGuessing:
    def guess(self, yard: Yard, password: str = "wrong", identity: str = "LOCKED") -> raw.Answer:
        return yard.handshake(f"/ocpp/{identity}", raw.upgrade_lines(more=[basic(identity, password)]))

    def test_who_guesses_is_told_to_wait_and_has_one_entry_in_the_inbox(
        self, yard: Yard, locked: FakeChargePoint, standing: list[int]
    ) -> None:
        answers = [self.guess(yard) for _ in range(8)]
        assert [answer.status for answer in answers] == [401] * 5 + [429] * 3
        assert [answer.headers.get("retry-after") for answer in answers[4:]] == [None, "2", "2", "2"]
        row = yard.row(Refusal)
        assert (row.reason, row.count, row.identity) == ("wrong_credentials", 8, "LOCKED")
        assert "Too many wrong passwords" in row.detail

    def test_the_right_password_opens_after_the_wait_and_clears_the_inbox(
        self, yard: Yard, locked: FakeChargePoint, standing: list[int]
    ) -> None:
        for _ in range(5):
            self.guess(yard)
        assert self.guess(yard, OLD).status == 429
        assert yard.rows(Refusal)
        standing[0] = 2
        assert self.guess(yard, OLD).status == 101
        assert yard.rows(Refusal) == []

    def test_a_neighbour_behind_the_same_address_is_not_locked_out(
        self, yard: Yard, locked: FakeChargePoint, standing: list[int]
    ) -> None:
        yard.add_station("NEIGHBOUR", password=TEXT)
        for _ in range(6):
            self.guess(yard)
        assert self.guess(yard, TEXT, "NEIGHBOUR").status == 101
        assert self.guess(yard, "wrong", "NEIGHBOUR").status == 401
        assert yard.connect().boot()["status"] == "Accepted"

    def test_the_connected_station_goes_on_while_somebody_guesses(
        self, yard: Yard, locked: FakeChargePoint, standing: list[int]
    ) -> None:
        for _ in range(6):
            self.guess(yard)
        assert locked.call("Heartbeat")["currentTime"]


class TestTheInboxEmptiesItself:
    def test_a_station_that_connects_takes_its_refusals_with_it(self, yard: Yard) -> None:
        for path in ("/ocpp/NEW", "/ocpp/new", "/ocpp/OTHER"):
            yard.handshake(path)
        assert len(yard.rows(Refusal)) == 3
        yard.add_station("NEW")
        assert [row.identity for row in yard.rows(Refusal)] == ["OTHER"]
        yard.handshake("/ocpp/NEW", offered=["ocpp2.0.1"])
        assert {row.reason for row in yard.rows(Refusal)} == {"unknown_identity", "subprotocol"}
        yard.connect("NEW")
        assert [row.identity for row in yard.rows(Refusal)] == ["OTHER"]

    def test_a_connection_from_here_leaves_wrong_passwords_from_elsewhere(self, yard: Yard) -> None:
        yard.add_station("LOCKED", password=OLD)
        yard.handshake("/ocpp/LOCKED")
        yard.store.write(lambda unit: Refusal.update(address="10.0.0.9").execute())
        yard.handshake("/ocpp/LOCKED")
        assert opens(yard, OLD)
        assert [row.address for row in yard.rows(Refusal)] == ["10.0.0.9"]
