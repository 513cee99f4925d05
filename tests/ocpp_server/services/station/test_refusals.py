"""Refused handshakes, kept for the operator."""

import pytest

from ocpp_server import events
from ocpp_server.models import Refusal
from ocpp_server.services.station import charge_points, refusals
from tests import query_plans

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
    monkeypatch.setattr(refusals, "SLACK", 2)
    for number in range(8):
        record(store, number, identity=str(number))
    assert [refusal.identity for refusal in kept(store)] == ["3", "4", "5", "6", "7"]


def test_the_inbox_is_told(store):
    subscription = events.subscribe(["inbox"])
    record(store)
    assert subscription.wait(1) == {"inbox"}
    events.unsubscribe(subscription)


def reasons(store):
    return {(refusal.reason, refusal.identity, refusal.address) for refusal in kept(store)}


@pytest.fixture
def station(store):
    """X and its refusals, one of each reason, beside one of Y."""
    added = store.write(lambda unit: charge_points.add(unit, "X", password="0123456789abcdef"))
    for reason in refusals.EVERY:
        record(store, reason=reason, identity="x")
    record(store, identity="Y")
    return added


def forgotten(store):
    """The reasons for which X is not in the inbox any more. Y always is."""
    left = reasons(store)
    assert ("unknown_identity", "Y", "10.0.0.1") in left
    return set(refusals.EVERY) - {reason for reason, identity, _ in left if identity == "x"}


def test_adding_a_station_mends_what_came_of_its_absence(store):
    for reason in refusals.EVERY:
        record(store, reason=reason, identity="x")
    record(store, identity="Y")
    store.write(lambda unit: charge_points.add(unit, "X"))
    assert forgotten(store) == {"unknown_identity", "missing_credentials", "wrong_credentials"}


@pytest.mark.parametrize("password", ["fedcba9876543210", None])
def test_another_password_or_none_mends_wrong_ones(store, station, password):
    store.write(lambda unit: charge_points.set_password(unit, station.id, password))
    assert forgotten(store) == {"missing_credentials", "wrong_credentials"}


def test_a_password_that_the_station_accepted_mends_wrong_ones(store, station):
    store.write(lambda unit: charge_points.accept_key(unit, station.id, "ab" * 20))
    assert forgotten(store) == {"missing_credentials", "wrong_credentials"}


def test_allowing_a_missing_subprotocol_mends_it_and_other_changes_do_not(store, station):
    store.write(lambda unit: charge_points.update(unit, station.id, label="Gate", strict_subprotocol=True))
    assert forgotten(store) == set()
    store.write(lambda unit: charge_points.update(unit, station.id, strict_subprotocol=False))
    assert forgotten(store) == {"no_subprotocol"}


def test_a_deleted_station_leaves_nothing_behind(store, station):
    store.write(lambda unit: charge_points.delete(unit, station.id))
    assert forgotten(store) == set(refusals.EVERY)


def test_whoever_is_let_in_has_overcome_what_kept_it_out(store):
    for reason in refusals.EVERY:
        record(store, reason=reason)
        record(store, reason=reason, address="10.0.0.2")
        record(store, reason=reason, identity="Y")
    subscription = events.subscribe(["inbox"])
    store.write(lambda unit: refusals.forget_admitted(unit, "x", "X", "10.0.0.1"))
    assert subscription.wait(0) == {"inbox"}
    left = {(reason, address) for reason, identity, address in reasons(store) if identity == "X"}
    elsewhere = {("missing_credentials", "10.0.0.2"), ("wrong_credentials", "10.0.0.2")}
    later = {(reason, address) for reason in ("flood", "too_long") for address in ("10.0.0.1", "10.0.0.2")}
    assert left == elsewhere | later
    assert len(reasons(store)) == len(left) + len(refusals.EVERY)
    store.write(lambda unit: refusals.forget_admitted(unit, "x", "X", "10.0.0.1"))
    assert subscription.wait(0) == set()
    events.unsubscribe(subscription)


def test_everything_up_to_a_time_is_dismissed(store):
    record(store, 1000)
    record(store, 2000, identity="Y")
    store.write(lambda unit: refusals.dismiss_until(unit, 1000))
    assert [refusal.identity for refusal in kept(store)] == ["Y"]


def test_many_at_once_are_written_once(store):
    def work(unit):
        for number in range(20):
            refusals.record(unit, number, **FACTS)
        refusals.record(unit, 99, **{**FACTS, "identity": "Y"})

    with query_plans.watching(store) as written:
        store.write(work)
    assert [refusal.count for refusal in kept(store)] == [20, 1]
    assert len(written.ran) == 1
