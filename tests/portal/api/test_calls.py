"""Calls over a real server, answered by a real station."""

import json
from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from ocpp_server import sessions
from ocpp_server.models import Frame
from ocpp_server.server import Server
from ocpp_server.services import commands
from ocpp_server.services.station import charge_points
from ocpp_server.store import Unit
from tests.fake_charge_point import FakeChargePoint
from tests.portal.api.conftest import Remote, make_token
from tests.wire.yard import eventually

CALLS = "/stations/CP-1/calls"
RESET = {"action": "Reset", "payload": {"type": "Soft"}}


@pytest.fixture
def station(server: Server) -> Iterator[FakeChargePoint]:
    server.store.write(lambda unit: charge_points.add(unit, "CP-1"))
    with FakeChargePoint(server.port).connect() as station:
        station.boot()
        yield station


def asking(remote: Remote, body: dict[str, Any]) -> gevent.Greenlet:
    return gevent.spawn(remote.ask, "POST", CALLS, body)


def answer(station: FakeChargePoint, payload: Any) -> list:
    """Let the station answer the next CALL; the CALL."""
    call = station.recv()
    station.send_raw(json.dumps([3, call[1], payload]))
    return call


@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
def test_a_call_returns_what_the_station_answered(remote: Remote, station: FakeChargePoint, status: str) -> None:
    waiting = asking(remote, RESET)
    call = answer(station, {"status": status})
    assert (call[0], call[2], call[3]) == (2, "Reset", {"type": "Soft"})
    expected = {"id": 1, "action": "Reset", "state": "answered", "result": {"status": status}}
    assert waiting.get(timeout=5) == (200, expected)


def test_the_payload_goes_out_exactly_as_it_came(remote: Remote, station: FakeChargePoint) -> None:
    payload = {"vendorId": "Mäker", "messageId": "x", "data": '{"a": [1, 2.50]}'}
    waiting = asking(remote, {"action": "DataTransfer", "payload": payload})
    assert answer(station, {"status": "Accepted"})[3] == payload
    assert waiting.get(timeout=5)[0] == 200


def test_what_is_long_comes_and_goes_whole(remote: Remote, station: FakeChargePoint) -> None:
    payload = {"vendorId": "V", "data": "q" * 100_000}
    waiting = asking(remote, {"action": "DataTransfer", "payload": payload})
    result = {"status": "Accepted", "data": "a" * 100_000}
    assert answer(station, result)[3] == payload
    status, said = waiting.get(timeout=5)
    assert (status, said["result"]) == (200, result)
    command = remote.ask("GET", f"/commands/{said['id']}")[1]
    assert (command["payload"], command["result"]) == (payload, result)


def test_an_empty_answer_may_be_null(remote: Remote, station: FakeChargePoint) -> None:
    waiting = asking(remote, {"action": "GetDiagnostics", "payload": {"location": "http://files.example/in"}})
    answer(station, None)
    assert waiting.get(timeout=5)[1]["result"] == {}


def test_a_callerror_is_an_answer_too(remote: Remote, station: FakeChargePoint) -> None:
    waiting = asking(remote, RESET)
    call = station.recv()
    station.send_raw(json.dumps([4, call[1], "NotSupported", "not here", {"why": 1}]))
    status, said = waiting.get(timeout=5)
    assert (status, said["state"], said["result"]) == (200, "error", None)
    assert said["error"] == {"code": "NotSupported", "description": "not here", "details": {"why": 1}}


def test_a_station_that_is_not_connected_is_a_conflict_at_once(server: Server, remote: Remote) -> None:
    server.store.write(lambda unit: charge_points.add(unit, "CP-1"))
    status, problem = remote.ask("POST", CALLS, RESET)
    assert (status, problem["type"]) == (409, "urn:chargeyard:problem:not-connected")
    assert remote.ask("GET", "/stations/CP-1/commands")[1]["items"] == []


def test_a_silent_station_is_a_gateway_time_out(remote: Remote, station: FakeChargePoint) -> None:
    waiting = asking(remote, {**RESET, "timeout": 0.2})
    message_id = station.recv()[1]
    status, problem = waiting.get(timeout=5)
    assert (status, problem["type"]) == (504, "urn:chargeyard:problem:no-answer")
    path = f"/commands/{problem['command']}"
    assert [remote.ask("GET", path)[1][name] for name in ("state", "late_at")] == ["timeout", None]
    station.send_raw(json.dumps([3, message_id, {"status": "Accepted"}]))
    station.call("Heartbeat")
    late = remote.ask("GET", path)[1]
    assert (late["state"], late["result"], late["late_message"][2]) == ("timeout", None, {"status": "Accepted"})
    assert late["late_at"] is not None


