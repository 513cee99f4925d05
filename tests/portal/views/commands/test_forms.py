"""Forms of actions: what they offer, what they send, and who gets them."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import Command, Connector
from ocpp_server.services import commands
from ocpp_server.services.card import id_tags
from ocpp_server.services.configuration import configuration
from ocpp_server.store import Store
from portal import operation
from tests.charging import session
from tests.portal.conftest import PARTIAL
from tests.portal.views.commands.asking import ONCE, Add, asked, rows, show

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
