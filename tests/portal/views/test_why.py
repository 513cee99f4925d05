"""Why is a card refused? In the operator's words, with what to do about it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import ChargePoint
from ocpp_server.services.card import id_tags, unknown_cards
from ocpp_server.store import Store
from portal.context import Context
from tests import charging
from tests.portal.conftest import PARTIAL

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def cards(store: Store) -> None:
    def work(unit: object) -> None:
        id_tags.add(unit, "GOOD", label="Anna", parent_id_tag="FLEET", expiry_date=NOON + timedelta(days=30))
        id_tags.add(unit, "PLAIN")
        id_tags.add(unit, "OVER", expiry_date=NOON)
        id_tags.add(unit, "BLOCKED", status="blocked")

    store.write(work)
    clock.use(lambda: NOON)


@pytest.fixture
def gate(add_station: Callable[..., ChargePoint]) -> ChargePoint:
    return add_station("CP-1", label="Gate")


@pytest.mark.parametrize(
    ("id_tag", "verdict", "words"),
    [
        ("good", "Would be accepted now", ["as Anna", "not blocked", "valid until", "22 Dec 2026", "group FLEET"]),
        ("PLAIN", "Would be accepted now", ["does not expire", "no group", "charges nowhere", "decided by itself"]),
        ("OVER", "Would be refused now: Expired", ["It expired on", "22 Nov 2026", "Change the card"]),
        ("BLOCKED", "Would be refused now: Blocked", ["It is blocked.", "Change the card"]),
        ("who", "Would be refused now: Invalid", ["not among your cards", 'href="/cards/add?id_tag=who"']),
    ],
)
def test_every_rule_is_told_in_plain_words(operator: FlaskClient, id_tag: str, verdict: str, words: list[str]) -> None:
    text = operator.get(f"/cards/why?id_tag={id_tag}").text
    assert verdict in text
    for word in words:
        assert word in text, word


def test_a_card_that_charges_elsewhere_says_where(
    operator: FlaskClient, app: Flask, store: Store, gate: ChargePoint
) -> None:
    session = store.write(lambda unit: charging.session(gate, NOON, None, id_tag="plain", connector_id=2))
    text = operator.get("/cards/why?id_tag=PLAIN").text
    assert "Would be accepted now" in text
    assert "It charges at Gate, connector 2 now, and may charge elsewhere too." in text
    context = app.extensions["chargeyard"]
    app.extensions["chargeyard"] = Context(store, replace(context.settings, concurrent_tx=True))
    text = operator.get("/cards/why?id_tag=PLAIN").text
    assert "Would be refused now: ConcurrentTx" in text
    assert "may charge at one connector at a time" in text
    assert f'href="/sessions/{session.id}"' in text


def test_what_happened_before_is_listed(operator: FlaskClient, store: Store, gate: ChargePoint) -> None:
    def work(unit: object) -> None:
        charging.session(gate, NOON, id_tag="Blocked", id_tag_status="Blocked")
        charging.session(gate, NOON, id_tag="BLOCKED")
        for _ in range(3):
            unknown_cards.tapped(unit, "04FF", gate.id, "Authorize", clock.to_ms(NOON))

    store.write(work)
    text = operator.get("/cards/why?id_tag=BLOCKED").text
    assert "answered Blocked at the start of" in text
    assert 'href="/sessions/1"' in text
    assert 'href="/sessions/2"' not in text
    text = operator.get("/cards/why?id_tag=04ff").text
    assert "at Gate: unknown" in text
    assert "(3 times so far)" in text


def test_the_answer_follows_the_card(operator: FlaskClient) -> None:
    text = operator.get("/cards/why?id_tag=GOOD", headers={**PARTIAL, "HX-Target": "div#answer"}).text
    assert text.lstrip().startswith('<div id="answer"')
    assert "id-tags from:#live" in text


@pytest.mark.parametrize("id_tag", ["", "%00", "%20", "x" * 300])
def test_what_is_no_tag_asks_for_one(operator: FlaskClient, id_tag: str) -> None:
    page = operator.get(f"/cards/why?id_tag={id_tag}")
    assert page.status_code == 200
    assert "Type the number" in page.text


def test_what_was_typed_is_escaped(operator: FlaskClient) -> None:
    assert "<b>" not in operator.get("/cards/why?id_tag=<b>").text


def test_a_viewer_reads_why_and_is_offered_no_change(viewer: FlaskClient) -> None:
    text = viewer.get("/cards/why?id_tag=who").text
    assert "not among your cards" in text
    assert "/cards/add" not in text


def test_the_cards_own_page_answers_it_too(operator: FlaskClient) -> None:
    text = operator.get("/cards/4/edit").text
    assert "If it were tapped now" in text
    assert "Would be refused now: Blocked" in text
    assert 'href="/cards/why?id_tag=BLOCKED"' in text


def test_a_refused_session_leads_to_the_answer(operator: FlaskClient, store: Store, gate: ChargePoint) -> None:
    store.write(lambda unit: charging.session(gate, NOON, id_tag="BLOCKED", id_tag_status="Blocked"))
    store.write(lambda unit: charging.session(gate, NOON, id_tag="GOOD"))
    assert 'href="/cards/why?id_tag=BLOCKED"' in operator.get("/sessions/1").text
    assert "/cards/why" not in operator.get("/sessions/2").text
