"""What is confirmed before it is sent, and whom nothing is sent to."""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

import app as entry
from ocpp_server import clock
from ocpp_server.models import ChargePoint
from ocpp_server.services.card import id_tags
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.charging import session
from tests.conftest import PASSWORD
from tests.portal.views.commands.asking import ONCE, Add, asked, rows


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


def test_whose_session_is_stopped_is_said_by_name(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    store.write(lambda unit: id_tags.add(unit, "CARD-1", label="Anna Berg"))
    store.write(lambda unit: session(station, clock.now(), hours=None))
    path = f"/stations/{station.id}/commands/RemoteStopTransaction"
    assert "connector 1, card Anna Berg" in operator.get(path).text
    assert "with card Anna Berg has taken 0.00 kWh" in operator.post(path, data={"transactionId": "1"}).text


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


def test_the_registration_of_new_stations_is_a_setting(settings: Settings, store: Store, operator: FlaskClient) -> None:
    assert re.search(r'value="accepted" selected', operator.get("/stations/add").text)
    cautious = entry.create_portal(replace(settings, default_registration="pending"), store).test_client()
    cautious.post("/login", data={"email": "operator@example.com", "password": PASSWORD})
    assert re.search(r'value="pending" selected', cautious.get("/stations/add").text)


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
