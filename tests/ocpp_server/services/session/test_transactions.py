"""Sessions as stations tell them: in order, out of order, twice, late, and with odd values."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from ocpp_server import clock, events
from ocpp_server.models import IdTag
from ocpp_server.services.card import id_tags
from ocpp_server.services.session import transactions
from tests.ocpp_server.conftest import NOON

NOON_MS = clock.to_ms(NOON)
MINUTE = 60_000
HOUR = 60 * MINUTE
REASONS = [
    "DeAuthorized",
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "Local",
    "Other",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
]


def at(**offset):
    return clock.iso(NOON + timedelta(**offset))


def start(speaker, connector_id=1, id_tag="GOOD", meter_start=1000, timestamp=None, **more):
    payload = {"connectorId": connector_id, "idTag": id_tag, "meterStart": meter_start}
    return speaker.ask("StartTransaction", {**payload, "timestamp": timestamp or clock.iso(clock.now()), **more})


def start_id(speaker, *arguments, **fields):
    return start(speaker, *arguments, **fields)["transactionId"]


def stop(speaker, transaction_id, meter_stop=2000, timestamp=None, **more):
    payload = {"transactionId": transaction_id, "meterStop": meter_stop}
    return speaker.ask("StopTransaction", {**payload, "timestamp": timestamp or clock.iso(clock.now()), **more})


def value(timestamp, *samples, **fields):
    return {"timestamp": timestamp, "sampledValue": [*samples, fields] if fields else list(samples)}


def meter(speaker, *values, connector_id=1, transaction_id=None):
    payload = {"connectorId": connector_id, "meterValue": list(values)}
    if transaction_id is not None:
        payload["transactionId"] = transaction_id
    return speaker.ask("MeterValues", payload)


def meter_values(speaker):
    return [tuple(row) for row in speaker.rows("SELECT transaction_id, connector_id, at FROM meter_value ORDER BY id")]


def orphans(speaker):
    return [json.loads(row[0]) for row in speaker.rows("SELECT payload FROM orphan_message ORDER BY id")]


def count(speaker):
    return speaker.row("SELECT count(*) FROM charging_transaction")[0]


# -- a session as it should be ---------------------------------------------------------------------------------


def test_a_session_from_start_to_stop(speaker, time):
    answer = start(speaker)
    assert answer["idTagInfo"]["status"] == "Accepted"
    transaction_id = answer["transactionId"]
    assert 0 < transaction_id < 2**31
    time.go_on(minutes=30)
    samples = [{"value": "1500"}, {"value": "7", "measurand": "Power.Active.Import", "unit": "kW"}]
    meter(speaker, value(time.iso(), *samples, {"value": "40", "measurand": "SoC"}), transaction_id=transaction_id)
    running = speaker.session(transaction_id)
    assert (running["energy_wh"], running["power_w"], running["soc_percent"]) == (500, 7000, 40)
    time.go_on(minutes=30)
    assert stop(speaker, transaction_id, 2000, idTag="good", reason="Remote")["idTagInfo"]["status"] == "Accepted"
    session = speaker.session(transaction_id)
    assert (session["started_at"], session["stopped_at"]) == (NOON_MS, NOON_MS + HOUR)
    assert (session["energy_wh"], session["power_w"], session["flags"]) == (1000, None, set())
    assert (session["id_tag"], session["stop_id_tag"], session["stop_reason"]) == ("GOOD", "good", "Remote")


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_stored(speaker, reason):
    transaction_id = start_id(speaker)
    stop(speaker, transaction_id, reason=reason)
    assert speaker.session(transaction_id)["stop_reason"] == reason


def test_without_card_and_reason_the_stop_is_local_and_answered_without_a_judgement(speaker):
    transaction_id = start_id(speaker)
    assert stop(speaker, transaction_id) == {}
    session = speaker.session(transaction_id)
    assert (session["stop_reason"], session["stop_id_tag"]) == ("Local", None)


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_card_is_no_card(speaker, empty):
    transaction_id = start_id(speaker)
    assert stop(speaker, transaction_id, idTag=empty) == {}
    assert speaker.session(transaction_id)["stop_id_tag"] is None


def test_a_member_of_the_group_may_stop(speaker):
    transaction_id = start_id(speaker)
    assert stop(speaker, transaction_id, idTag="MATE")["idTagInfo"] == {"status": "Accepted", "parentIdTag": "Fleet"}
    session = speaker.session(transaction_id)
    assert (session["id_tag"], session["stop_id_tag"]) == ("GOOD", "MATE")


def test_a_stop_cannot_be_prevented(speaker):
    transaction_id = start_id(speaker)
    assert stop(speaker, transaction_id, idTag="BLOCKED")["idTagInfo"]["status"] == "Blocked"
    assert speaker.session(transaction_id)["stopped_at"] == NOON_MS


@pytest.mark.parametrize(
    ("id_tag", "status"), [("nobody", "Invalid"), ("EXPIRED", "Expired"), ("BLOCKED", "Blocked"), ("", "Invalid")]
)
def test_a_start_is_judged_and_answered_with_an_id_whatever_the_status(speaker, id_tag, status):
    answer = start(speaker, id_tag=id_tag)
    assert answer["idTagInfo"]["status"] == status
    session = speaker.session(answer["transactionId"])
    assert (session["id_tag"], session["id_tag_status"]) == (id_tag, status)


def test_ids_are_unique_over_all_stations(speaker, another):
    other = another("CP-2")
    ids = [start_id(station, connector) for connector in (1, 2, 3) for station in (speaker, other)]
    assert len(set(ids)) == 6


def test_a_start_uses_its_reservation_and_its_card(speaker, store, time):
    transaction_id = start_id(speaker, reservationId=17)
    assert speaker.session(transaction_id)["reservation_id"] == 17
    with store.reading():
        assert id_tags.find("good").last_used_at == NOON
    start_id(speaker, 2, timestamp=at(hours=-5))
    with store.reading():
        assert id_tags.find("good").last_used_at == NOON
        assert IdTag.select().where(IdTag.last_used_at.is_null(False)).count() == 1


def test_the_pages_are_told(speaker):
    subscription = events.subscribe(["transactions", "charge-points", f"charge-point-{speaker.station.id}"])
    transaction_id = start_id(speaker)
    assert subscription.wait(1) == subscription.topics
    mine = events.subscribe(["transactions", f"transaction-{transaction_id}"])
    meter(speaker, value(at(), value="1100"), transaction_id=transaction_id)
    assert mine.wait(1) == {f"transaction-{transaction_id}"}
    stop(speaker, transaction_id)
    assert mine.wait(1) == mine.topics
    events.unsubscribe(subscription)
    events.unsubscribe(mine)


# -- twice -----------------------------------------------------------------------------------------------------


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


# -- unknown ids -----------------------------------------------------------------------------------------------


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


# -- forgotten and late ----------------------------------------------------------------------------------------


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


# -- meter values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connector_id", "transaction_id"), [(0, None), (1, None), (1, 4711), (1, -1), (7, 10**30), (-1, 0)]
)
def test_values_without_a_session_are_answered_and_stored(speaker, connector_id, transaction_id):
    assert meter(speaker, value(at(), value="1"), connector_id=connector_id, transaction_id=transaction_id) == {}
    assert meter_values(speaker) == [(None, connector_id, NOON_MS)]


@pytest.mark.parametrize("transaction_id", [None, -1, 0, 4711])
def test_values_without_a_known_id_belong_to_the_session_of_their_connector(speaker, time, transaction_id):
    mine, other = start_id(speaker, 1), start_id(speaker, 2)
    time.go_on(minutes=5)
    meter(speaker, value(time.iso(), value="1500"), transaction_id=transaction_id)
    assert [row[0] for row in meter_values(speaker)] == [mine]
    assert [speaker.session(id_)["energy_wh"] for id_ in (mine, other)] == [500, 0]


def test_values_from_before_the_session_are_not_the_sessions(speaker, time):
    """A station that was offline sends its clock-aligned values late; the register was lower then."""
    transaction_id = start_id(speaker)
    meter(speaker, value(at(minutes=-15), value="400"), value(at(minutes=-1), value="999"))
    time.go_on(minutes=5)
    meter(speaker, value(time.iso(), value="1100"))
    assert [row[0] for row in meter_values(speaker)] == [None, None, transaction_id]
    session = speaker.session(transaction_id)
    assert (session["energy_wh"], session["flags"]) == (100, set())


def test_the_main_meter_belongs_to_no_session(speaker):
    start_id(speaker)
    meter(speaker, value(at(), value="99999"), connector_id=0)
    assert [row[0] for row in meter_values(speaker)] == [None]


def test_values_after_the_stop_are_kept_and_change_nothing(speaker, time):
    transaction_id = start_id(speaker)
    time.go_on(hours=1)
    stop(speaker, transaction_id)
    before = speaker.session(transaction_id)
    meter(speaker, value(time.iso(seconds=5), value="5000"), transaction_id=transaction_id)
    assert speaker.session(transaction_id) == before
    assert [row[0] for row in meter_values(speaker)] == [transaction_id]


def test_power_is_derived_where_only_energy_is_told(speaker, time):
    transaction_id = start_id(speaker)
    time.go_on(minutes=6)
    meter(speaker, value(time.iso(), value="1700"), transaction_id=transaction_id)
    assert speaker.session(transaction_id)["power_w"] == 7000


def test_a_value_of_an_unset_clock_has_the_time_of_its_arrival(speaker):
    meter(speaker, value("1970-01-01T00:00:00Z", value="1"), value(None, value="2"), {"sampledValue": [{"value": "3"}]})
    assert [row[2] for row in meter_values(speaker)] == [NOON_MS] * 3


def test_samples_are_kept_untouched(speaker):
    samples = [{"value": "0AFF", "format": "SignedData"}, {"value": "31.0", "unit": "Celcius"}, {"value": "x", "y": []}]
    meter(speaker, value(at(), *samples))
    assert json.loads(speaker.row("SELECT samples FROM meter_value")[0]) == samples


@pytest.mark.parametrize(
    "odd",
    [
        [],
        [None],
        ["x"],
        [[]],
        [{}],
        [{"sampledValue": None}],
        [{"sampledValue": "x"}],
        [{"sampledValue": [None, 5, "x", [], {"value": {}}]}],
        [{"sampledValue": [{"value": "1", "phase": ["L1"], "measurand": {}, "unit": 5}]}],
        [{"sampledValue": [{"value": 10**400}]}],
        [{"timestamp": 5, "sampledValue": [{"value": 1e300}]}],
    ],
)
def test_odd_values_are_answered_in_meter_values_and_in_stop(speaker, odd):
    transaction_id = start_id(speaker)
    assert speaker.ask("MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": odd}) == {}
    assert stop(speaker, transaction_id, transactionData=odd) == {}
    assert speaker.session(transaction_id)["stopped_at"] == NOON_MS


def test_hundreds_of_values_at_the_stop_are_stored(speaker, time):
    transaction_id = start_id(speaker)
    time.go_on(hours=10)
    values = [value(at(minutes=minute), value=str(1000 + minute)) for minute in range(600)]
    stop(speaker, transaction_id, 1600, transactionData=values)
    assert len(meter_values(speaker)) == 600
    assert speaker.session(transaction_id)["energy_wh"] == 600


def test_more_values_than_a_session_can_have_are_not_stored_and_noted(speaker, monkeypatch):
    monkeypatch.setattr(transactions, "MAX_VALUES", 3)
    transaction_id = start_id(speaker)
    values = [value(at(seconds=second), value=str(1000 + second)) for second in range(5)]
    stop(speaker, transaction_id, 1004, transactionData=values)
    assert len(meter_values(speaker)) == 3
    note = speaker.row("SELECT note FROM frame WHERE action = 'StopTransaction' AND NOT outgoing")[0]
    assert note == "transactionData: the last 2 values were not stored."


def test_values_without_samples_are_not_stored(speaker):
    meter(speaker, value(at()), {"timestamp": at()}, {}, {"sampledValue": ""})
    assert meter_values(speaker) == []


# -- one card, one session -------------------------------------------------------------------------------------


@pytest.fixture
def strict(speaker, settings):
    speaker.settings = replace(settings, concurrent_tx=True)
    return speaker


def test_a_card_may_charge_twice_unless_told_otherwise(speaker):
    assert [start(speaker, connector)["idTagInfo"]["status"] for connector in (1, 2)] == ["Accepted"] * 2


def test_a_card_that_charges_elsewhere_is_concurrent_and_has_an_id_all_the_same(strict, another):
    other = another("CP-2")
    other.settings = strict.settings
    start(strict, 1, "GOOD")
    for answer in [start(strict, 2, "good"), start(other, 1, "GOOD")]:
        assert answer["idTagInfo"]["status"] == "ConcurrentTx"
        assert strict.session(answer["transactionId"])["id_tag_status"] == "ConcurrentTx"
    assert start(strict, 3, "MATE")["idTagInfo"]["status"] == "Accepted"


def test_the_same_connector_is_not_elsewhere(strict, time):
    start(strict)
    time.go_on(hours=1)
    assert start(strict, meter_start=2000)["idTagInfo"]["status"] == "Accepted"


def test_a_session_that_ended_or_was_not_accepted_is_not_concurrent(strict):
    stop(strict, start_id(strict, 1))
    assert start(strict, 2)["idTagInfo"]["status"] == "Accepted"
    start(strict, 3, "nobody")
    assert start(strict, 4, "nobody")["idTagInfo"]["status"] == "Invalid"


def test_a_card_beyond_ascii_is_concurrent_too(strict, store):
    store.write(lambda unit: id_tags.add(unit, "Äß-1"))
    start(strict, 1, "Äß-1")
    assert start(strict, 2, "Äß-1")["idTagInfo"]["status"] == "ConcurrentTx"
