"""Messages of sessions that come twice."""

from dataclasses import replace

import pytest

from tests.ocpp_server.services.session.messages import (
    at,
    count,
    meter,
    meter_values,
    orphans,
    start,
    start_id,
    stop,
    value,
)


def test_a_repeated_start_is_the_same_session(speaker):
    first = start(speaker)
    assert start(speaker) == first
    assert count(speaker) == 1


def test_a_start_is_recognised_also_after_its_session_has_ended(speaker, time):
    transaction_id = start_id(speaker)
    stop(speaker, transaction_id)
    time.go_on(minutes=5)
    assert start_id(speaker, timestamp=at()) == transaction_id
    assert count(speaker) == 1


@pytest.mark.parametrize("timestamp", [None, "", "soon"])
def test_a_repeated_start_without_a_time_is_the_session_that_still_runs(speaker, time, timestamp):
    facts = {"connectorId": 1, "idTag": "GOOD", "meterStart": 1000, "timestamp": timestamp}
    first = speaker.ask("StartTransaction", facts)
    time.go_on(minutes=1)
    assert speaker.ask("StartTransaction", facts) == first
    others = [{**facts, "meterStart": 1001}, {**facts, "idTag": "PLAIN"}, {**facts, "connectorId": 2}]
    assert all(speaker.ask("StartTransaction", other)["transactionId"] != first["transactionId"] for other in others)
    assert count(speaker) == 4


def test_a_start_without_a_time_after_the_end_is_another_session(speaker):
    facts = {"connectorId": 1, "idTag": "GOOD", "meterStart": 0}
    first = speaker.ask("StartTransaction", facts)["transactionId"]
    stop(speaker, first)
    assert speaker.ask("StartTransaction", facts)["transactionId"] != first


@pytest.mark.parametrize(
    "other", [{"connector_id": 2}, {"id_tag": "PLAIN"}, {"meter_start": 1001}, {"timestamp": at(seconds=-1)}]
)
def test_what_differs_is_another_session(speaker, other):
    assert start_id(speaker) != start_id(speaker, **other)


def test_another_station_has_sessions_of_its_own(speaker, another):
    assert start_id(speaker) != start_id(another("CP-2"))


def test_a_repeated_start_is_not_concurrent_with_itself(speaker, settings):
    speaker.settings = replace(settings, concurrent_tx=True)
    first = start(speaker)
    assert start(speaker) == first
    assert first["idTagInfo"]["status"] == "Accepted"


def test_a_clock_that_begins_anew_does_not_make_two_sessions_one(speaker, time):
    """Quirk 27: after every power cut the station starts at the same time of 1970, with a meter at 0."""
    facts = {"meter_start": 0, "timestamp": "1970-01-01T00:00:05Z"}
    first = start_id(speaker, **facts)
    assert start_id(speaker, **facts) == first
    stop(speaker, first, 900, "1970-01-01T00:10:00Z")
    time.go_on(hours=1)
    second = start_id(speaker, **facts)
    assert second != first
    stop(speaker, second, 700, "1970-01-01T00:10:00Z")
    assert [speaker.session(id_)["energy_wh"] for id_ in (first, second)] == [900, 700]


def test_the_first_stop_counts(speaker, time):
    transaction_id = start_id(speaker)
    time.go_on(hours=1)
    assert stop(speaker, transaction_id, 2000, reason="Remote", idTag="MATE")
    before = speaker.session(transaction_id)
    time.go_on(hours=1)
    assert stop(speaker, transaction_id, 9000, reason="Local", idTag="GOOD")["idTagInfo"]["status"] == "Accepted"
    assert speaker.session(transaction_id) == before
    assert orphans(speaker) == []


def test_repeated_meter_values_are_stored_once(speaker, time):
    transaction_id = start_id(speaker)
    time.go_on(minutes=1)
    for _ in range(2):
        meter(speaker, value(time.iso(), value="1100"), transaction_id=transaction_id)
    meter(speaker, value(time.iso(), value="1101"), transaction_id=transaction_id)
    assert len(meter_values(speaker)) == 2
    assert speaker.session(transaction_id)["energy_wh"] == 101


def test_values_that_the_stop_repeats_are_stored_and_counted_once(speaker, time):
    transaction_id = start_id(speaker)
    values = [value(at(minutes=minute), value=str(1000 + 100 * minute)) for minute in range(5)]
    time.go_on(minutes=10)
    for each in values:
        meter(speaker, each, transaction_id=transaction_id)
    stop(speaker, transaction_id, -1, transactionData=[*values, value(at(minutes=6), value="1600")])
    assert len(meter_values(speaker)) == 6
    session = speaker.session(transaction_id)
    assert (session["energy_wh"], session["flags"]) == (600, {"estimated"})
