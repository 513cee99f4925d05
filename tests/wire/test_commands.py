"""Operators ask stations on real sockets: what goes out, what comes back, and what a hundred of them do to the page."""

import json
import re
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
import websocket
from flask.testing import FlaskClient

import app as entry
from ocpp_server import outgoing, sessions
from ocpp_server.models import Command
from ocpp_server.services import commands
from ocpp_server.services.access import operators
from tests.conftest import PASSWORD
from tests.fake_charge_point import FakeChargePoint
from tests.wire.yard import Yard, eventually

#: What a station does with a CALL: answer with a payload, answer with a CALLERROR code, or say nothing.
Reaction = dict[str, Any] | str | None


@pytest.fixture
def operator(yard: Yard) -> FlaskClient:
    """The portal of the running server, with an operator logged in."""
    email, hashed = "operator@example.com", operators.hash_password(PASSWORD)
    yard.store.write(lambda unit: operators.add(unit, email, password_hash=hashed, role="operator"))
    client = entry.create_portal(yard.server.settings, yard.store).test_client()
    assert client.post("/login", data={"email": email, "password": PASSWORD}).status_code == 303
    return client


@pytest.fixture
def playing() -> Iterator[list[gevent.Greenlet]]:
    """The greenlets of stations that answer by themselves."""
    greenlets: list[gevent.Greenlet] = []
    yield greenlets
    gevent.killall(greenlets)


def play(station: FakeChargePoint, reaction: Reaction, calls: list | None = None) -> None:
    """Answer every CALL the same way, until the socket ends."""
    while True:
        try:
            frame = station.recv()
        except (websocket.WebSocketException, OSError):
            return
        if frame[0] != 2:
            continue
        if calls is not None:
            calls.append(frame)
        reply(station, frame[1], reaction)


def reply(station: FakeChargePoint, message_id: str, reaction: Reaction) -> None:
    if isinstance(reaction, dict):
        station.send_raw(json.dumps([3, message_id, reaction]))
    elif isinstance(reaction, str):
        station.send_raw(json.dumps([4, message_id, reaction, "as it is told to", {}]))


def ask(operator: FlaskClient, action: str, number: int = 1, **form: Any) -> str:
    """Post the form of an action; the address of the result."""
    done = operator.post(f"/stations/{number}/commands/{action}", data={**form, "confirmed": "1"})
    assert done.status_code == 303, done.text
    return done.location


def page_says(operator: FlaskClient, path: str, words: str, seconds: float = 5.0) -> str:
    def found() -> str:
        text = operator.get(path).text
        return text if words in text else ""

    return eventually(found, seconds, f"{path} never said {words!r}")


def test_a_request_goes_out_and_its_answer_comes_onto_the_page(
    operator: FlaskClient, charge_point: FakeChargePoint
) -> None:
    path = ask(operator, "RemoteStartTransaction", idTag="CARD-1", connectorId="1")
    kind, message_id, action, payload = charge_point.recv()
    assert (kind, action, payload) == (2, "RemoteStartTransaction", {"idTag": "CARD-1", "connectorId": 1})
    page_says(operator, path, "Sent, no answer yet")
    reply(charge_point, message_id, {"status": "Accepted"})
    page_says(operator, path, "The station will start")


def test_x_j_17_and_18_calls_cross_and_only_one_is_outstanding(
    operator: FlaskClient, charge_point: FakeChargePoint
) -> None:
    first, second = ask(operator, "ClearCache"), ask(operator, "GetConfiguration")
    frame = charge_point.recv()
    assert charge_point.call("Heartbeat")["currentTime"]
    assert charge_point.status("Available") == {}
    assert not charge_point.unasked
    assert "Waiting" in operator.get(second).text
    reply(charge_point, frame[1], {"status": "Rejected"})
    assert charge_point.recv()[2:] == ["GetConfiguration", {}]
    page_says(operator, first, "Rejected")


def test_x_j_19_a_late_answer_is_on_record_and_the_next_request_went_out_meanwhile(
    operator: FlaskClient, charge_point: FakeChargePoint
) -> None:
    path = ask(operator, "ClearCache", timeout="0.2")
    late = charge_point.recv()
    after = ask(operator, "GetConfiguration")
    frame = charge_point.recv()
    page_says(operator, path, "No answer in time")
    reply(charge_point, late[1], {"status": "Accepted"})
    reply(charge_point, frame[1], {})
    page_says(operator, path, "Answered too late")
    page_says(operator, after, "Answered")


