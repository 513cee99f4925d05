"""Refused handshakes, kept for the operator."""

import pytest

from ocpp_server import events
from ocpp_server.models import Refusal
from ocpp_server.services import refusals

FACTS = {
    "address": "10.0.0.1",
    "path": "/ocpp/X",
    "identity": "X",
    "reason": "unknown_identity",
    "detail": "No station is called X.",
    "user_agent": "charger",
}


def record(store, at=1000, **changes):
    store.write(lambda unit: refusals.record(unit, at, **{**FACTS, **changes}))


def kept(store):
    with store.reading():
        return list(Refusal.select().order_by(Refusal.id))


def test_repeats_are_counted_and_tell_the_latest(store):
    record(store, 1000)
    record(store, 3000, path="/x/X", detail="again", user_agent="other")
    (refusal,) = kept(store)
    assert (refusal.count, refusal.path, refusal.detail, refusal.user_agent) == (2, "/x/X", "again", "other")
    assert (refusal.first_at.timestamp(), refusal.last_at.timestamp()) == (1, 3)


@pytest.mark.parametrize("other", [{"address": "10.0.0.2"}, {"identity": "Y"}, {"reason": "subprotocol"}])
def test_another_address_identity_or_reason_is_another_refusal(store, other):
    record(store)
    record(store, **other)
    assert [refusal.count for refusal in kept(store)] == [1, 1]


def test_hostile_texts_are_cut_and_stored(store):
    odd = "a\0" + "ß" * 10_000
    record(store, address=odd, path=odd, identity=odd, detail=odd, user_agent=odd)
    (refusal,) = kept(store)
    assert (len(refusal.identity), len(refusal.address), len(refusal.path)) == (255, 64, 500)
    assert "\0" not in refusal.path


def test_the_oldest_go_when_there_are_too_many(store, monkeypatch):
    monkeypatch.setattr(refusals, "MAX_ROWS", 5)
    for number in range(8):
        record(store, number, identity=str(number))
    assert [refusal.identity for refusal in kept(store)] == ["3", "4", "5", "6", "7"]


def test_the_inbox_is_told(store):
    subscription = events.subscribe(["inbox"])
    record(store)
    assert subscription.wait(1) == {"inbox"}
    events.unsubscribe(subscription)
