"""What a station knows about cards."""

from datetime import UTC, datetime
from typing import Any

from ocpp_server.simulator.cards import LocalList, is_valid, parse_time

ACCEPTED = {"status": "Accepted"}
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def entry(id_tag: str, info: dict[str, Any] | None = ACCEPTED) -> dict[str, Any]:
    return {"id_tag": id_tag} if info is None else {"id_tag": id_tag, "id_tag_info": info}


def update(cards: LocalList, version: int, full: bool, *entries: dict[str, Any], most: int = 10) -> str:
    return cards.update(version, full, list(entries), most=most, most_per_message=5)


def test_a_full_update_replaces_the_list() -> None:
    cards = LocalList()
    update(cards, 1, True, entry("A"), entry("B"))
    assert update(cards, 2, True, entry("C")) == "Accepted"
    assert (cards.version, set(cards.entries)) == (2, {"c"})


def test_a_differential_update_adds_changes_and_deletes() -> None:
    cards = LocalList()
    update(cards, 1, True, entry("A"), entry("B"))
    assert update(cards, 2, False, entry("C"), entry("a", None)) == "Accepted"
    assert set(cards.entries) == {"b", "c"}


def test_an_older_differential_update_is_a_version_mismatch() -> None:
    cards = LocalList()
    update(cards, 5, True, entry("A"))
    assert update(cards, 5, False, entry("B")) == "VersionMismatch"
    assert (cards.version, set(cards.entries)) == (5, {"a"})


def test_what_is_wrong_or_too_long_fails_and_changes_nothing() -> None:
    cards = LocalList()
    assert update(cards, 1, True, entry("A"), entry("a")) == "Failed"
    assert update(cards, 1, True, entry("A", None)) == "Failed"
    assert update(cards, 0, True, entry("A")) == "Failed"
    assert update(cards, 1, True, *(entry(str(number)) for number in range(6))) == "Failed"
    assert update(cards, 1, True, entry("A"), entry("B"), most=1) == "Failed"
    assert cards == LocalList()


def test_an_expired_or_blocked_card_is_not_valid() -> None:
    assert is_valid(ACCEPTED, NOW)
    assert is_valid({"status": "Accepted", "expiry_date": "2026-11-22T10:00:01Z"}, NOW)
    assert not is_valid({"status": "Accepted", "expiry_date": "2026-11-22T10:00:00Z"}, NOW)
    assert not is_valid({"status": "Blocked"}, NOW)
    assert not is_valid(None, NOW)


def test_a_time_without_a_zone_is_utc() -> None:
    assert parse_time("2026-11-22T10:00:00") == parse_time("2026-11-22T11:00:00+01:00") == NOW
