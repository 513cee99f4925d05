"""Stops without a session, forgotten sessions, late messages, and clocks that are not set."""

import pytest

from ocpp_server.services.session import transactions
from tests.ocpp_server.services.session.messages import (
    HOUR,
    MINUTE,
    NOON_MS,
    at,
    meter,
    meter_values,
    orphans,
    start,
    start_id,
    stop,
    value,
)


@pytest.mark.parametrize("transaction_id", [999_999, 2**31, 2**63, 0, -1])
def test_a_stop_of_an_unknown_session_is_answered_and_kept(speaker, transaction_id):
    assert stop(speaker, transaction_id, idTag="GOOD")["idTagInfo"]["status"] == "Accepted"
    (orphan,) = orphans(speaker)
    assert orphan["transactionId"] == transaction_id


def test_of_endless_orphans_of_a_station_the_newest_are_kept(speaker, monkeypatch):
    monkeypatch.setattr(transactions, "MAX_ORPHANS", 3)
    for number in range(900, 905):
        stop(speaker, number)
    assert [orphan["transactionId"] for orphan in orphans(speaker)] == [902, 903, 904]


def test_an_orphan_that_is_sent_again_is_kept_once(speaker):
    for _ in range(3):
        stop(speaker, 999_999)
    stop(speaker, 999_999, 2001)
    assert len(orphans(speaker)) == 2


def test_a_session_of_another_station_is_not_ended(speaker, another):
    transaction_id = start_id(another("CP-2"))
    stop(speaker, transaction_id)
    meter(speaker, value(at(), value="1100"), transaction_id=transaction_id)
    assert speaker.session(transaction_id)["stopped_at"] is None
    assert len(orphans(speaker)) == 1
    assert [row[0] for row in meter_values(speaker)] == [None]


def test_a_stop_without_an_id_ends_the_only_session(speaker, time):
    transaction_id = start_id(speaker)
    time.go_on(hours=1)
    stop(speaker, -1, idTag="good")
    assert speaker.session(transaction_id)["energy_wh"] == 1000
    assert orphans(speaker) == []


def test_a_repeated_stop_without_an_id_ends_nothing_more(speaker, time):
    first = start_id(speaker)
    time.go_on(hours=1)
    ended = time.iso()
    stop(speaker, -1, timestamp=ended)
    second = start_id(speaker, meter_start=2000)
    stop(speaker, -1, timestamp=ended)
    assert speaker.session(first)["stopped_at"] is not None
    assert speaker.session(second)["stopped_at"] is None
    assert orphans(speaker) == []


@pytest.mark.parametrize(
    ("meter_stop", "more"), [(999, {}), (2000, {"idTag": "PLAIN"}), (2000, {"timestamp": at(minutes=-1)})]
)
def test_a_stop_without_an_id_that_does_not_fit_is_kept_for_the_operator(speaker, meter_stop, more):
    transaction_id = start_id(speaker)
    stop(speaker, -1, meter_stop, **more)
    assert speaker.session(transaction_id)["stopped_at"] is None
    assert len(orphans(speaker)) == 1


@pytest.mark.parametrize(
    ("meter_stop", "more"), [(2000, {"idTag": "good"}), (4999, {}), (6000, {"timestamp": at(minutes=5)})]
)
def test_a_stop_without_an_id_ends_the_only_session_that_it_fits(speaker, time, meter_stop, more):
    first = start_id(speaker, 1, "GOOD")
    time.go_on(minutes=10)
    second = start_id(speaker, 2, "PLAIN", meter_start=5000)
    stop(speaker, -1, meter_stop, **more)
    assert speaker.session(first)["meter_stop"] == meter_stop
    assert speaker.session(second)["stopped_at"] is None
    assert orphans(speaker) == []


def test_a_stop_without_an_id_chooses_among_no_two_sessions(speaker):
    ids = [start_id(speaker, connector) for connector in (1, 2)]
    stop(speaker, -1)
    assert [speaker.session(id_)["stopped_at"] for id_ in ids] == [None, None]
    assert len(orphans(speaker)) == 1


def test_the_next_start_closes_a_forgotten_session(speaker, time):
    first = start_id(speaker)
    time.go_on(minutes=30)
    meter(speaker, value(time.iso(), value="3000"), transaction_id=first)
    time.go_on(minutes=90)
    second = start(speaker, meter_start=4000)
    assert second["idTagInfo"]["status"] == "Accepted"
    session = speaker.session(first)
    assert (session["stopped_at"], session["energy_wh"]) == (NOON_MS + 30 * MINUTE, 2000)
    assert session["flags"] == {"closed_by_next_start", "estimated"}
    assert speaker.session(second["transactionId"])["stopped_at"] is None


def test_the_real_stop_of_a_session_that_was_closed_counts(speaker, time):
    first = start_id(speaker)
    time.go_on(hours=2)
    start_id(speaker, meter_start=5000)
    stop(speaker, first, 4500, timestamp=at(hours=1), reason="PowerLoss")
    session = speaker.session(first)
    assert (session["stopped_at"], session["energy_wh"], session["stop_reason"]) == (NOON_MS + HOUR, 3500, "PowerLoss")
    assert session["flags"] == set()
    stop(speaker, first, 9999, timestamp=at(hours=1))
    assert speaker.session(first)["energy_wh"] == 3500


