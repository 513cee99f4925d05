"""Names that are published, and who hears them."""

import gevent
import pytest

from ocpp_server import events


@pytest.fixture
def subscription():
    subscription = events.subscribe(["charge-points", "inbox"])
    yield subscription
    events.unsubscribe(subscription)


def test_a_subscriber_hears_what_it_asked_for_and_nothing_else(subscription):
    events.publish({"charge-points", "id-tags"})
    assert subscription.wait(1) == {"charge-points"}


def test_names_gather_until_they_are_taken_and_are_told_once(subscription):
    for _ in range(3):
        events.publish({"charge-points"})
    events.publish({"inbox"})
    assert subscription.wait(1) == {"charge-points", "inbox"}
    assert subscription.wait(0) == set()


def test_a_waiting_subscriber_is_woken(subscription):
    waiting = gevent.spawn(subscription.wait, 5)
    gevent.idle()
    events.publish({"inbox"})
    assert waiting.get(timeout=1) == {"inbox"}


def test_nothing_within_the_time_is_an_empty_set(subscription):
    assert subscription.wait(0.001) == set()


def test_who_left_hears_nothing():
    subscription = events.subscribe(["inbox"])
    events.unsubscribe(subscription)
    events.unsubscribe(subscription)
    events.publish({"inbox"})
    assert subscription.wait(0) == set()


def test_what_a_subscription_keeps_is_bounded_by_its_topics(subscription):
    for number in range(1000):
        events.publish({f"charge-point-{number}"})
    assert subscription._names == set()


def heard(topics, since):
    late = events.subscribe(topics, since)
    names = late.wait(0)
    events.unsubscribe(late)
    return names


def test_who_comes_late_hears_what_was_published_since():
    events.publish({"inbox"})
    since = events.number()
    events.publish({"charge-points", "id-tags"})
    assert heard(["charge-points", "inbox"], since) == {"charge-points"}
    assert heard(["charge-points", "inbox"], events.number()) == set()
    assert heard(["charge-points"], None) == set()


def test_where_it_is_not_known_what_was_missed_everything_was(monkeypatch):
    since = events.number()
    monkeypatch.setattr(events._Record, "LIMIT", 3)
    events.publish({"a", "b", "c", "d"})
    assert heard(["inbox"], since - 1) == {"inbox"}
    # A page of an earlier process, and one that claims a number that was never given.
    assert heard(["inbox"], 17) == heard(["inbox"], events.number() + 1) == {"inbox"}


def test_a_name_that_is_published_again_is_remembered_for_longer(monkeypatch):
    monkeypatch.setattr(events._Record, "LIMIT", 2)
    for name in ("a", "b", "a"):
        events.publish({name})
    since = events.number() - 1
    events.publish({"c"})
    assert heard(["a", "c"], since) == {"a", "c"}
