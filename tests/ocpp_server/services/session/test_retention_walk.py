"""Old sessions are looked at once, and again only when something comes for them."""

from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.services.session import retention, retention_walk
from tests import charging
from tests.ocpp_server.conftest import NOON

START = NOON - timedelta(days=100)
BEFORE = clock.to_ms(NOON - timedelta(days=90))


@pytest.fixture
def old_sessions(store, speaker):
    """Ten of an hour, a minute apart, with a reading each: their ids."""

    def work(unit):
        begun = [START + timedelta(minutes=number) for number in range(10)]
        sessions = [charging.session(speaker.station.id, at) for at in begun]
        for session in sessions:
            charging.reading(session, session.started_at, energy_wh=1000)
        return [session.id for session in sessions]

    return store.write(work)


def walk(store):
    """The sessions that were found and then reduced."""
    found = []
    for page in retention_walk.pages(store, BEFORE):
        for transaction_id in page:
            store.write(lambda unit, number=transaction_id: retention.reduce_session(unit, number))
        found += page
    return found


def looked_at(store, monkeypatch):
    """How many sessions the next walk looks at."""
    seen = []
    query = store.query
    monkeypatch.setattr(store, "query", lambda *arguments: seen.extend(rows := query(*arguments)) or rows)
    walk(store)
    monkeypatch.undo()
    return len(seen)


def test_only_what_ended_long_ago_is_found(store, old_sessions):
    def work(unit):
        young = charging.session(1, NOON - timedelta(days=89))
        running = charging.session(1, START, None)
        reported_late = charging.session(1, START, 2, stop_received_at=NOON)
        charging.session(1, START, 3)
        for session in (young, running, reported_late):
            charging.reading(session, session.started_at, energy_wh=1000)

    store.write(work)
    assert walk(store) == old_sessions


def test_many_sessions_are_looked_at_in_pages(store, old_sessions, monkeypatch):
    monkeypatch.setattr(retention_walk, "PAGE", 3)
    assert [len(page) for page in retention_walk.pages(store, BEFORE)] == [3, 3, 3, 1]


def test_what_was_reduced_is_not_looked_at_again(store, old_sessions, monkeypatch):
    assert looked_at(store, monkeypatch) == 10
    assert looked_at(store, monkeypatch) == 0


def test_a_walk_that_was_broken_off_is_taken_up_at_its_page(store, old_sessions, monkeypatch):
    monkeypatch.setattr(retention_walk, "PAGE", 4)
    pages = retention_walk.pages(store, BEFORE)
    next(pages), next(pages)
    pages.close()
    assert walk(store) == old_sessions[4:]


def test_a_session_that_was_reported_late_is_passed_by_until_it_is_old_enough(store, old_sessions, time):
    late = store.write(lambda unit: charging.session(1, START - timedelta(days=1), stop_received_at=NOON))
    store.write(lambda unit: charging.reading(late, late.started_at, energy_wh=1000))
    assert walk(store) == old_sessions
    later = clock.to_ms(NOON + timedelta(days=1))
    (page,) = retention_walk.pages(store, later)
    assert page == [late.id]


def value_for(speaker, transaction_id, at):
    sampled = {"timestamp": clock.iso(at), "sampledValue": [{"value": "1500"}]}
    speaker.ask("MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": [sampled]})


def test_a_value_that_comes_late_is_found(store, speaker, old_sessions):
    walk(store)
    value_for(speaker, old_sessions[3], START + timedelta(minutes=20))
    assert walk(store) == [old_sessions[3]]


def test_a_value_that_comes_late_while_its_page_is_dealt_with_is_found_by_the_next_walk(store, speaker, old_sessions):
    walk(store)
    number = store.write(lambda unit: charging.session(speaker.station.id, START + timedelta(hours=2)).id)
    for _ in retention_walk.pages(store, BEFORE):
        value_for(speaker, number, START + timedelta(hours=2, minutes=20))
    assert walk(store) == [number]


def test_a_stop_that_comes_late_is_found_when_it_is_old_enough(store, speaker, old_sessions):
    running = store.write(lambda unit: charging.session(1, START, None, connector_id=2))
    store.write(lambda unit: charging.reading(running, START, energy_wh=1000))
    walk(store)
    stop = {"transactionId": running.id, "meterStop": 2000, "timestamp": clock.iso(START + timedelta(minutes=30))}
    speaker.ask("StopTransaction", stop)
    assert walk(store) == []
    (page,) = retention_walk.pages(store, clock.to_ms(NOON + timedelta(days=1)))
    assert page == [running.id]
