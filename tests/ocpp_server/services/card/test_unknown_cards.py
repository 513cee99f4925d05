"""Cards that nobody knows, kept for the operator to enrol."""

from datetime import timedelta

import pytest

from ocpp_server import clock, events, stations
from ocpp_server.models import UnknownCard
from ocpp_server.services.card import id_tag_import, id_tags, unknown_cards
from ocpp_server.services.card.id_tag_import import Line
from ocpp_server.store import Store
from tests import query_plans
from tests.ocpp_server.conftest import NOON


def kept(store):
    with store.reading():
        return list(UnknownCard.select().order_by(UnknownCard.id))


def tap(store, id_tag, charge_point_id=1, at=NOON):
    store.write(lambda unit: unknown_cards.tapped(unit, id_tag, charge_point_id, "Authorize", clock.to_ms(at)))


def test_an_unknown_card_is_counted_in_one_row_whatever_its_spelling(speaker, another, time):
    speaker.ask("Authorize", {"idTag": "04ff"})
    time.go_on(seconds=5)
    other = another("CP-2")
    other.ask("StartTransaction", {"connectorId": 1, "idTag": "04FF", "meterStart": 0, "timestamp": time.iso()})
    (card,) = kept(speaker.store)
    assert (card.id_tag, card.count, card.action) == ("04FF", 2, "StartTransaction")
    assert card.charge_point_id == other.station.id
    assert card.last_at - card.first_at == timedelta(seconds=5)


@pytest.mark.parametrize("id_tag", ["GOOD", "blocked", "EXPIRED", "mate"])
def test_known_cards_are_none_of_its_business(speaker, id_tag):
    speaker.ask("Authorize", {"idTag": id_tag})
    assert kept(speaker.store) == []


def test_the_last_known_card_of_each_station_is_remembered(speaker, another, time):
    speaker.ask("Authorize", {"idTag": "PLAIN"})
    time.go_on(seconds=5)
    since = clock.to_ms(time.now)
    speaker.ask("Authorize", {"idTag": "good"})
    time.go_on(seconds=5)
    other = another("CP-2")
    other.ask("StartTransaction", {"connectorId": 1, "idTag": "BLOCKED", "meterStart": 0, "timestamp": time.iso()})
    other.ask("Authorize", {"idTag": "who"})
    assert [tap[:2] for tap in stations.taps_since(since)] == [(1, "good"), (2, "BLOCKED")]
    assert [tap[:2] for tap in stations.taps_since(since + 1)] == [(2, "BLOCKED")]


def test_a_card_that_is_added_is_not_unknown_any_more(store):
    for id_tag in ("ONE", "TWO", "THREE"):
        tap(store, id_tag)
    store.write(lambda unit: id_tags.add(unit, "one"))
    store.write(lambda unit: id_tag_import.apply(unit, [Line(1, {"id_tag": "Two"})]))
    assert [card.id_tag for card in kept(store)] == ["THREE"]


def test_a_card_that_another_process_forgot_is_counted_anew(store, database_url):
    tap(store, "ONE")
    other = Store(database_url)
    other.start()
    other.write(lambda unit: unknown_cards.forget(unit, "ONE"))
    other.stop()
    tap(store, "ONE")
    assert store.write(lambda unit: unit.all("SELECT count FROM unknown_card")) == [(1,)]


def test_renaming_a_card_to_one_that_was_tapped_counts_as_adding_it(store):
    card = store.write(lambda unit: id_tags.add(unit, "TYPO"))
    tap(store, "04FF")
    store.write(lambda unit: id_tags.update(unit, card.id, id_tag="04FF"))
    assert kept(store) == []


def test_the_inbox_is_told_only_when_something_changed(store):
    subscription = events.subscribe(["inbox", "unknown-cards"])
    tap(store, "04FF")
    assert subscription.wait(1) == {"inbox", "unknown-cards"}
    store.write(lambda unit: unknown_cards.forget(unit, "other"))
    assert subscription.wait(0) == set()
    store.write(lambda unit: unknown_cards.forget(unit, "04ff"))
    assert subscription.wait(0) == {"inbox", "unknown-cards"}
    events.unsubscribe(subscription)


def test_the_oldest_go_when_there_are_too_many(store, monkeypatch):
    monkeypatch.setattr(unknown_cards, "MAX_ROWS", 5)
    monkeypatch.setattr(unknown_cards, "SLACK", 2)
    for number in range(8):
        tap(store, f"T-{number}", at=NOON + timedelta(seconds=number))
    assert [card.id_tag for card in kept(store)] == ["T-3", "T-4", "T-5", "T-6", "T-7"]


@pytest.mark.parametrize("id_tag", ["", "x" * 21])
def test_what_no_card_can_be_is_not_kept(store, id_tag):
    tap(store, id_tag)
    assert kept(store) == []


def test_a_window_of_time_finds_the_cards_tapped_in_it_at_a_station(store):
    for seconds, id_tag, station in (
        (-1, "EARLY", 1),
        (0, "FIRST", 1),
        (30, "OTHER", 2),
        (60, "LAST", 1),
        (61, "LATE", 1),
    ):
        tap(store, id_tag, station, NOON + timedelta(seconds=seconds))

    def found(*station):
        with store.reading():
            query = unknown_cards.tapped_between(NOON, NOON + timedelta(seconds=60), *station)
            return [card.id_tag for card in query]

    assert found() == ["FIRST", "OTHER", "LAST"]
    assert found(2) == ["OTHER"]
    assert found(3) == []


def test_what_is_dismissed_comes_back_when_it_is_tapped_again(store):
    tap(store, "ONE")
    tap(store, "TWO", at=NOON + timedelta(seconds=1))
    store.write(lambda unit: unknown_cards.dismiss(unit, [1]))
    assert [card.id_tag for card in kept(store)] == ["TWO"]
    tap(store, "ONE")
    store.write(lambda unit: unknown_cards.dismiss_until(unit, clock.to_ms(NOON)))
    assert [card.id_tag for card in kept(store)] == ["TWO"]


def test_a_card_that_is_tapped_again_and_again_is_written_once(store):
    with query_plans.watching(store) as written:
        store.write(lambda unit: [unknown_cards.tapped(unit, "04FF", 1, "Authorize", at) for at in range(20)])
    assert [card.count for card in kept(store)] == [20]
    assert len(written.ran) == 1