def test_a_late_answer_about_a_charging_profile_counts_on_record(
    operator: FlaskClient, charge_point: FakeChargePoint
) -> None:
    limit = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 13}]}
    profile = {
        "chargingProfileId": 4711,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": limit,
    }
    form = {"connectorId": "1", "csChargingProfiles": json.dumps(profile)}
    path = ask(operator, "SetChargingProfile", timeout="0.2", **form)
    late = charge_point.recv()
    page_says(operator, path, "No answer in time")
    page_says(operator, "/stations/1/charging", "not certain")
    reply(charge_point, late[1], {"status": "Accepted"})
    page_says(operator, path, "is on record")
    page = operator.get("/stations/1/charging").text
    assert "4711" in page
    assert "not certain" not in page


@pytest.mark.parametrize(
    ("name", "form", "answer"),
    [
        ("GetConfiguration", {}, {"configurationKey": 5, "unknownKey": 5}),
        ("GetConfiguration", {}, {"configurationKey": [None, {}, {"key": 7, "value": [1]}], "unknownKey": [None, 7]}),
        ("ChangeConfiguration", {"key": "A", "value": "b"}, {"status": {"a": 1}}),
        ("ClearCache", {}, ["Accepted"]),
        ("any", {"action": "GetLocalListVersion", "payload": "{}"}, {"listVersion": 10**18 * 9}),
    ],
)
def test_x_j_22_an_odd_answer_is_on_record_and_harms_nothing(
    operator: FlaskClient, charge_point: FakeChargePoint, name: str, form: dict, answer: Any
) -> None:
    sent = operator.post(f"/stations/1/commands/{name}", data={**form, "confirmed": "1"})
    charge_point.send_raw(json.dumps([3, charge_point.recv()[1], answer]))
    page_says(operator, sent.location, "Answered")
    assert charge_point.call("Heartbeat")["currentTime"]


