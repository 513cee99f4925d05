"""Forms of actions, their confirmations, and the pages that show what came of them."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import app as entry
from ocpp_server import clock
from ocpp_server.frames import CallError
from ocpp_server.models import AuditEntry, ChargePoint, Command, Connector, TriggeredMessage
from ocpp_server.services import commands
from ocpp_server.services.card import id_tags
from ocpp_server.services.configuration import configuration
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from portal import operation
from tests.charging import session
from tests.conftest import PASSWORD
from tests.portal.conftest import PARTIAL

Add = Callable[..., ChargePoint]
ONCE = {"confirmed": "1"}


def rows(store: Store, table: type) -> list[Any]:
    store.write(lambda unit: None)
    with store.reading():
        return list(table.select().order_by(table.id))


def asked(store: Store) -> list[tuple[str, dict]]:
    return [(row.action, json.loads(row.payload)) for row in rows(store, Command)]


def answer(store: Store, station: ChargePoint, result: dict[str, Any] | CallError) -> int:
    """The station takes its next command and answers it."""

    def work(unit: Any) -> int:
        claimed = commands.claim(unit, station.id)
        assert claimed is not None
        if isinstance(result, CallError):
            commands.refused(unit, claimed, result)
        else:
            commands.answered(unit, claimed, result)
        return claimed.id

    return store.write(work)


FORMS = [
    ("RemoteStartTransaction", {"idTag": "CARD-1"}, {"idTag": "CARD-1"}),
    (
        "RemoteStartTransaction",
        {"idTag": "CARD-1", "connectorId": "2"},
        {"idTag": "CARD-1", "connectorId": 2},
    ),
    (
        "RemoteStartTransaction",
        {"idTag": "CARD-1", "connectorId": "1", "connectorId.other": "77"},
        {"idTag": "CARD-1", "connectorId": 77},
    ),
    ("RemoteStopTransaction", {"transactionId.other": "-1"}, {"transactionId": -1}),
    ("Reset", {"type": "Soft"}, {"type": "Soft"}),
    ("Reset", {"type": "Hard"}, {"type": "Hard"}),
    ("UnlockConnector", {"connectorId.other": "99"}, {"connectorId": 99}),
    ("ChangeAvailability", {"type": "Inoperative", "connectorId": "0"}, {"type": "Inoperative", "connectorId": 0}),
    ("ChangeAvailability", {"type": "Operative", "connectorId": "2"}, {"type": "Operative", "connectorId": 2}),
    ("GetConfiguration", {"key": ""}, {}),
    ("GetConfiguration", {"key": "SupportedFeatureProfiles"}, {"key": ["SupportedFeatureProfiles"]}),
    (
        "ChangeConfiguration",
        {"key": "MeterValueSampleInterval", "value": "-1"},
        {"key": "MeterValueSampleInterval", "value": "-1"},
    ),
    ("ChangeConfiguration", {"key": "No such key", "value": ""}, {"key": "No such key", "value": ""}),
    ("ClearCache", {}, {}),
    (
        "DataTransfer",
        {"vendorId": "com.example", "messageId": "hello", "data": '{"a": 1}'},
        {"vendorId": "com.example", "messageId": "hello", "data": '{"a": 1}'},
    ),
    ("TriggerMessage", {"requestedMessage": "MeterValues"}, {"requestedMessage": "MeterValues"}),
    (
        "ReserveNow",
        {"connectorId": "0", "expiryDate": "2020-01-01T00:00:00Z", "idTag": "ANY", "reservationId": "-7"},
        {"connectorId": 0, "expiryDate": "2020-01-01T00:00:00Z", "idTag": "ANY", "reservationId": -7},
    ),
    (
        "ReserveNow",
        {
            "connectorId.other": "99",
            "expiryDate": "2027-01-01T00:00:00Z",
            "idTag": "A",
            "parentIdTag": "P",
            "reservationId": "1",
        },
        {
            "connectorId": 99,
            "expiryDate": "2027-01-01T00:00:00Z",
            "idTag": "A",
            "parentIdTag": "P",
            "reservationId": 1,
        },
    ),
    ("CancelReservation", {"reservationId": "4711"}, {"reservationId": 4711}),
    (
        "TriggerMessage",
        {"requestedMessage": "StatusNotification", "connectorId": "1"},
        {"requestedMessage": "StatusNotification", "connectorId": 1},
    ),
]


@pytest.mark.parametrize(("action", "form", "payload"), FORMS)
def test_every_action_of_core_is_sent_with_free_choice_of_its_fields(
    operator: FlaskClient, store: Store, add_station: Add, action: str, form: dict, payload: dict
) -> None:
    station = add_station()
    path = f"/stations/{station.id}/commands/{action}"
    assert operator.get(path).status_code == 200
    done = operator.post(path, data={**form, **ONCE})
    assert done.status_code == 303, done.text
    assert asked(store) == [(action, payload)]
    page = operator.get(done.location)
    assert "Waiting" in page.text
    assert "The station is not connected" in page.text
    assert "Operator (operator@example.com)" in page.text


@pytest.mark.parametrize(("action", "payload"), [("GetLocalListVersion", {}), ("ClearChargingProfile", {"id": 3})])
def test_any_other_message_is_sent_as_json(
    operator: FlaskClient, store: Store, add_station: Add, action: str, payload: dict
) -> None:
    path = f"/stations/{add_station().id}/commands/any"
    form = {"action": action, "payload": json.dumps(payload), **ONCE}
    assert operator.post(path, data=form).status_code == 303
    assert asked(store) == [(action, payload)]


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("RemoteStartTransaction", {"idTag": ""}, "This is needed"),
        ("RemoteStartTransaction", {"idTag": "X" * 21}, "longer than 20"),
        ("RemoteStartTransaction", {"idTag": "A", "connectorId.other": "two"}, "whole number"),
        ("RemoteStartTransaction", {"idTag": "A", "chargingProfile": "{"}, "This is not JSON"),
        ("RemoteStartTransaction", {"idTag": "A", "chargingProfile": "{}"}, "required property"),
        ("Reset", {"type": "Warm"}, "Warm"),
        ("any", {"action": "Reset", "payload": "[]"}, "must be a JSON object"),
        ("any", {"action": "Reset", "payload": '{"type": "Warm"}'}, "type: "),
        ("any", {"action": "Reset", "payload": '{"type": "\\ud800"}'}, "This is not JSON"),
        ("any", {"action": "Reset", "payload": "NaN"}, "This is not JSON"),
        ("any", {"action": "Nonsense", "payload": "{}"}, "There is no action Nonsense"),
        ("ClearCache", {"timeout": "0"}, "between 1 and 600"),
        ("ClearCache", {"lifetime": "soon"}, "between 1 and"),
    ],
)
def test_a_mistake_is_explained_at_the_form_and_nothing_is_sent(
    operator: FlaskClient, store: Store, add_station: Add, name: str, form: dict, words: str
) -> None:
    done = operator.post(f"/stations/{add_station().id}/commands/{name}", data=form)
    assert done.status_code == 422
    assert words in done.text
    assert asked(store) == []


def test_an_action_that_does_not_exist_is_not_found(operator: FlaskClient, add_station: Add) -> None:
    assert operator.get(f"/stations/{add_station().id}/commands/Nonsense").status_code == 404
    assert operator.get("/stations/99/commands/Reset").status_code == 404


def test_forms_offer_what_is_known(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station, now = add_station(), clock.now()
    fields = {"status_at": now, "received_at": now}

    def work(unit: Any) -> None:
        Connector.create(charge_point=station, connector_id=2, status="Preparing", **fields)
        id_tags.add(unit, "CARD-7", label="Ida")
        id_tags.add(unit, "BLOCKED", status="blocked")
        session(station, now, hours=None, connector_id=2)
        configuration.report(unit, station.id, {"key": "VendorKey", "value": "7", "readonly": False}, now)

    store.write(work)
    page = operator.get(f"/stations/{station.id}/commands/RemoteStartTransaction?connectorId=2").text
    assert '<option value="CARD-7">Ida</option>' in page
    assert "BLOCKED" not in page
    assert re.search(r'name="connectorId" value="2" checked', page)
    assert "Preparing" in page
    page = operator.get(f"/stations/{station.id}/commands/RemoteStopTransaction").text
    assert "connector 2, card CARD-1" in page
    page = operator.get(f"/stations/{station.id}/commands/ChangeConfiguration").text
    assert '<option value="VendorKey">7</option>' in page
    assert '<option value="HeartbeatInterval">' in page
    assert "NumberOfConnectors" not in page


@pytest.mark.parametrize(
    ("name", "form", "running", "words"),
    [
        ("Reset", {"type": "Hard"}, 1, "1 session is running on this station. A hard reset ends it."),
        ("Reset", {"type": "Hard"}, 2, "2 sessions are running on this station. A hard reset ends them."),
        ("Reset", {"type": "Soft"}, 0, "No session is running on this station."),
        ("UnlockConnector", {"connectorId": "1"}, 1, "1 session is running there. Unlocking ends it."),
        ("UnlockConnector", {"connectorId": "9"}, 1, "No session is running there."),
        ("ChangeAvailability", {"type": "Inoperative", "connectorId": "0"}, 2, "2 sessions are running there."),
        ("RemoteStopTransaction", {"transactionId": "1"}, 1, "card CARD-1 has taken 0.00 kWh and ends now"),
        ("RemoteStopTransaction", {"transactionId": "5"}, 1, "Session 5 is not known to be running"),
        ("ChangeConfiguration", {"key": "WebSocketPingInterval", "value": "0"}, 0, "can cut the station off"),
        ("ChangeConfiguration", {"key": "authorizationkey", "value": "ab"}, 0, "can cut the station off"),
        ("ChangeConfiguration", {"key": "BackendURL", "value": "ws://x"}, 0, "By its name this key decides how"),
        ("any", {"action": "Reset", "payload": '{"type": "Hard"}'}, 1, "A hard reset ends it."),
        ("any", {"action": "ClearChargingProfile", "payload": "{}"}, 1, "1 session is running on this station."),
    ],
)
def test_what_can_do_harm_is_confirmed_with_real_numbers(
    operator: FlaskClient, store: Store, add_station: Add, name: str, form: dict, running: int, words: str
) -> None:
    station = add_station()
    other = add_station("CP-2")

    def work(unit: Any) -> None:
        for number in range(running):
            session(station, clock.now(), hours=None, connector_id=number + 1)
        session(other, clock.now(), hours=None)

    store.write(work)
    path = f"/stations/{station.id}/commands/{name}"
    page = operator.post(path, data=form)
    assert page.status_code == 200
    assert words in page.text
    assert asked(store) == []
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    assert set(kept) == set(form)
    back = operator.post(path, data={**form, "edit": "1"})
    assert back.status_code == 200
    assert "<select" in back.text or "<input" in back.text
    assert operator.post(path, data={**form, **ONCE}).status_code == 303
    assert len(asked(store)) == 1


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("RemoteStartTransaction", {"idTag": "A"}),
        ("ChangeAvailability", {"type": "Operative", "connectorId": "0"}),
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
        ("GetConfiguration", {}),
        ("any", {"action": "GetLocalListVersion", "payload": "{}"}),
    ],
)
def test_what_does_no_harm_is_sent_at_once(operator: FlaskClient, add_station: Add, name: str, form: dict) -> None:
    assert operator.post(f"/stations/{add_station().id}/commands/{name}", data=form).status_code == 303


def test_a_pending_station_is_neither_started_nor_stopped_and_a_rejected_gets_nothing(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    pending, rejected = add_station("CP-1", registration="pending"), add_station("CP-2", registration="rejected")
    for station, name, form, words in (
        (pending, "RemoteStartTransaction", {"idTag": "A"}, "not started or stopped"),
        (pending, "RemoteStopTransaction", {"transactionId": "1"}, "not started or stopped"),
        (pending, "any", {"action": "RemoteStopTransaction", "payload": '{"transactionId": 1}'}, "not started"),
        (rejected, "GetConfiguration", {}, "rejected station answers nothing"),
    ):
        done = operator.post(f"/stations/{station.id}/commands/{name}", data={**form, **ONCE})
        assert done.status_code == 422
        assert words in done.text
    path = f"/stations/{pending.id}/commands/ChangeConfiguration"
    assert operator.post(path, data={"key": "HeartbeatInterval", "value": "60"}).status_code == 303
    assert len(asked(store)) == 1


def test_more_named_keys_than_the_station_takes_are_asked_for_in_parts(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    item = {"key": "GetConfigurationMaxKeys", "value": "2", "readonly": True}
    store.write(lambda unit: configuration.report(unit, station.id, item, clock.now()))
    path = f"/stations/{station.id}/commands/GetConfiguration"
    done = operator.post(path, data={"key": "A\nB, C\r\nD\nE\nA"})
    assert done.location.startswith("/batches/")
    assert asked(store) == [("GetConfiguration", {"key": keys}) for keys in (["A", "B"], ["C", "D"], ["E"])]
    assert operator.get(done.location).status_code == 200
    operator.post(path, data={"key": ""})
    assert asked(store)[-1] == ("GetConfiguration", {})


def show(operator: FlaskClient, command_id: int) -> str:
    return operator.get(f"/commands/{command_id}").text


def test_every_outcome_is_told_in_words(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    ask = lambda name, **form: operator.post(f"/stations/{station.id}/commands/{name}", data={**form, **ONCE})  # noqa: E731
    for name, form, result, words in (
        ("UnlockConnector", {"connectorId": "1"}, {"status": "NotSupported"}, "its cable is fixed"),
        ("Reset", {"type": "Soft"}, {"status": "Rejected"}, "cannot restart now"),
        ("ChangeConfiguration", {"key": "A", "value": "1"}, {"status": "RebootRequired"}, "Reset the station now"),
        ("ChangeAvailability", {"type": "Operative", "connectorId": "0"}, {"status": "Scheduled"}, "after the session"),
        ("GetConfiguration", {}, {"unknownKey": ["X"]}, "Answered"),
        ("ClearCache", {}, {"status": "Odd word"}, "Odd word"),
    ):
        ask(name, **form)
        page = show(operator, answer(store, station, result))
        assert words in page, name
        assert "Answered" in page
    ask("ClearCache")
    text = '[4, "1", "NotImplemented", "no <b>cache", {"why": 1}]'
    page = show(operator, answer(store, station, CallError("1", "NotImplemented", "no <b>cache", {"why": 1}, text)))
    assert "Error: NotImplemented" in page
    assert "no &lt;b&gt;cache" in page
    assert "The station does not know this action" in page
    assert "&#34;why&#34;: 1" in page


def test_silence_late_answers_lost_connections_and_expiry_are_told_apart(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    path = f"/stations/{station.id}/commands/ClearCache"
    claim = lambda: store.write(lambda unit: commands.claim(unit, station.id))  # noqa: E731
    operator.post(path)
    claimed = claim()
    assert "Sent, no answer yet" in show(operator, claimed.id)
    store.write(lambda unit: commands.timed_out(unit, claimed))
    assert "No answer in time" in show(operator, claimed.id)
    late = '[3,"1",{"status":"Accepted"}]'
    store.write(lambda unit: commands.answered_late(unit, claimed.id, station.id, late))
    page = show(operator, claimed.id)
    assert "Answered too late" in page
    assert "so it changes nothing here" in page
    ask = store.write(lambda unit: commands.request(unit, station.id, "ClearChargingProfile", {}, by="Otto"))
    claimed = claim()
    store.write(lambda unit: commands.timed_out(unit, claimed))
    store.write(lambda unit: commands.answered_late(unit, ask.id, station.id, late))
    assert "What it says of the station&#39;s profiles is on record." in show(operator, ask.id)
    operator.post(path)
    claimed = claim()
    store.write(lambda unit: commands.lost(unit, claimed))
    assert "Connection lost" in show(operator, claimed.id)
    operator.post(path)
    later = clock.now() + timedelta(minutes=2)
    clock.use(lambda: later)
    store.write(commands.expire)
    (expired,) = [row for row in rows(store, Command) if row.state == "expired"]
    assert "Not sent: offline" in show(operator, expired.id)


def test_what_waits_can_be_taken_back_once(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    done = operator.post(f"/stations/{station.id}/commands/ClearCache", data={"lifetime": "always"})
    assert "as long as it takes" in operator.get(done.location).text
    page = operator.post(f"{done.location}/cancel", follow_redirects=True).text
    assert "taken back before it was sent" in page
    assert "cannot be taken back" in operator.post(f"{done.location}/cancel", follow_redirects=True).text
    assert rows(store, Command)[0].state == "cancelled"


def test_asking_again_fills_the_form_as_it_was(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    path = f"/stations/{station.id}/commands"
    operator.post(f"{path}/ChangeConfiguration", data={"key": "HeartbeatInterval", "value": "77"})
    operator.post(f"{path}/any", data={"action": "GetLog", "payload": LOG, **ONCE})
    page = show(operator, 1)
    assert f"{path}/ChangeConfiguration?again=1" in page
    form = operator.get(f"{path}/ChangeConfiguration?again=1").text
    assert 'value="HeartbeatInterval"' in form
    assert 'value="77"' in form
    assert f"{path}/any?again=2" in show(operator, 2)
    form = operator.get(f"{path}/any?again=2").text
    assert '<option value="GetLog" selected>' in form
    assert "ftp://example.com" in form


LOG = '{"logType": "DiagnosticsLog", "requestId": 1, "log": {"remoteLocation": "ftp://example.com"}}'


def test_requests_are_listed_filtered_and_shown_on_the_station(
    viewer: FlaskClient, operator: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    path = f"/stations/{station.id}/commands"
    assert "Nothing was asked yet" in viewer.get(path).text
    operator.post(f"{path}/ClearCache")
    operator.post(f"{path}/GetConfiguration")
    answer(store, station, {"status": "Accepted"})
    assert "Clear card cache" in viewer.get(path).text
    assert "Clear card cache</a>" not in viewer.get(f"{path}?state=open").text
    assert "No request fits" in viewer.get(f"{path}?state=lost").text
    assert "Read configuration</a>" not in viewer.get(f"{path}?action=ClearCache").text
    assert "Clear card cache" in viewer.get(f"/stations/{station.id}").text


def test_a_viewer_sees_results_and_no_forms(
    viewer: FlaskClient, operator: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    operator.post(f"/stations/{station.id}/commands/ClearCache")
    for page in (f"/stations/{station.id}", "/commands/1", f"/stations/{station.id}/commands", "/stations"):
        text = viewer.get(page).text
        assert "commands/Reset" not in text, page
        assert "/cancel" not in text, page
        assert "again=" not in text, page
        assert 'name="station"' not in text, page
    assert viewer.get(f"/stations/{station.id}/commands/Reset").status_code == 403
    assert viewer.post(f"/stations/{station.id}/commands/Reset", data={"type": "Soft"}).status_code == 403
    assert len(rows(store, Command)) == 1


def test_a_dialog_gets_form_confirmation_and_result_as_parts(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    path = f"/stations/{station.id}/commands/Reset"
    headers = {**PARTIAL, "HX-Target": "div#ask"}
    for text in (
        operator.get(path, headers=headers).text,
        operator.post(path, data={"type": "Hard"}, headers=headers).text,
        operator.post(path, data={"type": "Hard", **ONCE}, headers=headers).text,
        operator.get("/commands/1/brief", headers=headers).text,
    ):
        assert text.strip().startswith('<div id="ask"')
        assert "data-close" in text
        assert "<html" not in text
    assert operator.get("/commands/1/brief").location == "/commands/1"
    parts = {"key": "A\nB"}
    item = {"key": "GetConfigurationMaxKeys", "value": "1"}
    store.write(lambda unit: configuration.report(unit, station.id, item, clock.now()))
    done = operator.post(f"/stations/{station.id}/commands/GetConfiguration", data=parts, headers=headers)
    assert done.headers["HX-Redirect"].startswith("/batches/")


def test_who_asked_what_is_on_record(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    operator.post(f"/stations/{station.id}/commands/Reset", data={"type": "Soft", **ONCE})
    (entry,) = [entry for entry in rows(store, AuditEntry) if entry.action == "command.Reset"]
    assert entry.target == "CP-1"
    assert entry.result == "command-1"
    assert "operator@example.com" in entry.who


def test_a_password_is_in_no_page_and_no_record(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    form = {"key": "AuthorizationKey", "value": "c0ffee" * 6, **ONCE}
    done = operator.post(f"/stations/{station.id}/commands/ChangeConfiguration", data=form)
    for page in (done.location, f"/stations/{station.id}/commands/ChangeConfiguration?again=1"):
        assert "c0ffee" not in operator.get(page).text
    with store.reading():
        assert not [entry for entry in AuditEntry.select() if "c0ffee" in entry.detail]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("pending", "accepted", "is accepted"),
        ("accepted", "rejected", "is rejected"),
        ("rejected", "pending", "pending"),
    ],
)
def test_an_operator_decides_on_the_registration(
    operator: FlaskClient, viewer: FlaskClient, store: Store, add_station: Add, before: str, after: str, words: str
) -> None:
    station = add_station(registration=before)
    path = f"/stations/{station.id}"
    assert "neither start nor stop" in operator.get(path).text
    assert "/registration" not in viewer.get(path).text
    assert viewer.post(f"{path}/registration", data={"registration": after}).status_code == 403
    page = operator.post(f"{path}/registration", data={"registration": after, "ask": "1"}, follow_redirects=True).text
    assert words in page
    assert rows(store, ChargePoint)[0].registration == after
    assert operator.post(f"{path}/registration", data={"registration": "x"}, follow_redirects=True).status_code == 200
    assert rows(store, ChargePoint)[0].registration == after


def test_every_action_has_its_words(app: Flask) -> None:
    with app.test_request_context():
        for item in operation.everything():
            assert all(str(text) for text in (item.label, item.explanation, item.verb, item.icon)), item.name
            assert operation.find(item.name) is item


def test_the_number_of_queries_is_constant(
    operator: FlaskClient, store: Store, queries: Callable, add_station: Add
) -> None:
    station = add_station()
    path = f"/stations/{station.id}/commands"
    counts = []
    for size in (2, 60):

        def work(unit: Any, size: int = size) -> None:
            for _ in range(size):
                commands.request(unit, station.id, "ClearCache", {}, by="me")

        store.write(work)
        for page in (path, f"/stations/{station.id}", "/commands/1", f"{path}/RemoteStartTransaction"):
            with queries() as statements:
                assert operator.get(page).status_code == 200
            counts.append(len(statements))
    assert counts[:4] == counts[4:]
    assert max(counts) <= 12


def test_the_registration_of_new_stations_is_a_setting(settings: Settings, store: Store, operator: FlaskClient) -> None:
    assert re.search(r'value="accepted" selected', operator.get("/stations/add").text)
    cautious = entry.create_portal(replace(settings, default_registration="pending"), store).test_client()
    cautious.post("/login", data={"email": "operator@example.com", "password": PASSWORD})
    assert re.search(r'value="pending" selected', cautious.get("/stations/add").text)


def test_a_number_that_no_row_can_have_is_simply_not_found(operator: FlaskClient, add_station: Add) -> None:
    huge = "9" * 25
    path = f"/stations/{add_station().id}/commands"
    assert operator.get(f"{path}/Reset?again={huge}").status_code == 200
    assert operator.get(f"/configuration/compare?a={huge}&b=1").status_code == 200
    assert operator.get(f"/configuration/templates/new?station={huge}").status_code == 404
    assert operator.get(f"/commands/{huge}").status_code == 404
    form = {"operation": "Reset", "station": [huge, "x"]}
    assert "Choose stations and an action first" in operator.post("/batches/new", data=form, follow_redirects=True).text
    form = {"transactionId.other": huge, **ONCE}
    assert operator.post(f"{path}/RemoteStopTransaction", data=form).status_code == 303


@pytest.mark.parametrize("told", ["pending", "rejected"])
def test_a_station_that_does_not_know_that_it_is_accepted_is_shown_and_can_be_made_to_ask(
    operator: FlaskClient, store: Store, add_station: Add, told: str
) -> None:
    station = add_station()
    store.write(lambda unit: unit.execute("UPDATE charge_point SET told_registration = ?", told))
    assert "does not know yet that it is accepted" in operator.get(f"/stations/{station.id}").text
    path = f"/stations/{station.id}/commands"
    assert "does not know yet" in operator.post(f"{path}/RemoteStartTransaction", data={"idTag": "A", **ONCE}).text
    assert "BootNotification" in operator.get(f"{path}/TriggerMessage").text


def triggered(store: Store, station: ChargePoint, *texts: str) -> int:
    """A TriggerMessage that was accepted, and what came then."""
    payload = {"requestedMessage": "StatusNotification"}
    store.write(lambda unit: commands.request(unit, station.id, "TriggerMessage", payload, by="Otto"))
    number = answer(store, station, {"status": "Accepted"})
    for text in texts:
        store.write(lambda unit, text=text: TriggeredMessage.create(command=number, at=clock.now(), text=text))
    return number


def test_the_message_that_was_triggered_is_shown_with_its_command(
    viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    number = triggered(store, station)
    page = viewer.get(f"/commands/{number}").text
    assert "Nothing yet; it appears here" in page
    assert f"command-{number} from:#live" in page
    brief = viewer.get(f"/commands/{number}/brief", headers=PARTIAL).text
    assert "Waiting for the message" in brief
    assert "hx-trigger" in brief
    text = '[2,"x","StatusNotification",{"connectorId":2,"status":"Charging","errorCode":"NoError"}]'
    store.write(lambda unit: TriggeredMessage.create(command=number, at=clock.now(), text=text))
    assert "Connector 2: Charging" in viewer.get(f"/commands/{number}").text
    assert "Connector 2: Charging" in viewer.get(f"/commands/{number}/brief", headers=PARTIAL).text


def test_a_message_that_never_came_is_said_plainly(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    number = triggered(store, add_station())
    later = clock.now() + timedelta(minutes=2)
    clock.use(lambda: later)
    page = viewer.get(f"/commands/{number}").text
    assert "No such message came within a minute" in page
    assert f"command-{number} from:#live" not in page


def test_a_boot_notification_is_not_offered_of_an_accepted_station(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    accepted, pending = add_station("CP-1"), add_station("CP-2", registration="pending")
    assert "BootNotification" not in operator.get(f"/stations/{accepted.id}/commands/TriggerMessage").text
    assert "BootNotification" in operator.get(f"/stations/{pending.id}/commands/TriggerMessage").text
    form = {"action": "TriggerMessage", "payload": '{"requestedMessage": "BootNotification"}'}
    warned = operator.post(f"/stations/{accepted.id}/commands/any", data=form)
    assert "some stations restart when they are asked" in warned.text
    assert asked(store) == []
    assert operator.post(f"/stations/{accepted.id}/commands/any", data={**form, **ONCE}).status_code == 303
    assert operator.post(f"/stations/{pending.id}/commands/any", data=form).status_code == 303