def test_a_late_older_start_closes_nothing(speaker):
    newer = start_id(speaker)
    older = start_id(speaker, meter_start=0, timestamp=at(hours=-3))
    assert speaker.session(newer)["stopped_at"] is None
    stop(speaker, older, 900, timestamp=at(hours=-2))
    assert speaker.session(older)["energy_wh"] == 900


def test_local_time_that_says_it_is_utc_means_the_arrival(speaker, time):
    """Quirk 26: the station is two hours ahead until somebody mends its clock."""
    first = start_id(speaker, timestamp=time.iso(hours=2))
    time.go_on(minutes=30)
    meter(speaker, value(time.iso(hours=2), value="1800"), transaction_id=first)
    time.go_on(minutes=30)
    second = start_id(speaker, meter_start=2000, timestamp=time.iso())
    session = speaker.session(first)
    assert (session["started_at"], session["stopped_at"]) == (NOON_MS, NOON_MS + 30 * MINUTE)
    assert (session["energy_wh"], session["flags"]) == (800, {"clock_unset", "closed_by_next_start", "estimated"})
    assert speaker.session(second)["started_at"] == NOON_MS + HOUR


def test_a_start_after_one_of_a_clock_that_was_ahead_closes_it(speaker, time):
    ahead = start_id(speaker, timestamp=time.iso(minutes=4))
    time.go_on(minutes=1)
    start_id(speaker, meter_start=2000, timestamp=time.iso())
    assert speaker.session(ahead)["flags"] == {"closed_by_next_start", "estimated"}


def test_what_comes_without_an_id_belongs_to_a_session_whose_start_was_ahead_of_time(speaker, time):
    ahead = start_id(speaker, timestamp=time.iso(minutes=4))
    time.go_on(minutes=1)
    meter(speaker, value(time.iso(), value="1300"))
    assert speaker.session(ahead)["energy_wh"] == 300
    time.go_on(minutes=1)
    stop(speaker, -1, 1500, timestamp=time.iso())
    session = speaker.session(ahead)
    assert (session["meter_stop"], session["energy_wh"]) == (1500, 500)
    assert session["flags"] == {"stopped_before_start"}


def test_other_connectors_and_stations_are_left_alone(speaker, another):
    ids = [start_id(speaker, 1), start_id(speaker, 2), start_id(another("CP-2"), 1)]
    assert [speaker.session(id_)["stopped_at"] for id_ in ids] == [None] * 3


def test_a_session_that_was_queued_keeps_its_own_times(speaker):
    transaction_id = start_id(speaker, timestamp=at(days=-3))
    stop(speaker, transaction_id, 9000, timestamp=at(days=-3, hours=2))
    session = speaker.session(transaction_id)
    assert (session["started_at"], session["stopped_at"]) == (NOON_MS - 72 * HOUR, NOON_MS - 70 * HOUR)
    assert (session["energy_wh"], session["flags"]) == (8000, set())


@pytest.mark.parametrize("timestamp", ["1970-01-01T00:00:05Z", "0001-01-01T00:00:00Z", "2090-01-01T00:00:00Z", "?"])
def test_a_clock_that_is_not_set_means_the_arrival(speaker, time, timestamp):
    transaction_id = start_id(speaker, timestamp=timestamp)
    time.go_on(hours=1)
    stop(speaker, transaction_id, 2000, timestamp=timestamp)
    session = speaker.session(transaction_id)
    assert (session["started_at"], session["stopped_at"]) == (NOON_MS, NOON_MS + HOUR)
    assert (session["energy_wh"], session["flags"]) == (1000, {"clock_unset"})


def test_a_queued_session_of_a_station_whose_clock_was_not_set_keeps_its_energy(speaker):
    transaction_id = start_id(speaker, timestamp="1970-01-01T00:00:05Z")
    stop(speaker, transaction_id, 41_000, timestamp="1970-01-01T08:00:05Z")
    session = speaker.session(transaction_id)
    assert (session["energy_wh"], session["flags"]) == (40_000, {"clock_unset"})


def test_a_stop_before_the_start_ends_the_session_at_its_start_and_keeps_the_energy(speaker):
    transaction_id = start_id(speaker)
    stop(speaker, transaction_id, 21_000, timestamp=at(hours=-1))
    session = speaker.session(transaction_id)
    assert (session["stopped_at"], session["stop_reported_at"]) == (NOON_MS, NOON_MS - HOUR)
    assert (session["energy_wh"], session["flags"]) == (20_000, {"stopped_before_start"})


@pytest.mark.parametrize("connector_id", [0, -1])
def test_an_odd_connector_is_stored_and_flagged(speaker, connector_id):
    session = speaker.session(start_id(speaker, connector_id))
    assert (session["connector_id"], session["flags"]) == (connector_id, {"unknown_connector"})


def test_a_meter_that_went_down_is_stored_and_flagged(speaker, time):
    transaction_id = start_id(speaker, meter_start=5_000_000)
    time.go_on(hours=1)
    stop(speaker, transaction_id, 4000)
    session = speaker.session(transaction_id)
    assert (session["meter_start"], session["meter_stop"], session["energy_wh"]) == (5_000_000, 4000, 4000)
    assert session["flags"] == {"estimated", "meter_decreased"}
