"""The frame log keeps every frame and no password."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_server.frame_log import MAX_TEXT, hide_secrets, redact

SECRET = "correct-horse-4711"


def secret_survives(text):
    kept = redact(text)
    return SECRET in kept or SECRET in kept.encode().decode("unicode_escape", "replace")


@pytest.mark.parametrize(
    "text",
    [
        '[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","value":"%s"}]',
        '[2,"a","ChangeConfiguration",{"value":"%s","key":"AuthorizationKey"}]',
        '[2, "a", "ChangeConfiguration", { "key" : "authorizationkey" , "value" : "%s" }]',
        '[2,"a","ChangeConfiguration",{"key":" AUTHORIZATIONKEY ","value":"%s"}]',
        r'[2,"a","ChangeConfiguration",{"key":"Authorization\u004bey","value":"%s"}]',
        r'[2,"a","ChangeConfiguration",{"\u006bey":"AuthorizationKey","v\u0061lue":"%s"}]',
        '[2,"a","ChangeConfiguration",{"Key":"AuthorizationKey","Value":"%s"}]',
        '[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","note":"{}","value":"%s"}]',
        '[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","value":["%s"]}]',
        '[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","value":{"value":"%s"}}]',
        '[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","value":"%s","key":"Other"}]',
        '[2,"a","ChangeConfiguration",{"AuthorizationKey":"%s"}]',
        '[3,"a",{"configurationKey":[{"key":"A","readonly":false,"value":"1"},'
        '{"key":"AuthorizationKey","readonly":false,"value":"%s"}]}]',
        '[3,"a",{"configurationKey":[{"value":"%s","readonly":false,"key":"AuthorizationKey"}],"unknownKey":[]}]',
        '[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","value":"%s"',
        r'{"key":"\u0041uthorizationKey","value":"%s"',
        '[2,"a",{"value":"%s","key":"AuthorizationKey"}]]',
    ],
)
def test_a_password_is_not_kept(text):
    assert SECRET in text % SECRET
    assert not secret_survives(text % SECRET)


def test_only_the_password_is_hidden():
    text = '[3,"a",{"configurationKey":[{"key":"AuthorizationKey","value":"x"},{"key":"B","value":"ä"}]}]'
    assert redact(text) == (
        '[3,"a",{"configurationKey":[{"key":"AuthorizationKey","value":"********"},{"key":"B","value":"ä"}]}]'
    )


@pytest.mark.parametrize(
    "text",
    [
        '[2, "a", "Heartbeat", {}]',
        '[2,"a","ChangeConfiguration",{"key":"HeartbeatInterval","value":"60"}]',
        r'[2,"a","DataTransfer",{"vendorId":"\u00e4\u0041"}]',
        "no JSON at all",
    ],
)
def test_what_holds_no_password_is_kept_as_it_came(text):
    assert redact(text) == text


def test_the_one_character_no_database_keeps_is_replaced():
    assert redact("a\0b") == "a\N{REPLACEMENT CHARACTER}b"


def test_of_a_very_long_frame_the_beginning_is_kept_and_no_password():
    whole = json.dumps([2, "1", "DataTransfer", {"vendorId": "V", "data": "x" * 200_000}])
    text = redact(whole)
    assert text.startswith('[2, "1", "DataTransfer", {"vendorId": "V", "data": "xxx')
    assert text.endswith(f"x … ({len(whole):,} characters in all)")
    assert len(text) < MAX_TEXT + 50
    secret = {"key": "AuthorizationKey", "value": SECRET}
    assert not secret_survives(json.dumps([2, "1", "ChangeConfiguration", {**secret, "more": "x" * 200_000}]))


def test_what_opens_an_address_is_hidden_also_where_the_text_is_cut():
    address = f"ftp://me:{SECRET}@files.example/x"
    text = " " * (MAX_TEXT - address.index("@")) + address + " " * 100
    assert SECRET[:4] not in redact(text)


def test_what_is_asked_and_answered_stays_whole_without_its_secrets():
    whole = json.dumps({"vendorId": "V", "data": "x" * 200_000})
    assert hide_secrets(whole) == whole
    secret = json.dumps({"more": "x" * 200_000, "key": "AuthorizationKey", "value": SECRET})
    assert SECRET not in hide_secrets(secret)
    assert json.loads(hide_secrets(secret))["more"] == "x" * 200_000


def test_a_frame_that_repeats_the_key_a_hundred_thousand_times_is_redacted_at_once():
    text = '[2,"a","X",{"a":"AuthorizationKey",' + ",".join(['"value":""'] * 100_000) + "}]"
    assert len(redact(text)) < 100


KEYS = st.sampled_from(["AuthorizationKey", "authorizationKEY", " AuthorizationKey", "AuthorizationKey\t"])
OTHERS = st.dictionaries(st.text().filter(lambda name: name not in ("key", "value")), st.text() | st.integers())
PLACES = st.recursive(
    st.just("HERE"),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.text(), inner, min_size=1, max_size=3),
    max_leaves=6,
)


@st.composite
def frames_with_a_secret(draw):
    """An object with the key and its value, in any order, among other fields, somewhere in a frame, in any spelling."""
    entry = {**draw(OTHERS), "key": draw(KEYS), "value": SECRET}
    entry = dict(draw(st.permutations(sorted(entry.items(), key=repr))))

    def place(pattern):
        if pattern == "HERE":
            return entry
        if isinstance(pattern, list):
            return [place(item) for item in pattern]
        return {name: place(item) for name, item in pattern.items()}

    frame = [draw(st.sampled_from([2, 3, 4])), draw(st.text()), place(draw(PLACES))]
    text = json.dumps(frame, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1])))
    for letter in draw(st.sets(st.sampled_from("AuthorizatnKeyvl"))):
        if draw(st.booleans()):
            text = text.replace(f"{letter}", f"\\u{ord(letter):04x}") if text.count("\\") == 0 else text
    return text


@given(frames_with_a_secret())
def test_the_secret_never_survives(text):
    assert not secret_survives(text)


@given(st.text())
def test_any_text_can_be_stored(text):
    kept = redact(text.encode("utf-8", "replace").decode())
    assert "\0" not in kept
    kept.encode()