def test_an_answer_that_cannot_be_applied_is_on_record_all_the_same(
    operator: FlaskClient, charge_point: FakeChargePoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(outgoing._conclusions, "ClearCache", lambda conclusion: 1 / 0)
    path = ask(operator, "ClearCache")
    reply(charge_point, charge_point.recv()[1], {"status": "Accepted"})
    page_says(operator, path, "Accepted")
    assert charge_point.call("Heartbeat")["currentTime"]


def test_a_late_answer_that_cannot_be_applied_is_on_record_too(
    operator: FlaskClient, charge_point: FakeChargePoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(outgoing._late_conclusions, "ClearCache", lambda conclusion: 1 / 0)
    path = ask(operator, "ClearCache", timeout="0.2")
    late = charge_point.recv()
    page_says(operator, path, "No answer in time")
    reply(charge_point, late[1], {"status": "Accepted"})
    page_says(operator, path, "Answered too late")
    assert charge_point.call("Heartbeat")["currentTime"]


@pytest.mark.parametrize("frame", [["NotSupported", "", {}], ["Whatever", 5, []], []])
def test_x_j_20_a_callerror_of_any_kind_is_an_outcome(
    operator: FlaskClient, charge_point: FakeChargePoint, frame: list
) -> None:
    path = ask(operator, "ClearCache")
    charge_point.send_raw(json.dumps([4, charge_point.recv()[1], *frame]))
    page_says(operator, path, frame[0] if frame else "GenericError")
    assert charge_point.call("Heartbeat")["currentTime"]


def test_a_connection_that_ends_loses_what_was_on_the_wire_and_keeps_what_waits(
    operator: FlaskClient, yard: Yard, charge_point: FakeChargePoint
) -> None:
    lost, kept = ask(operator, "ClearCache"), ask(operator, "GetConfiguration")
    charge_point.recv()
    charge_point.vanish()
    page_says(operator, lost, "Connection lost")
    assert "Waiting" in operator.get(kept).text
    back = yard.connect()
    back.boot()
    assert back.recv()[2] == "GetConfiguration"


def test_a_request_of_which_nothing_left_waits_for_the_next_connection(
    operator: FlaskClient, yard: Yard, charge_point: FakeChargePoint
) -> None:
    session = sessions.get(1)
    assert session is not None
    # Closing has begun, as when the server stops, and the request comes in between.
    session.socket._protocol.send_close(1001, "")
    path = ask(operator, "ClearCache")
    eventually(lambda: session.outbox._closed)
    eventually(lambda: "Waiting" in operator.get(path).text)
    charge_point.vanish()
    back = yard.connect()
    back.boot()
    frame = back.recv()
    assert frame[2] == "ClearCache"
    reply(back, frame[1], {"status": "Accepted"})
    page_says(operator, path, "Accepted")


def test_x_c_02_configuration_is_read_changed_and_reset_as_the_station_asks(
    operator: FlaskClient, yard: Yard, charge_point: FakeChargePoint
) -> None:
    ask(operator, "GetConfiguration")
    frame = charge_point.recv()
    item = {"key": "HeartbeatInterval", "readonly": False, "value": "300"}
    reply(charge_point, frame[1], {"configurationKey": [item], "unknownKey": ["Odd"]})
    page_says(operator, "/stations/1/configuration", "<code>300</code>")
    path = ask(operator, "ChangeConfiguration", key="HeartbeatInterval", value="60")
    frame = charge_point.recv()
    assert frame[3] == {"key": "HeartbeatInterval", "value": "60"}
    reply(charge_point, frame[1], {"status": "RebootRequired"})
    page_says(operator, path, "Reset the station now")
    page_says(operator, "/stations/1/configuration", "HeartbeatInterval takes effect after a reset")


def test_a_new_password_counts_from_accepted_on(operator: FlaskClient, yard: Yard) -> None:
    number = yard.add_station("CP-2", password="the first password")
    station = yard.connect("CP-2", password="the first password")
    station.boot()
    page = operator.post(f"/stations/{number}/configuration/new-key").text
    shown = re.search(r"<code>([0-9a-f]{40})</code>", page)
    assert shown
    frame = station.recv()
    assert frame[3] == {"key": "AuthorizationKey", "value": shown[1]}
    reply(station, frame[1], {"status": "Accepted"})
    eventually(lambda: yard.row(Command).state == "answered")
    station.close()
    with pytest.raises(websocket.WebSocketBadStatusException):
        yard.connect("CP-2", password="the first password")
    yard.connect("CP-2", password=bytes.fromhex(shown[1])).boot()


def test_a_pending_station_is_configured_then_accepted_and_told_at_once(operator: FlaskClient, yard: Yard) -> None:
    number = yard.add_station("CP-2", registration="pending")
    station = yard.connect("CP-2")
    assert station.boot()["status"] == "Pending"
    done = operator.post(f"/stations/{number}/commands/RemoteStartTransaction", data={"idTag": "CARD-1"})
    assert done.status_code == 422
    ask(operator, "ChangeConfiguration", number, key="HeartbeatInterval", value="60")
    reply(station, station.recv()[1], {"status": "Accepted"})
    operator.post(f"/stations/{number}/registration", data={"registration": "accepted", "ask": "1"})
    frame = station.recv()
    assert frame[2:] == ["TriggerMessage", {"requestedMessage": "BootNotification"}]
    reply(station, frame[1], {"status": "Accepted"})
    assert station.boot()["status"] == "Accepted"


def test_a_start_that_was_asked_before_the_station_became_pending_waits_until_it_is_told_that_it_is_accepted(
    operator: FlaskClient, yard: Yard
) -> None:
    number = yard.add_station("CP-2")
    ask(operator, "RemoteStartTransaction", number, idTag="CARD-1")
    ask(operator, "GetConfiguration", number)
    yard.change_station(number, registration="pending")
    station = yard.connect("CP-2")
    assert station.boot()["status"] == "Pending"
    frame = station.recv()
    assert frame[2] == "GetConfiguration"
    reply(station, frame[1], {})
    yard.change_station(number, registration="accepted")
    ask(operator, "ClearCache", number)
    frame = station.recv()
    assert frame[2] == "ClearCache"
    reply(station, frame[1], {"status": "Accepted"})
    assert station.boot()["status"] == "Accepted"
    assert station.recv()[2] == "RemoteStartTransaction"


def test_a_start_that_was_asked_before_goes_out_once_a_station_that_knows_nothing_else_is_accepted_again(
    operator: FlaskClient, yard: Yard
) -> None:
    number = yard.add_station("CP-2")
    station = yard.connect("CP-2")
    station.boot()
    station.close()
    eventually(lambda: not sessions.is_connected(number))
    ask(operator, "RemoteStartTransaction", number, idTag="CARD-1")
    yard.change_station(number, registration="pending")
    ask(operator, "GetConfiguration", number)
    station = yard.connect("CP-2")
    frame = station.recv()
    assert frame[2] == "GetConfiguration"
    reply(station, frame[1], {})
    eventually(lambda: yard.row(Command, Command.action == "GetConfiguration").state == "answered")
    yard.change_station(number, registration="accepted")
    assert station.recv()[2] == "RemoteStartTransaction"


def test_a_start_waits_also_where_the_station_was_told_that_it_is_rejected(operator: FlaskClient, yard: Yard) -> None:
    number = yard.add_station("CP-2")
    ask(operator, "RemoteStartTransaction", number, idTag="CARD-1")
    yard.change_station(number, registration="rejected")
    station = yard.connect("CP-2")
    assert station.boot()["status"] == "Rejected"
    yard.change_station(number, registration="accepted")
    ask(operator, "ClearCache", number)
    frame = station.recv()
    assert frame[2] == "ClearCache"
    reply(station, frame[1], {"status": "Accepted"})
    assert station.boot()["status"] == "Accepted"
    assert station.recv()[2] == "RemoteStartTransaction"


def test_a_hundred_stations_get_a_request_at_once_and_the_page_says_exactly_what_came_of_it(
    operator: FlaskClient, yard: Yard, playing: list[gevent.Greenlet]
) -> None:
    """Five are silent, three answer with a CALLERROR, two are offline; nobody waits for the silent ones."""
    silent, failing, offline, timeout = range(5), range(5, 8), range(8, 10), 4
    names = [f"YARD-{number:03}" for number in range(100)]
    numbers = [yard.add_station(name) for name in names]
    calls: list[list] = []
    for number, name in enumerate(names):
        if number not in offline:
            station = yard.connect(name)
            station.boot()
            reaction = None if number in silent else "InternalError" if number in failing else {"status": "Accepted"}
            playing.append(gevent.spawn(play, station, reaction, calls))
    form = {
        "operation": "ChangeConfiguration",
        "station": numbers,
        "key": "HeartbeatInterval",
        "value": "60",
        "timeout": str(timeout),
        "lifetime": "1",
    }
    confirmation = operator.post("/batches/new", data={**form, "send": "1"}).text
    assert "This asks 100 stations." in confirmation
    assert "2 stations are offline" in confirmation
    path = operator.post("/batches/new", data={**form, "confirmed": "1"}).location
    done = lambda: yard.rows(Command, Command.state.in_(["answered", "error"]))  # noqa: E731
    eventually(lambda: len(done()) == 93, 20, "not everybody answered")
    assert "5 have not answered yet" in operator.get(path).text, "the silent stations delayed the others"
    eventually(lambda: (yard.store.write(commands.expire), is_done(operator, path))[1], 10)
    page = operator.get(path).text
    words = "Of 100: 90 accepted, 3 answered with an error, 5 did not answer, 2 were offline."
    assert words in page
    assert "<code>InternalError</code> ×3" in page
    for kind, expected in (("silent", silent), ("error", failing), ("offline", offline)):
        text = operator.get(f"{path}?kind={kind}").text
        assert re.findall(r">(YARD-\d{3})</a>", text) == [names[number] for number in expected]
    assert len(calls) == 98


def is_done(operator: FlaskClient, path: str) -> bool:
    return "<strong>Done.</strong>" in operator.get(path).text


def test_one_unit_makes_all_the_rows_of_a_large_batch(operator: FlaskClient, yard: Yard) -> None:
    numbers = [yard.add_station(f"YARD-{number:03}") for number in range(100)]
    before = yard.store.pieces
    form = {"operation": "ClearCache", "station": numbers, "confirmed": "1"}
    assert operator.post("/batches/new", data=form).status_code == 303
    assert yard.store.pieces == before + 1
    assert len(yard.rows(Command)) == 100


def test_expiry_ends_what_waits_for_an_absent_station(operator: FlaskClient, yard: Yard) -> None:
    path = ask(operator, "ClearCache", lifetime="0.05")
    eventually(lambda: (yard.store.write(commands.expire), "Not sent: offline" in operator.get(path).text)[1])
