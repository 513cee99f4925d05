"""Text to frames and back."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_server import frames
from ocpp_server.frames import Call, CallError, CallResult, UnreadableFrame, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=30,
)


def refusal(text):
    with pytest.raises(UnreadableFrame) as unreadable:
        parse(text)
    return unreadable.value.code, unreadable.value.message_id


def test_a_call_is_read():
    call = parse('[2,"19223201","BootNotification",{"chargePointVendor":"V"}]')
    assert (call.message_id, call.action, call.payload) == ("19223201", "BootNotification", {"chargePointVendor": "V"})


def test_a_result_and_an_error_are_read():
    assert parse('[3,"a",{"status":"Accepted"}]').payload == {"status": "Accepted"}
    error = parse('[4,"a","NotSupported","no",{"x":1}]')
    assert (error.message_id, error.code, error.description, error.details) == ("a", "NotSupported", "no", {"x": 1})


def test_an_empty_payload_may_be_null():
    assert parse('[2,"a","Heartbeat",null]').payload == {}
    assert parse('[3,"a",null]').payload == {}


@pytest.mark.parametrize("text", ['[3,"a"]', '[4,"a"]', '[4,"a","X"]', '[4,"a",null,null,null,1,2]'])
def test_an_answer_that_lacks_something_is_an_answer_all_the_same(text):
    assert isinstance(parse(text), CallResult | CallError)


def test_an_error_without_words_is_a_generic_one():
    error = parse('[4,"a"]')
    assert (error.code, error.description, error.details) == (frames.GENERIC_ERROR, "", {})


@pytest.mark.parametrize("text", ['[5,"a",{}]', '["2","a","Heartbeat",{}]', "[2.0]", "[3]", "[4]", "[null]", "[true]"])
def test_an_unknown_message_type_is_ignored(text):
    assert parse(text) is None


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '"x"', "1", "nul", "[2", "[2,", '[2,"'])
def test_what_is_no_array_cannot_be_answered(text):
    assert refusal(text) == (frames.FORMATION_VIOLATION, None)


@pytest.mark.parametrize(
    "text",
    [
        '[2,"a"]',
        '[2,"a","Heartbeat"]',
        '[2,"a","Heartbeat",{},{}]',
        '[2,"a",["Heartbeat"],{}]',
        '[2,"a",null,{}]',
        '[2,"a","Heartbeat",{',
        '[2,"a","Heartbeat",{"x":NaN}]',
        '[2,"a","Heartbeat",{"x":-Infinity}]',
        '[2,"a","Heartbeat",{"x":1e999}]',
        ' [ 2 , "a" , "Heartbeat", {]',
    ],
)
def test_a_broken_call_is_answered_where_its_id_can_be_read(text):
    assert refusal(text) == (frames.FORMATION_VIOLATION, "a")


@pytest.mark.parametrize("message_id", ['""', "null", "true", "1.5", "[]", "{}", json.dumps("x" * 256)])
def test_a_call_without_a_usable_id_cannot_be_answered(message_id):
    assert refusal(f'[2,{message_id},"Heartbeat",{{}}]') == (frames.FORMATION_VIOLATION, None)


@pytest.mark.parametrize("message_id", ["a", "x" * 36, "x" * 40, "ä€ 🚗", 7, -1])
def test_an_id_is_echoed_as_it_came(message_id):
    call = parse(json.dumps([2, message_id, "Heartbeat", {}]))
    assert json.loads(frames.encode_result(call.message_id, {})) == [3, message_id, {}]


def test_an_id_with_a_control_character_is_not_taken_from_broken_json():
    assert refusal('[2,"a\0b","Heartbeat",{}]') == (frames.FORMATION_VIOLATION, None)


@pytest.mark.parametrize("depth", [40, 300, 700, 100_000])
@pytest.mark.parametrize("payload", ["{}", '{"x":"\\u0041"}'])
def test_a_deeply_nested_message_is_refused_and_not_walked(depth, payload):
    text = f'[2,"a","Heartbeat",[{payload},{"[" * depth}{"]" * depth}]]'
    assert refusal(text) == (frames.FORMATION_VIOLATION, "a")


def test_a_long_message_that_is_not_deep_is_read():
    values = [{"sampledValue": [{"value": "1"}]}] * 1000
    assert len(parse(json.dumps([2, "a", "MeterValues", {"meterValue": values}])).payload["meterValue"]) == 1000


def test_what_no_database_stores_is_replaced():
    call = parse(r'[2,"a\u0000","X\ud800",{"k\u0000":["\ud83d\ude97","\udc00"]}]')
    assert (call.message_id, call.action) == ("a\N{REPLACEMENT CHARACTER}", "X\N{REPLACEMENT CHARACTER}")
    assert call.payload == {"k\N{REPLACEMENT CHARACTER}": ["🚗", "\N{REPLACEMENT CHARACTER}"]}


def test_an_error_has_five_elements_and_a_description_of_255_characters():
    assert json.loads(frames.encode_error("a", frames.NOT_IMPLEMENTED)) == [4, "a", "NotImplemented", "", {}]
    assert len(json.loads(frames.encode_error("a", frames.INTERNAL_ERROR, "x" * 999))[3]) == 255


def test_the_codes_keep_the_spelling_of_ocpp_16():
    assert frames.FORMATION_VIOLATION == "FormationViolation"
    assert frames.OCCURENCE_CONSTRAINT_VIOLATION == "OccurenceConstraintViolation"


def test_our_own_calls_are_read_back():
    call = parse(frames.encode_call("a", "Reset", {"type": "Soft"}))
    assert (call.message_id, call.action, call.payload) == ("a", "Reset", {"type": "Soft"})


@given(st.text() | JSON.map(json.dumps) | st.lists(JSON, max_size=5).map(lambda rest: json.dumps([2, *rest])))
def test_any_text_is_read_ignored_or_refused(text):
    message = None
    with suppress(UnreadableFrame):
        message = parse(text)
    assert message is None or isinstance(message, Call | CallResult | CallError)
    if message is not None:
        json.dumps(message.message_id).encode()
