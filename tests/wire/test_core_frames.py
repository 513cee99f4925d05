"""OCPP-J itself (X-J): what a Central System must do with the frames that stations send.

Our own cases beside the certification's; the ids are those of the list of cases. Everything goes through a real
socket into a real database.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import gevent
import pytest

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, Connector, Frame, MeterValue, Transaction
from tests.fake_charge_point import FakeChargePoint, iso
from tests.wire.yard import CARD, Yard

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> str:
    """So many minutes after noon of a day that is past."""
    return iso(NOON + timedelta(minutes=minutes))


def refusal(charge_point: FakeChargePoint, action: str, payload: Any) -> str:
    """The code of the CALLERROR that this is answered with."""
    message_id = "an id of thirty-six characters, just."
    charge_point.send_raw(json.dumps([2, message_id, action, payload]))
    frame = charge_point.recv()
    assert len(frame) == 5
    assert frame[:2] == [4, message_id]
    assert isinstance(frame[3], str)
    assert isinstance(frame[4], dict)
    return frame[2]


def sample(value: str, **more: str) -> dict[str, str]:
    return {"value": value, **more}


def values(*samples: dict, minutes: float = 1) -> list[dict]:
    return [{"timestamp": at(minutes), "sampledValue": list(samples)}]


@pytest.mark.parametrize("action", ["Foo", "bootnotification", "BOOTNOTIFICATION", "Boot Notification", ""])
def test_x_j_05_an_unknown_action_is_not_implemented(charge_point: FakeChargePoint, action: str) -> None:
    assert refusal(charge_point, action, {}) == "NotImplemented"


@pytest.mark.parametrize("action", ["Reset", "RemoteStartTransaction", "GetConfiguration", "CertificateSigned"])
def test_x_j_06_a_known_action_that_is_not_ours_is_not_supported(charge_point: FakeChargePoint, action: str) -> None:
    assert refusal(charge_point, action, {}) == "NotSupported"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Authorize", {}),
        ("BootNotification", {"chargePointVendor": "Acme"}),
        ("StatusNotification", {"connectorId": 1, "errorCode": "NoError"}),
        ("StartTransaction", {"connectorId": 1, "meterStart": 0, "timestamp": at(0)}),
    ],
)
def test_x_j_07_a_missing_field_is_a_protocol_error(charge_point: FakeChargePoint, action: str, payload: dict) -> None:
    assert refusal(charge_point, action, payload) == "ProtocolError"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Authorize", {"idTag": 12}),
        ("Authorize", {"idTag": None}),
        ("StartTransaction", {"connectorId": 1, "idTag": CARD, "meterStart": "10", "timestamp": at(0)}),
        ("StatusNotification", {"connectorId": "1", "status": "Available", "errorCode": "NoError"}),
    ],
)
def test_x_j_08_a_wrong_type_is_a_type_constraint_violation(
    charge_point: FakeChargePoint, action: str, payload: dict
) -> None:
    assert refusal(charge_point, action, payload) == "TypeConstraintViolation"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("StatusNotification", {"connectorId": 1, "status": "Occupied", "errorCode": "NoError"}),
        ("StatusNotification", {"connectorId": -1, "status": "Available", "errorCode": "NoError"}),
        ("Authorize", {"idTag": "x" * 21}),
    ],
)
def test_x_j_09_an_invalid_value_is_a_property_constraint_violation(
    charge_point: FakeChargePoint, action: str, payload: dict
) -> None:
    assert refusal(charge_point, action, payload) == "PropertyConstraintViolation"


def test_x_j_10_an_extra_field_is_a_formation_violation(charge_point: FakeChargePoint) -> None:
    assert refusal(charge_point, "Authorize", {"idTag": CARD, "colour": "red"}) == "FormationViolation"


@pytest.mark.parametrize("payload", [[], "text", 7, True])
def test_x_j_10_a_payload_that_is_no_object_is_a_formation_violation(
    charge_point: FakeChargePoint, payload: Any
) -> None:
    assert refusal(charge_point, "Heartbeat", payload) == "FormationViolation"


def test_x_j_10_an_extra_field_in_a_transaction_message_is_borne(yard: Yard) -> None:
    charge_point = yard.connect()
    transaction_id = charge_point.start(colour="red")["transactionId"]
    assert charge_point.meter(1500, transaction_id, colour="red") == {}
    charge_point.stop(transaction_id, 2000, colour="red")
    assert yard.row(Transaction).meter_stop == 2000
    assert "colour" in yard.rows(Frame, Frame.action == "StartTransaction")[0].note


def test_x_j_11_an_empty_list_of_meter_values_is_answered(charge_point: FakeChargePoint) -> None:
    assert charge_point.call("MeterValues", {"connectorId": 1, "meterValue": []}) == {}


@pytest.mark.parametrize("text", ['[2,"1","Heartbeat",null]', '[ 2 , "1" , "Heartbeat" , {} ]'])
def test_x_j_12_a_payload_of_null_is_an_empty_one(charge_point: FakeChargePoint, text: str) -> None:
    reply = charge_point.ask(text)
    assert reply[:2] == [3, "1"]
    assert "currentTime" in reply[2]


@pytest.mark.parametrize("text", ["{", "{}", "[]", "[2]", "null", "7", '"x"', '[2,{},"Heartbeat",{}]', "nonsense"])
def test_x_j_13_broken_text_without_an_id_is_borne(yard: Yard, charge_point: FakeChargePoint, text: str) -> None:
    charge_point.send_raw(text)
    assert "currentTime" in charge_point.call("Heartbeat")
    assert text in [row.text for row in yard.rows(Frame, Frame.message_type == 0)]


@pytest.mark.parametrize(
    "text",
    [
        '[2,"7"]',
        '[2,"7","Heartbeat"]',
        '[2,"7","Heartbeat",{},{}]',
        '[2,"7","Heartbeat",{',
        '[2,"7",["Heartbeat"],{}]',
        '[2,"7","Heartbeat",{"a":NaN}]',
    ],
)
def test_x_j_13_broken_text_with_an_id_is_answered(charge_point: FakeChargePoint, text: str) -> None:
    reply = charge_point.ask(text)
    assert len(reply) == 5
    assert reply[:3] == [4, "7", "FormationViolation"]
    assert "currentTime" in charge_point.call("Heartbeat")


@pytest.mark.parametrize("text", ['[5,"1",{}]', '[0,"1","Heartbeat",{}]', '["2","1","Heartbeat",{}]', '[2.5,"1",{}]'])
def test_x_j_14_an_unknown_message_type_is_ignored(charge_point: FakeChargePoint, text: str) -> None:
    charge_point.send_raw(text)
    assert "currentTime" in charge_point.call("Heartbeat", message_id="the only answer")


@pytest.mark.parametrize("message_id", ["1", "x" * 36, "x" * 37, "x" * 255, "größe ✓", '"\\', "1\t2"])
def test_x_j_15_an_id_is_echoed_as_it_came(charge_point: FakeChargePoint, message_id: str) -> None:
    assert charge_point.ask(json.dumps([2, message_id, "Heartbeat", {}]))[:2] == [3, message_id]


@pytest.mark.parametrize("message_id", [7, 2**40])
def test_x_j_15_an_id_that_is_a_number_stays_one(charge_point: FakeChargePoint, message_id: int) -> None:
    assert charge_point.ask(json.dumps([2, message_id, "Heartbeat", {}]))[:2] == [3, message_id]


def test_x_j_15_an_empty_id_is_not_answered(charge_point: FakeChargePoint) -> None:
    charge_point.send_raw('[2,"","Heartbeat",{}]')
    assert "currentTime" in charge_point.call("Heartbeat")


@pytest.mark.parametrize("second_id", ["m-1", "m-2"])
def test_x_j_16_a_repeated_start_is_one_session(yard: Yard, second_id: str) -> None:
    charge_point = yard.connect()
    payload = {"connectorId": 1, "idTag": CARD, "meterStart": 10, "timestamp": at(0)}
    first = charge_point.call("StartTransaction", payload, message_id="m-1")
    charge_point.vanish()
    charge_point.connect()
    assert charge_point.call("StartTransaction", payload, message_id=second_id) == first
    assert yard.row(Transaction).id == first["transactionId"]


def test_x_j_21_an_answer_that_nobody_asked_for_is_ignored(charge_point: FakeChargePoint) -> None:
    charge_point.send_raw('[3,"unheard of",{"status":"Accepted"}]')
    charge_point.send_raw('[4,"unheard of","GenericError","",{}]')
    charge_point.send_raw("[3]")
    charge_point.send_raw('[4,["x"],7]')
    assert "currentTime" in charge_point.call("Heartbeat")


def test_x_j_23_a_ping_is_answered_with_its_content(charge_point: FakeChargePoint) -> None:
    charge_point.ws.ping("are you there?")
    pong = charge_point.ws.recv_frame()
    assert (pong.opcode, bytes(pong.data)) == (10, b"are you there?")


def test_x_j_24_a_reconnect_needs_no_boot(yard: Yard) -> None:
    charge_point = yard.connect()
    charge_point.boot()
    charge_point.vanish()
    charge_point.connect()
    assert charge_point.status("Preparing") == {}
    assert charge_point.start()["idTagInfo"]["status"] == "Accepted"


def test_x_j_25_a_newer_connection_replaces_the_old_one(yard: Yard) -> None:
    old = yard.connect()
    old.boot()
    new = yard.connect()
    assert new.boot()["status"] == "Accepted"
    assert old.wait_for_close() == (1008, "replaced by a newer connection")
    gevent.sleep(0.05)
    assert sessions.is_connected(yard.row(ChargePoint).id)
    assert "currentTime" in new.call("Heartbeat")
    assert yard.row(ChargePoint).disconnect_reason is None


def test_x_j_26_texts_of_any_language_and_length_are_kept(yard: Yard) -> None:
    charge_point = yard.connect()
    charge_point.status(info="Tür offen – 門が開いています 🚪")
    assert yard.row(Connector).info == "Tür offen – 門が開いています 🚪"
    transaction_id = charge_point.start(timestamp=at(0))["transactionId"]
    data = [{"timestamp": at(n), "sampledValue": [sample(str(1000 + n))]} for n in range(1, 601)]
    charge_point.stop(transaction_id, 1700, timestamp=at(700), transactionData=data)
    assert len(yard.rows(MeterValue)) == 600
    assert yard.row(Transaction).energy_wh == 700


@pytest.mark.parametrize("registration", ["pending", "rejected"])
def test_x_j_27_before_it_is_accepted_a_station_may_only_boot(yard: Yard, registration: str) -> None:
    yard.add_station("NEW", registration=registration)
    charge_point = yard.connect("NEW")
    for action, payload in {
        "StatusNotification": {"connectorId": 1, "status": "Available", "errorCode": "NoError"},
        "Heartbeat": {},
        "Authorize": {"idTag": CARD},
        "StartTransaction": {"connectorId": 1, "idTag": CARD, "meterStart": 0, "timestamp": at(0)},
    }.items():
        assert refusal(charge_point, action, payload) == "SecurityError"
    assert not yard.rows(Transaction)
    assert charge_point.boot()["status"] == registration.capitalize()
