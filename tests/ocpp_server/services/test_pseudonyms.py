"""What leaves the house says nothing about people."""

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


def test_a_key_that_holds_a_card_is_one() -> None:
    assert Pseudonyms().setting("FreevendIdTag", "04AB") == "CARD-0001"


def test_addresses_open_nothing() -> None:
    names = Pseudonyms()
    assert names.text("ftp://me:secret@host/x") == f"ftp://{HIDDEN}@host/x"
    token = "a" * 32
    assert token not in names.text(f"http://host/files/{token}/log")
