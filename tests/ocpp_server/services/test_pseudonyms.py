"""What leaves the house says nothing about people."""

import json

import pytest

from ocpp_server.services.pseudonyms import HIDDEN, Pseudonyms


def test_the_same_card_is_the_same_name_whatever_its_spelling() -> None:
    names = Pseudonyms()
    assert names.value({"idTag": "04AB", "other": {"parentIdTag": "FLEET"}}) == {
        "idTag": "CARD-0001",
        "other": {"parentIdTag": "CARD-0002"},
    }
    assert names.value([2, "1", "Authorize", {"IDTAG": "04ab"}]) == [2, "1", "Authorize", {"IDTAG": "CARD-0001"}]
    assert names.count == 2


def test_known_cards_are_found_in_any_text() -> None:
    names = Pseudonyms(["04A1B2C3", "Anna", "AB-12 34"])
    assert names.value({"data": "tap 04a1b2c3, ok"}) == {"data": "tap CARD-0001, ok"}
    assert names.value({"data": "AB-12 34"}) == {"data": "CARD-0002"}
    assert names.value({"data": "Anna"}) == {"data": "CARD-0003"}
    assert names.value({"data": '{"uid":"04A1B2C3"}'}) == {"data": '{"uid":"CARD-0001"}'}


def test_a_card_that_was_seen_once_is_known_from_then_on() -> None:
    names = Pseudonyms()
    names.value({"idTag": "DEADBEEF"})
    assert names.text("DEADBEEF again") == "CARD-0001 again"


def test_readings_and_ordinary_words_stay() -> None:
    names = Pseudonyms(["123456", "Charging", "123"])
    reading = {"sampledValue": [{"value": "123456", "unit": "Wh"}]}
    assert names.value(reading) == reading
    assert names.value({"info": "123 ok"}) == {"info": "123 ok"}


@pytest.mark.parametrize(
    "key", ["AuthorizationKey", "WifiPassword", "APN_Passwd", "wpaPSK", "SimPin", "apiKey", "Client_Secret", "ftpToken"]
)
def test_the_values_of_secret_keys_are_hidden(key: str) -> None:
    names = Pseudonyms()
    assert names.setting(key, "hunter2") == HIDDEN
    assert names.value({"key": key, "value": "hunter2", "readonly": False})["value"] == HIDDEN
    assert names.value({key: "hunter2"}) == {key: HIDDEN}
    assert names.setting(key, "") == ""


@pytest.mark.parametrize(
    "key", ["HeartbeatInterval", "ConnectionTimeOut", "SecurityProfile", "AuthorizeRemoteTxRequests"]
)
def test_other_keys_are_not(key: str) -> None:
    assert Pseudonyms().setting(key, "30") == "30"


def test_numbers_are_cards_and_secrets_too() -> None:
    values = {"idTag": 12345678, "simPin": 1234, "hasToken": True, "connectorId": 1}
    assert Pseudonyms().value(values) == {**values, "idTag": "CARD-0001", "simPin": HIDDEN}


def test_json_within_a_text_is_read_as_such() -> None:
    inner = '{"wifiPassword":"hunter2","idTag":"DEADBEEF01","keys":[{"key":"SimPin","value":"1234"}],"größe":1.50}'
    safe = (
        f'{{"wifiPassword":"{HIDDEN}","idTag":"CARD-0001","keys":[{{"key":"SimPin","value":"{HIDDEN}"}}],"größe":1.5}}'
    )
    names = Pseudonyms()
    assert names.value({"data": inner}) == {"data": safe}
    assert names.setting("VendorData", inner) == safe
    assert names.value({"data": json.dumps([inner])}) == {
        "data": json.dumps([safe], separators=(",", ":"), ensure_ascii=False)
    }


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ('[{"idTag":"DEADBEEF01"},{"parentIdTag" : "AB', '[{"idTag":"CARD-0001"},{"parentIdTag" : "CARD-0002'),
        ('{"key":"WifiPassword","value":"hun{t\\"er2"},', f'{{"key":"WifiPassword","value":"{HIDDEN}"}},'),
        ('{"value":"hunter2","key":"WifiPassword"},', f'{{"value":"{HIDDEN}","key":"WifiPassword"}},'),
        ('{"wifiPassword":"hunt', f'{{"wifiPassword":"{HIDDEN}'),
        (
            r'{"data":"{\"simPin\":\"1234\",\"idTag\":\"DEADBEEF01\"}',
            r'{"data":"{\"simPin\":\"********\",\"idTag\":\"CARD-0001\"}',
        ),
        ('{"status":"Charging","value":"3"},', '{"status":"Charging","value":"3"},'),
    ],
)
def test_what_was_json_before_it_was_cut_off_shows_no_more(text: str, safe: str) -> None:
    assert Pseudonyms().text(text) == safe
    assert Pseudonyms().value({"data": text}) == {"data": safe}


def test_a_text_that_is_nothing_but_quotes_is_soon_read() -> None:
    for text in ("\\" * 60_000 + '"', '"' * 60_000, '"a"' + " " * 60_000, '"a":' * 15_000):
        assert Pseudonyms().text(text) == text


def test_a_key_that_holds_a_card_is_one() -> None:
    assert Pseudonyms().setting("FreevendIdTag", "04AB") == "CARD-0001"


def test_addresses_open_nothing() -> None:
    names = Pseudonyms()
    assert names.text("ftp://me:secret@host/x") == f"ftp://{HIDDEN}@host/x"
    token = "a" * 32
    assert token not in names.text(f"http://host/files/{token}/log")
