"""A station that never stops sending is slowed by its own socket, then cut off, with a reason in the inbox."""

import json
from contextlib import suppress

import pytest

from ocpp_server import flood
from ocpp_server.models import Frame, Refusal
from tests.wire.yard import eventually

HEARTBEAT = '[2,"{}","Heartbeat",{{}}]'


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    """The same rule with smaller numbers."""
    monkeypatch.setattr(flood, "BURST", 100)
    monkeypatch.setattr(flood, "SLOW_BELOW", 20)
    monkeypatch.setattr(flood, "PAUSE", 0.001)
    monkeypatch.setattr(flood, "SUSTAINED", 0.01)


def test_who_floods_is_cut_off_with_a_reason_in_the_inbox(yard):
    charge_point = yard.connect()
    for number in range(300):
        charge_point.send_raw(HEARTBEAT.format(number))
    code, reason = charge_point.wait_for_close()
    assert code == 1008
    assert "messages" in reason
    row = eventually(lambda: yard.rows(Refusal))[0]
    assert (row.reason, row.identity, row.address) == ("flood", "CP-1", "127.0.0.1")
    assert "without waiting" in row.detail
    eventually(yard.is_empty)
    assert 2 * 100 <= len(yard.rows(Frame)) < 2 * 300


def test_large_messages_are_a_flood_as_well(yard):
    charge_point = yard.connect()
    call = json.dumps([2, "1", "DataTransfer", {"vendorId": "V", "data": "x" * 5_000}])
    with suppress(OSError):
        for _ in range(300):
            charge_point.send_raw(call)
    row = eventually(lambda: yard.rows(Refusal), seconds=30)[0]
    assert (row.reason, row.identity) == ("flood", "CP-1")


def test_everything_up_to_then_was_answered(yard):
    charge_point = yard.connect()
    for number in range(100):
        charge_point.send_raw(HEARTBEAT.format(number))
    assert [charge_point.recv()[1] for _ in range(100)] == [str(number) for number in range(100)]


def test_its_allowance_does_not_come_back_by_connecting_anew(yard):
    charge_point = yard.connect()
    for number in range(300):
        charge_point.send_raw(HEARTBEAT.format(number))
    charge_point.wait_for_close()
    again = yard.connect()
    for number in range(100):
        again.send_raw(HEARTBEAT.format(number))
    assert again.wait_for_close()[0] == 1008


def test_a_station_that_waits_for_its_answers_may_go_on_for_ever(yard):
    charge_point = yard.connect()
    for _ in range(150):
        assert "currentTime" in charge_point.call("Heartbeat")


def test_other_stations_are_not_touched(yard):
    yard.add_station("CP-2")
    charge_point, other = yard.connect(), yard.connect("CP-2")
    for number in range(300):
        charge_point.send_raw(HEARTBEAT.format(number))
    assert other.boot()["status"] == "Accepted"
    charge_point.wait_for_close()
    assert "currentTime" in other.call("Heartbeat")


def test_answers_that_nobody_asked_for_count_too(yard):
    charge_point = yard.connect()
    for number in range(300):
        charge_point.send_raw(json.dumps([3, str(number), {}]))
    assert charge_point.wait_for_close()[0] == 1008
