import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Frame
from ocpp_server.services import stretches
from ocpp_server.store import Store


@pytest.fixture
def station(add_station: Callable[..., ChargePoint]) -> ChargePoint:
    return add_station()


def say(store: Store, action: str, parts: Any, **fields: Any) -> None:
    text = parts if isinstance(parts, str) else json.dumps(parts)
    values = {"outgoing": False, "message_type": 2, "message_id": "1", "at": clock.now(), **fields}
    store.write(lambda unit: Frame.create(charge_point_id=1, action=action, text=text, **values))


@pytest.mark.parametrize(
    ("action", "message_type", "parts", "words"),
    [
        (
            "BootNotification",
            2,
            [2, "1", "BootNotification", {"chargePointVendor": "Maker", "chargePointModel": "Two"}],
            "Maker Two started",
        ),
        (
            "StatusNotification",
            2,
            [2, "1", "StatusNotification", {"connectorId": 2, "status": "Faulted", "errorCode": "HighTemperature"}],
            "Connector 2: Faulted (too hot)",
        ),
        (
            "StartTransaction",
            2,
            [2, "1", "StartTransaction", {"connectorId": 1, "idTag": "CARD-1", "meterStart": 5}],
            "Connector 1, card CARD-1, meter at 5 Wh",
        ),
        (
            "StartTransaction",
            3,
            [3, "1", {"transactionId": 17, "idTagInfo": {"status": "Blocked"}}],
            "Session 17, card Blocked",
        ),
        ("StopTransaction", 2, [2, "1", "StopTransaction", {"transactionId": 17, "meterStop": 9}], "Session 17 ended"),
        (
            "MeterValues",
            2,
            [2, "1", "MeterValues", {"connectorId": 1, "meterValue": [{"sampledValue": [{"value": "7"}]}]}],
            "Connector 1: Energy 7 Wh",
        ),
        (
            "ReserveNow",
            2,
            [2, "1", "ReserveNow", {"reservationId": 7, "connectorId": 0, "idTag": "A", "expiryDate": "2027"}],
            "Reservation 7: connector 0 for card A until 2027",
        ),
        ("CancelReservation", 2, [2, "1", "CancelReservation", {"reservationId": 7}], "Reservation 7"),
        ("Foo", 4, [4, "1", "NotImplemented", "no such action", {}], "NotImplemented: no such action"),
        ("DataTransfer", 2, [2, "1", "DataTransfer", {"vendorId": "Maker", "data": "x"}], "vendorId Maker, data x"),
    ],
)
def test_a_message_is_told_in_plain_words(
    viewer: FlaskClient,
    store: Store,
    station: ChargePoint,
    action: str,
    message_type: int,
    parts: list[Any],
    words: str,
) -> None:
    say(store, action, parts, message_type=message_type)
    assert words in viewer.get("/stations/1/messages").text


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "[2]", '[2,"1","StatusNotification",[]]', '[3,"1",null]', "<b>"])
@pytest.mark.parametrize("message_type", [0, 2, 3, 4, 9])
def test_nonsense_is_shown_as_it_came(
    viewer: FlaskClient, store: Store, station: ChargePoint, text: str, message_type: int
) -> None:
    say(store, "StatusNotification", text, message_type=message_type, outcome="FormationViolation", note="odd\nvery")
    page = viewer.get("/stations/1/messages")
    assert page.status_code == 200
    assert "<b>" not in page.text
    assert "2 notes" in page.text


def test_the_log_is_filtered(viewer: FlaskClient, store: Store, station: ChargePoint) -> None:
    say(store, "Heartbeat", [2, "a", "Heartbeat", {}])
    say(store, "Heartbeat", [3, "a", {"currentTime": "now"}], outgoing=True, message_type=3)
    say(store, "Foo", [2, "b", "Foo", {}], outcome="NotImplemented")
    say(store, "Authorize", [2, "c", "Authorize", {"idTag": "CARD-100%"}], note="tolerated")

    def count(**args: str) -> int:
        return len(re.findall('id="message-', viewer.get("/stations/1/messages", query_string=args).text))

    assert count() == 4
    assert count(direction="in") == 3
    assert count(direction="out") == 1
    assert count(action="Heartbeat") == 2
    assert count(q="card-100%") == 1
    assert count(show="errors") == 1
    assert count(show="odd") == 2
    assert count(q="nothing") == 0
    assert "No message fits" in viewer.get("/stations/1/messages?q=nothing").text


def test_older_pages_neither_skip_nor_repeat_while_messages_arrive(
    viewer: FlaskClient, store: Store, station: ChargePoint
) -> None:
    for number in range(120):
        say(store, "Heartbeat", [2, str(number), "Heartbeat", {}])
    seen: list[str] = []
    path: str | None = "/stations/1/messages"
    while path:
        text = viewer.get(path).text
        seen += re.findall(r'id="message-(\d+)"', text)
        say(store, "Heartbeat", [2, "new", "Heartbeat", {}])
        older = re.search(r'href="([^"]*before=\d+)"', text)
        path = older[1] if older else None
    assert seen == [str(number) for number in range(120, 0, -1)]


def test_what_is_rare_is_searched_for_further_back(
    viewer: FlaskClient, store: Store, station: ChargePoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "STEP", 5)
    monkeypatch.setattr(stretches, "STEPS", 1)
    say(store, "Reset", [2, "1", "Reset", {}])
    for number in range(8):
        say(store, "Heartbeat", [2, str(number), "Heartbeat", {}])
    nothing = viewer.get("/stations/1/messages?action=Reset").text
    assert "No message fits so far" in nothing
    further = re.search(r'href="([^"]*before=\d+)"', nothing)
    assert further is not None
    assert 'id="message-1"' in viewer.get(further[1].replace("&amp;", "&")).text


def test_only_the_newest_page_is_live(viewer: FlaskClient, store: Store, station: ChargePoint) -> None:
    say(store, "Heartbeat", [2, "1", "Heartbeat", {}])
    assert "messages-1 from:#live" in viewer.get("/stations/1/messages").text
    assert "messages-1 from:#live" not in viewer.get("/stations/1/messages?before=99").text
