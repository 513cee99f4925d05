"""The pages that show what came of a request."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.frames import CallError
from ocpp_server.models import AuditEntry, ChargePoint, Command, TriggeredMessage
from ocpp_server.services import commands
from ocpp_server.store import Store
from tests.portal.conftest import PARTIAL
from tests.portal.views.commands.asking import ONCE, Add, answer, rows, show


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


@pytest.mark.parametrize(
    ("action", "payload", "words"),
    [
        ("UnlockConnector", {"connectorId": 2}, "connector 2"),
        ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}, "whole station, Inoperative"),
        ("RemoteStopTransaction", {"transactionId": 17}, "session 17"),
        (
            "SendLocalList",
            {"updateType": "Differential", "listVersion": 2, "localAuthorizationList": [{"idTag": "CARD-1"}]},
            "Differential, version 2, 1 entry",
        ),
        (
            "ReserveNow",
            {"connectorId": 1, "expiryDate": "2026-11-26T19:38:38Z", "idTag": "CARD-1", "reservationId": 4},
            "connector 1, until 26 Nov 19:38, CARD-1, reservation 4",
        ),
    ],
)
def test_a_request_in_the_list_says_what_its_numbers_are(
    viewer: FlaskClient, store: Store, add_station: Add, action: str, payload: dict, words: str
) -> None:
    station = add_station()
    store.write(lambda unit: commands.request(unit, station.id, action, payload, by="Otto"))
    assert f">{words}<" in viewer.get(f"/stations/{station.id}/commands").text


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
