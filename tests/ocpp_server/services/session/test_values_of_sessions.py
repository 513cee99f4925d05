"""To which session meter values belong, and what is kept of them."""

import json

import pytest

from ocpp_server.services.session import transactions
from tests.ocpp_server.services.session.messages import NOON_MS, at, meter, meter_values, start_id, stop, value


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
