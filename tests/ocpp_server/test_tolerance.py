"""What is forgiven, and what is then meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_server import frames
from ocpp_server.frames import CallRefused
from ocpp_server.tolerance import Insistence, mend

AT = "2026-11-22T12:00:00Z"
START = {"connectorId": 1, "idTag": "A", "meterStart": 10, "timestamp": AT}
STOP = {"transactionId": 7, "meterStop": 20, "timestamp": AT}
VALUE = {"timestamp": AT, "sampledValue": [{"value": "1"}]}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
EVENT = {"type": "Odd", "timestamp": AT}
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def mended(action, payload):
    return mend(action, payload, Insistence())[0]


def refusal(action, payload, insistence=None):
    with pytest.raises(CallRefused) as refused:
        mend(action, payload, insistence or Insistence())
    return refused.value.code


@pytest.mark.parametrize(
    ("action", "payload"), [("StartTransaction", START), ("StopTransaction", STOP), ("BootNotification", BOOT)]
)
def test_a_correct_payload_passes_untouched_and_unnoted(action, payload):
    result, notes = mend(action, payload, Insistence())
    assert result is payload
    assert notes == []


@pytest.mark.parametrize(
    ("action", "payload", "field", "meant"),
    [
        ("StartTransaction", {**START, "idTag": "x" * 21}, "idTag", "x" * 21),
        ("StartTransaction", {**START, "idTag": "x" * 100_000}, "idTag", "x" * 255),
        ("StopTransaction", {**STOP, "idTag": ["x" * 100_000]}, "idTag", '["' + "x" * 253),
        ("StartTransaction", {**START, "meterStart": 10.0}, "meterStart", 10),
        ("StartTransaction", {**START, "meterStart": 1e300}, "meterStart", round(1e300)),
        ("StartTransaction", {**START, "meterStart": None}, "meterStart", 0),
        ("StartTransaction", {**START, "reservationId": None}, "reservationId", None),
        ("StartTransaction", {**START, "timestamp": "yesterday"}, "timestamp", "yesterday"),
        ("StartTransaction", {**START, "vendorField": [1]}, "vendorField", [1]),
        ("StartTransaction", {"connectorId": 1, "idTag": "A"}, "meterStart", 0),
        ("StopTransaction", {**STOP, "transactionId": "7"}, "transactionId", 7),
        ("StopTransaction", {**STOP, "transactionId": "seven"}, "transactionId", -1),
        ("StopTransaction", {**STOP, "meterStop": "20.4"}, "meterStop", 20),
        ("StopTransaction", {**STOP, "meterStop": None}, "meterStop", None),
        ("StopTransaction", {**STOP, "meterStop": "lots"}, "meterStop", None),
        ("StopTransaction", {**STOP, "idTag": 12}, "idTag", "12"),
        ("StopTransaction", {**STOP, "reason": "Bored"}, "reason", "Bored"),
        ("StopTransaction", {**STOP, "transactionData": None}, "transactionData", None),
        ("StopTransaction", {**STOP, "transactionData": VALUE}, "transactionData", [VALUE]),
        ("StopTransaction", {**STOP, "transactionData": "x"}, "transactionData", []),
        ("MeterValues", {"connectorId": 1, "meterValue": []}, "meterValue", []),
        ("MeterValues", {"connectorId": 1, "meterValue": None}, "meterValue", []),
        ("MeterValues", {"connectorId": "2", "meterValue": [VALUE]}, "connectorId", 2),
        ("MeterValues", {"connectorId": 1, "transactionId": None, "meterValue": [VALUE]}, "transactionId", -1),
        ("MeterValues", {"connectorId": 1, "meterValue": [{"sampledValue": 5}]}, "meterValue", [{"sampledValue": 5}]),
        ("StatusNotification", {**STATUS, "errorCode": "Error"}, "errorCode", "Error"),
        ("StatusNotification", {**STATUS, "errorCode": None}, "errorCode", "NoError"),
        ("StatusNotification", {**STATUS, "info": None}, "info", None),
        ("StatusNotification", {**STATUS, "info": "x" * 60}, "info", "x" * 60),
        ("StatusNotification", {**STATUS, "vendorErrorCode": 0}, "vendorErrorCode", "0"),
        ("StatusNotification", {**STATUS, "connectorId": 1.0}, "connectorId", 1),
        ("StatusNotification", {**STATUS, "timestamp": ""}, "timestamp", ""),
        ("BootNotification", {**BOOT, "chargePointSerialNumber": "x" * 40}, "chargePointSerialNumber", "x" * 40),
        ("BootNotification", {**BOOT, "meterSerialNumber": 12345}, "meterSerialNumber", "12345"),
        ("BootNotification", {**BOOT, "iccid": None}, "iccid", None),
        ("SecurityEventNotification", {**EVENT, "techInfo": "x" * 256}, "techInfo", "x" * 256),
        ("SecurityEventNotification", {**EVENT, "timestamp": "2026-11-22T12:00:00"}, "type", "Odd"),
    ],
)
def test_what_is_forgiven_is_mended_and_noted(action, payload, field, meant):
    result, notes = mend(action, payload, Insistence())
    assert result.get(field) == meant
    assert notes


def test_the_payload_as_it_came_is_left_alone():
    payload = {**STOP, "idTag": 12}
    mended("StopTransaction", payload)
    assert payload["idTag"] == 12


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("StartTransaction", {**START, "meterStart": "10"}, frames.TYPE_CONSTRAINT_VIOLATION),
        ("StartTransaction", {**START, "idTag": 12}, frames.TYPE_CONSTRAINT_VIOLATION),
        ("StartTransaction", {"idTag": "A", "meterStart": 1, "timestamp": AT}, frames.PROTOCOL_ERROR),
        ("StopTransaction", {"meterStop": 1, "timestamp": AT}, frames.PROTOCOL_ERROR),
        ("MeterValues", {"connectorId": 1}, frames.PROTOCOL_ERROR),
    ],
)
def test_a_transaction_message_that_is_refused_once_is_believed_when_it_comes_again(action, payload, code):
    insistence = Insistence()
    assert refusal(action, payload, insistence) == code
    insistence.remember(action, payload)
    result, notes = mend(action, payload, insistence)
    assert notes
    assert result.keys() >= payload.keys()


def test_only_the_very_same_message_insists():
    insistence = Insistence()
    payload = {**START, "meterStart": "10"}
    insistence.remember("StartTransaction", payload)
    assert refusal("StartTransaction", {**payload, "meterStart": "11"}, insistence)
    assert mend("StartTransaction", dict(reversed(payload.items())), insistence)[0]["meterStart"] == 10


def test_insistence_remembers_no_more_than_its_size():
    insistence = Insistence(size=2)
    for number in range(3):
        insistence.remember("StartTransaction", {"n": number})
    assert [insistence.knows("StartTransaction", {"n": number}) for number in range(3)] == [False, True, True]


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("StartTransaction", [], frames.FORMATION_VIOLATION),
        ("StartTransaction", "x", frames.FORMATION_VIOLATION),
        ("StatusNotification", {**STATUS, "status": "Occupied"}, frames.PROPERTY_CONSTRAINT_VIOLATION),
        ("StatusNotification", {**STATUS, "status": None}, frames.PROPERTY_CONSTRAINT_VIOLATION),
        ("StatusNotification", {**STATUS, "connectorId": None}, frames.TYPE_CONSTRAINT_VIOLATION),
        ("StatusNotification", {**STATUS, "connectorId": "1"}, frames.TYPE_CONSTRAINT_VIOLATION),
        ("StatusNotification", {"connectorId": 1, "status": "Available"}, frames.PROTOCOL_ERROR),
        ("BootNotification", {"chargePointVendor": "V"}, frames.PROTOCOL_ERROR),
        ("BootNotification", {**BOOT, "colour": "red"}, frames.FORMATION_VIOLATION),
        ("BootNotification", {**BOOT, "iccid": ["x"]}, frames.TYPE_CONSTRAINT_VIOLATION),
        ("Heartbeat", {"x": 1}, frames.FORMATION_VIOLATION),
    ],
)
def test_everything_else_is_refused_as_the_standard_says(action, payload, code):
    insistence = Insistence()
    insistence.remember("other", payload)
    assert refusal(action, payload, insistence) == code


def test_the_notes_of_a_message_are_bounded():
    _, notes = mend("MeterValues", {"connectorId": 1, "meterValue": [{"x" * 500: 1}] * 100_000}, Insistence())
    assert len(notes) == 21
    assert notes[-1].startswith("... and ")
    assert max(map(len, notes)) <= 200


def test_only_the_beginning_of_long_lists_is_judged_and_all_of_it_is_kept():
    bad = {"sampledValue": [{"x": "y"}] * 50_000}
    result, notes = mend("MeterValues", {"connectorId": "1", "meterValue": [*[VALUE] * 30, bad]}, Insistence())
    assert (result["connectorId"], len(result["meterValue"])) == (1, 31)
    assert len(notes) == 1
    _, notes = mend("MeterValues", {"connectorId": 1, "meterValue": [*[VALUE] * 30, bad]}, Insistence())
    assert notes == ["Not all samples after the first 20 are as they should be."]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={name: ANYTHING for name in ("connectorId", "idTag", "meterStart", "timestamp", "reservationId", "x")},
    )
)
def test_a_start_that_insists_always_has_the_types_that_the_handler_needs(payload):
    insistence = Insistence()
    insistence.remember("StartTransaction", payload)
    result = mend("StartTransaction", payload, insistence)[0]
    assert isinstance(result["connectorId"], int)
    assert isinstance(result["idTag"], str)
    assert isinstance(result.get("meterStart", 0), int)
    assert isinstance(result.get("reservationId", 0), int)


@given(
    st.fixed_dictionaries(
        {}, optional={name: ANYTHING for name in ("transactionId", "idTag", "meterStop", "reason", "transactionData")}
    )
)
def test_a_stop_that_insists_always_has_the_types_that_the_handler_needs(payload):
    insistence = Insistence()
    insistence.remember("StopTransaction", payload)
    result = mend("StopTransaction", payload, insistence)[0]
    assert isinstance(result["transactionId"], int)
    assert isinstance(result.get("idTag", ""), str)
    assert isinstance(result.get("reason", ""), str)
    assert isinstance(result.get("meterStop", 0), int)
    assert isinstance(result.get("transactionData", []), list)