def test_a_connection_that_is_lost_meanwhile_is_a_conflict(remote: Remote, station: FakeChargePoint) -> None:
    waiting = asking(remote, RESET)
    station.recv()
    station.vanish()
    status, problem = waiting.get(timeout=5)
    assert (status, problem["type"]) == (409, "urn:chargeyard:problem:connection-lost")
    assert "lost before it answered" in problem["detail"]


def test_a_call_that_waited_behind_another_when_the_station_left_is_a_conflict(
    server: Server, remote: Remote, station: FakeChargePoint
) -> None:
    first, second = asking(remote, RESET), asking(remote, RESET)
    station.recv()
    station.vanish()
    assert first.get(timeout=5)[0] == 409
    eventually(lambda: remote.ask("GET", "/stations/CP-1")[1]["connected"] is False)

    def an_hour_later(unit: Unit) -> None:
        unit.execute("UPDATE command SET expires_at = 1 WHERE state = 'queued'")
        commands.expire(unit)

    server.store.write(an_hour_later)
    status, problem = second.get(timeout=5)
    assert (status, problem["type"]) == (409, "urn:chargeyard:problem:not-connected")


def test_many_calls_wait_for_each_other(remote: Remote, station: FakeChargePoint) -> None:
    waiting = [asking(remote, RESET) for _ in range(5)]
    for _ in waiting:
        answer(station, {"status": "Accepted"})
    assert [one.get(timeout=5)[0] for one in waiting] == [200] * 5


def test_waiting_calls_hold_no_database_connection(server: Server, remote: Remote, station: FakeChargePoint) -> None:
    waiting = [asking(remote, {**RESET, "timeout": 600}) for _ in range(30)]
    call = station.recv()
    # More of them than PostgreSQL's pool has connections, and yet there is one for everybody else.
    assert remote.ask("GET", "/stations/CP-1")[0] == 200
    station.send_raw(json.dumps([3, call[1], {"status": "Accepted"}]))
    for _ in waiting[1:]:
        answer(station, {"status": "Accepted"})
    assert {one.get(timeout=10)[0] for one in waiting} == {200}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"action": "Reset", "payload": {"type": "Warm"}}, ["payload.type"]),
        ({"action": "Reset", "payload": {}}, ["payload.type"]),
        ({"action": "Reset"}, ["payload.type"]),
        ({"action": "Reset", "payload": {"type": "Soft", "now": True}}, ["payload.now"]),
        ({"action": "Restart", "payload": {}}, ["action"]),
        ({"payload": {}}, ["action"]),
        ({**RESET, "payload": []}, ["payload"]),
        ({**RESET, "timeout": 0}, ["timeout"]),
        ({**RESET, "timeout": 601}, ["timeout"]),
        ({**RESET, "timeout": "soon"}, ["timeout"]),
        ({**RESET, "wait": 1}, ["wait"]),
        ({**RESET, "when": "later"}, ["when"]),
    ],
)
def test_what_breaks_the_schema_is_named(
    server: Server, remote: Remote, body: dict[str, Any], fields: list[str]
) -> None:
    server.store.write(lambda unit: charge_points.add(unit, "CP-1"))
    status, problem = remote.ask("POST", CALLS, body)
    assert status == 422
    assert [error["field"] for error in problem["errors"]] == fields


def test_what_the_registration_forbids_is_named(server: Server, remote: Remote) -> None:
    server.store.write(lambda unit: charge_points.add(unit, "CP-1", registration="pending"))
    start = {"action": "RemoteStartTransaction", "payload": {"idTag": "A"}}
    status, problem = remote.ask("POST", CALLS, start)
    assert (status, problem["errors"][0]["field"]) == (422, "registration")


def test_a_call_that_is_not_waited_for_can_be_looked_up(remote: Remote, station: FakeChargePoint) -> None:
    status, queued = remote.ask("POST", CALLS, {**RESET, "wait": False})
    assert status == 202
    answer(station, {"status": "Accepted"})
    path = f"/commands/{queued['id']}"
    with gevent.Timeout(5):
        while (command := remote.ask("GET", path)[1])["state"] != "answered":
            gevent.sleep(0.01)
    assert command["station"] == "CP-1"
    assert command["payload"] == {"type": "Soft"}
    assert (command["result"], command["error"]) == ({"status": "Accepted"}, None)
    assert command["requested_by"] == "token 1: test"
    assert remote.ask("DELETE", path)[0] == 409
    listed = remote.ask("GET", "/stations/CP-1/commands?state=answered&action=Reset")[1]
    assert listed == {"items": [command], "next": None}
    assert remote.ask("GET", "/stations/CP-1/commands?state=queued")[1]["items"] == []


