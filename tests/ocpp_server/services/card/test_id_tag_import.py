"""Importing cards: all or nothing."""

from datetime import UTC, datetime

import pytest

from ocpp_server import events
from ocpp_server.models import IdTag
from ocpp_server.services.card import id_tag_import, id_tags
from ocpp_server.services.card.id_tag_import import CHANGED, NEW, UNCHANGED, Line

SOON = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def known(store):
    return store.write(lambda unit: id_tags.add(unit, "Known", label="Anna", status="blocked"))


def lines(*cards):
    return [Line(number, fields) for number, fields in enumerate(cards, start=2)]


def plan(store, planned):
    with store.reading():
        return [(line.change, line.problem and line.problem.message) for line in id_tag_import.plan(planned)]


def stored(store):
    with store.reading():
        return {card.id_tag: (card.label, card.status, card.expiry_date) for card in IdTag.select()}


def test_a_plan_changes_nothing(store, known):
    planned = lines({"id_tag": "KNOWN"}, {"id_tag": "Known"}, {"id_tag": "new"})
    assert plan(store, planned[1:]) == [(UNCHANGED, None), (NEW, None)]
    assert plan(store, planned[:1]) == [(CHANGED, None)], "another spelling is a change"
    assert set(stored(store)) == {"Known"}


def test_only_what_the_file_names_is_changed(store, known):
    cards = lines({"id_tag": "Known", "expiry_date": SOON}, {"id_tag": "new", "label": "Bert"})
    subscription = events.subscribe(["id-tags"])
    done = store.write(lambda unit: id_tag_import.apply(unit, cards))
    assert [line.change for line in done] == [CHANGED, NEW]
    assert stored(store) == {"Known": ("Anna", "blocked", SOON), "new": ("Bert", "accepted", None)}
    assert subscription.wait(1) == {"id-tags"}
    events.unsubscribe(subscription)


@pytest.mark.parametrize(
    "bad", [{"id_tag": ""}, {}, {"id_tag": "x" * 21}, {"id_tag": "NEW"}, {"id_tag": "b", "parent_id_tag": "B"}]
)
def test_one_problem_keeps_everything_out(store, known, bad):
    cards = lines({"id_tag": "new"}, bad, {"id_tag": "Known", "label": "changed"})
    done = store.write(lambda unit: id_tag_import.apply(unit, cards))
    assert [bool(line.problem) for line in done] == [False, True, False]
    assert stored(store) == {"Known": ("Anna", "blocked", None)}
