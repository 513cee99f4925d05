"""What other programs build on: a yard that is furnished, driven and read over HTTP alone (design.md, section 8)."""

import json
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
import websocket

from tests.fake_charge_point import FakeChargePoint, Refused
from tests.portal.api.conftest import Remote

TEXT, BYTES = "0123456789abcdef", bytes(range(0xEC, 0x100))


@pytest.fixture
def station(remote: Remote) -> Iterator[FakeChargePoint]:
    assert remote.ask("POST", "/stations", {"identity": "CP-1"})[0] == 201
    with FakeChargePoint(remote.port).connect() as station:
        station.boot()
        yield station


def status_of(remote: Remote, password: str | bytes | None) -> int:
    """The HTTP status of a handshake."""
    station = FakeChargePoint(remote.port, password=password)
    try:
        with station.connect():
            return 101
    except websocket.WebSocketBadStatusException as refused:
        station.vanish()
        return refused.status_code


def call(remote: Remote, action: str, payload: Any, **more: Any) -> gevent.Greenlet:
    return gevent.spawn(remote.ask, "POST", "/stations/CP-1/calls", {"action": action, "payload": payload, **more})


def answer(station: FakeChargePoint, payload: Any) -> list:
    asked = station.recv()
    station.send_raw(json.dumps([3, asked[1], payload]))
    return asked


@pytest.mark.parametrize(("given", "sent"), [(TEXT, TEXT), (BYTES.hex(), BYTES), (BYTES.hex().upper(), BYTES.hex())])
def test_a_station_is_added_with_its_password_and_gets_another(remote: Remote, given: str, sent: str | bytes) -> None:
    body = {"identity": "CP-1", "registration": "accepted", "password": given, "security_profile": 1}
    assert remote.ask("POST", "/stations", body)[0] == 201
    assert [status_of(remote, password) for password in (None, "wrong", sent)] == [401, 401, 101]
    assert remote.ask("PATCH", "/stations/CP-1", {"password": "another password"})[0] == 200
    assert [status_of(remote, password) for password in (sent, "another password")] == [401, 101]


def test_a_change_of_nothing_needs_no_body(remote: Remote) -> None:
    remote.ask("POST", "/stations", {"identity": "CP-1"})
    assert remote.ask("PATCH", "/stations/CP-1")[0] == 200
    assert remote.ask("POST", "/stations")[0] == 415


def test_a_password_that_no_station_can_have_is_refused(remote: Remote) -> None:
    for password in ("15 characters..", "x" * 21, "ab" * 21, "ü" * 11):
        status, problem = remote.ask("POST", "/stations", {"identity": "CP-1", "password": password})
        assert (status, problem["errors"][0]["field"]) == (422, "password")
        assert password not in json.dumps(problem)


def test_a_pending_station_is_asked_and_then_accepted_while_it_is_connected(remote: Remote) -> None:
    remote.ask("POST", "/stations", {"identity": "CP-1", "registration": "pending"})
    with FakeChargePoint(remote.port).connect() as station:
        assert station.boot()["status"] == "Pending"
        with pytest.raises(Refused):
            station.status()
        trigger = call(remote, "TriggerMessage", {"requestedMessage": "BootNotification"})
        assert answer(station, {"status": "Accepted"})[3] == {"requestedMessage": "BootNotification"}
        assert trigger.get(timeout=5)[1]["result"] == {"status": "Accepted"}
        start = {"idTag": "A", "connectorId": 1}
        assert call(remote, "RemoteStartTransaction", start).get(timeout=5)[0] == 422
        status, changed = remote.ask("PATCH", "/stations/CP-1", {"registration": "accepted"})
        assert (status, changed["told_registration"]) == (200, "pending")
        assert call(remote, "RemoteStartTransaction", start).get(timeout=5)[0] == 422
        assert station.boot()["status"] == "Accepted"
        started = call(remote, "RemoteStartTransaction", start)
        assert answer(station, {"status": "Rejected"})[3] == start
        assert started.get(timeout=5)[1]["result"] == {"status": "Rejected"}


def test_a_rejected_station_is_not_asked_anything(remote: Remote) -> None:
    remote.ask("POST", "/stations", {"identity": "CP-1", "registration": "rejected"})
    with FakeChargePoint(remote.port).connect() as station:
        assert station.boot()["status"] == "Rejected"
        assert call(remote, "Reset", {"type": "Hard"}).get(timeout=5)[0] == 422