def test_a_queued_command_is_taken_back(server: Server, remote: Remote) -> None:
    server.store.write(lambda unit: charge_points.add(unit, "CP-1"))
    _, queued = remote.ask("POST", CALLS, {**RESET, "wait": False})
    assert remote.ask("DELETE", f"/commands/{queued['id']}") == (204, None)
    assert remote.ask("GET", f"/commands/{queued['id']}")[1]["state"] == "cancelled"


def test_a_call_that_is_taken_back_while_it_waits_is_a_conflict(remote: Remote, station: FakeChargePoint) -> None:
    first, second = asking(remote, RESET), asking(remote, RESET)
    call = station.recv()
    queued = remote.ask("GET", "/stations/CP-1/commands?state=queued")[1]["items"][0]
    remote.ask("DELETE", f"/commands/{queued['id']}")
    station.send_raw(json.dumps([3, call[1], {"status": "Accepted"}]))
    answers = [first.get(timeout=5), second.get(timeout=5)]
    assert sorted(status for status, _ in answers) == [200, 409]
    assert {"urn:chargeyard:problem:cancelled"} == {body["type"] for status, body in answers if status == 409}


def test_the_audit_log_says_who_asked_and_what_came_of_it(
    server: Server, remote: Remote, station: FakeChargePoint
) -> None:
    payload = {"key": "AuthorizationKey", "value": "x" * 20}
    waiting = asking(remote, {"action": "ChangeConfiguration", "payload": payload})
    answer(station, {"status": "Rejected"})
    waiting.get(timeout=5)
    admin = Remote(server.port, make_token(server.store, "admin"))
    (entry,) = admin.ask("GET", "/audit?topic=command")[1]["items"]
    assert (entry["who"], entry["address"]) == ("token 1: test", "127.0.0.1")
    assert (entry["action"], entry["target"], entry["result"]) == ("command.ChangeConfiguration", "CP-1", "Rejected")
    assert "AuthorizationKey" in entry["detail"]
    assert "xxxx" not in json.dumps(entry)


def test_messages_are_listed_newest_first(server: Server, remote: Remote, station: FakeChargePoint) -> None:
    waiting = asking(remote, RESET)
    answer(station, {"status": "Accepted"})
    waiting.get(timeout=5)
    page = remote.ask("GET", "/stations/cp-1/messages?limit=3")[1]
    assert [(item["direction"], item["type"], item["action"]) for item in page["items"]] == [
        ("in", "CALLRESULT", "Reset"),
        ("out", "CALL", "Reset"),
        ("out", "CALLRESULT", "BootNotification"),
    ]
    assert page["items"][1]["payload"] == {"type": "Soft"}
    assert json.loads(page["items"][1]["text"])[2:] == ["Reset", {"type": "Soft"}]
    rest = remote.ask("GET", f"/stations/CP-1/messages?cursor={page['next']}")[1]
    assert [item["action"] for item in rest["items"]] == ["BootNotification"]
    assert rest["next"] is None


def test_messages_are_filtered(server: Server, remote: Remote, station: FakeChargePoint) -> None:
    def listed(query: str) -> list[str]:
        return [item["type"] for item in remote.ask("GET", f"/stations/CP-1/messages?{query}")[1]["items"]]

    assert listed("direction=in") == ["CALL"]
    assert listed("action=BootNotification&direction=out") == ["CALLRESULT"]
    assert listed("action=Heartbeat") == []
    assert listed("since=2020-01-01T00:00:00Z") == ["CALLRESULT", "CALL"]
    assert listed("until=2020-01-01") == []


def test_frames_that_cannot_be_read_are_listed_too(server: Server, remote: Remote) -> None:
    added = server.store.write(lambda unit: charge_points.add(unit, "CP-1"))
    facts = {"charge_point_id": added.id, "at": added.created_at, "outgoing": False, "message_id": "", "action": ""}
    server.store.write(lambda unit: Frame.create(**facts, message_type=0, text="{nonsense", outcome="GenericError"))
    server.store.write(lambda unit: Frame.create(**facts, message_type=3, text="[3]", note="one\ntwo"))
    short, nonsense = remote.ask("GET", "/stations/CP-1/messages")[1]["items"]
    assert (nonsense["type"], nonsense["payload"], nonsense["text"]) == ("unreadable", None, "{nonsense")
    assert (short["payload"], short["notes"]) == (None, ["one", "two"])


def test_a_connected_station_says_so(remote: Remote, station: FakeChargePoint) -> None:
    shown = remote.ask("GET", "/stations/CP-1")[1]
    assert (shown["connected"], shown["vendor"], shown["model"]) == (True, "Acme", "Box")
    assert shown["last_seen_at"].endswith("Z")
    assert len(remote.ask("GET", "/stations?connected=true")[1]["items"]) == 1
    assert sessions.connected_ids()