def test_a_deleted_station_is_cut_off_and_unknown(remote: Remote, station: FakeChargePoint) -> None:
    assert remote.ask("DELETE", "/stations/CP-1") == (204, None)
    assert station.wait_for_close()[0] == 1008
    station.vanish()
    assert status_of(remote, None) == 404
    assert remote.ask("POST", "/stations/CP-1/calls", {"action": "Reset", "payload": {"type": "Soft"}})[0] == 404


ODD_BUT_ALLOWED = [
    ("UnlockConnector", {"connectorId": 99}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "-1"}),
    ("ChangeConfiguration", {"key": "No such key", "value": ""}),
    ("RemoteStopTransaction", {"transactionId": 987654321}),
    ("ReserveNow", {"connectorId": 0, "expiryDate": "2020-01-01T00:00:00Z", "idTag": "X", "reservationId": -7}),
    ("GetConfiguration", {}),
    ("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 77}),
]


def test_what_the_schema_allows_goes_out_as_it_is(remote: Remote, station: FakeChargePoint) -> None:
    for action, payload in ODD_BUT_ALLOWED:
        waiting = call(remote, action, payload)
        asked = station.recv()
        assert asked[2:] == [action, payload]
        station.send_raw(json.dumps([4, asked[1], "PropertyConstraintViolation", "", {}]))
        assert waiting.get(timeout=5)[1]["error"]["code"] == "PropertyConstraintViolation"


def test_the_time_out_is_the_stations_and_does_not_run_while_another_call_waits(
    remote: Remote, station: FakeChargePoint
) -> None:
    first = call(remote, "Reset", {"type": "Soft"})
    asked = station.recv()
    second = call(remote, "ClearCache", {}, timeout=0.5)
    gevent.sleep(0.7)
    station.send_raw(json.dumps([3, asked[1], {"status": "Accepted"}]))
    assert answer(station, {"status": "Accepted"})[2] == "ClearCache"
    assert [one.get(timeout=5)[0] for one in (first, second)] == [200, 200]


def test_a_card_is_one_in_any_spelling_on_every_side(remote: Remote, station: FakeChargePoint) -> None:
    assert remote.ask("POST", "/id-tags", {"id_tag": "CaRd", "parent_id_tag": "GrOuP"})[0] == 201
    assert station.authorize("cArD") == {"status": "Accepted", "parentIdTag": "GrOuP"}
    assert remote.ask("PATCH", "/id-tags/CARD", {"id_tag": "card"})[1]["id_tag"] == "card"
    assert remote.ask("PATCH", "/id-tags/Card", {"status": "blocked"})[0] == 200
    assert station.authorize("CARD")["status"] == "Blocked"
    assert remote.ask("DELETE", "/id-tags/cARD")[0] == 204
    assert station.authorize("card") == {"status": "Invalid"}


def test_a_session_is_read_from_its_start_to_its_end(remote: Remote, station: FakeChargePoint) -> None:
    remote.ask("POST", "/id-tags", {"id_tag": "A"})
    number = station.start("A", meter=1000, timestamp="2026-11-22T10:00:00.750+01:00")["transactionId"]
    station.meter(1500, number, timestamp="2026-11-22T09:30:00Z")
    running = remote.ask("GET", f"/transactions/{number}")[1]
    fields = ("id", "station", "connector_id", "id_tag", "started_at", "meter_start", "energy_wh")
    assert [running[name] for name in fields] == [number, "CP-1", 1, "A", "2026-11-22T09:00:00Z", 1000, 500]
    assert [running[name] for name in ("stopped_at", "meter_stop", "stop_reason")] == [None, None, None]
    station.stop(number, 3000, timestamp="2026-11-22T10:00:00Z", reason="EVDisconnected")
    ended = remote.ask("GET", f"/transactions/{number}")[1]
    assert [ended[name] for name in ("stopped_at", "meter_stop", "energy_wh", "stop_reason")] == [
        "2026-11-22T10:00:00Z",
        3000,
        2000,
        "EVDisconnected",
    ]
    (value,) = remote.ask("GET", f"/transactions/{number}/meter-values")[1]["items"]
    assert (value["timestamp"], value["energy_wh"]) == ("2026-11-22T09:30:00Z", 1500)


def test_a_connection_is_dropped_and_the_station_may_come_back(remote: Remote, station: FakeChargePoint) -> None:
    assert remote.ask("DELETE", "/stations/CP-1/connection") == (204, None)
    assert station.wait_for_close() == (1008, "dropped by an operator")
    station.vanish()
    with gevent.Timeout(5):
        while remote.ask("GET", "/stations/CP-1")[1]["connected"]:
            gevent.sleep(0.01)
    assert remote.ask("DELETE", "/stations/CP-1/connection")[0] == 409
    assert status_of(remote, None) == 101
