"""Samples in words: what is left out has a meaning, and what is odd is shown as it is."""

import json
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask_babel import Babel

from ocpp_server.models import MeterValue
from portal import flags, readings, stop_reasons

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def request_context():
    app = Flask("words")
    Babel(app)
    with app.test_request_context():
        yield


def decode(*samples):
    row = MeterValue(at=NOON, samples=json.dumps(samples))
    return readings.decode([row])[0]


def test_a_bare_value_is_the_energy_register_in_wh():
    (sample,) = decode({"value": "1234"}).samples
    assert (sample.name, sample.value, sample.unit, sample.phase) == ("Energy (meter)", "1234", "Wh", "")


@pytest.mark.parametrize(
    ("sample", "unit"),
    [
        ({"measurand": "SoC"}, "%"),
        ({"measurand": "Frequency"}, "Hz"),
        ({"measurand": "Temperature", "unit": "Celcius"}, "°C"),
        ({"measurand": "Energy.Reactive.Import.Register"}, "varh"),
        ({"measurand": "Voltage"}, ""),
        ({"unit": "kWh"}, "kWh"),
    ],
)
def test_the_unit_is_what_the_station_says_or_what_the_measurand_implies(sample, unit):
    assert decode({"value": "1", **sample}).samples[0].unit == unit


def test_the_occasion_is_told_where_it_is_not_an_interval():
    reading = decode(
        {"value": "1", "context": "Transaction.Begin"},
        {"value": "2", "context": "Sample.Periodic", "location": "EV", "phase": "L1-N"},
    )
    assert reading.context == "session begins"
    assert (reading.samples[1].location, reading.samples[1].phase) == ("EV", "L1-N")


def test_unknown_words_stay_as_they_are():
    (sample,) = decode({"value": "1", "measurand": "Vendor.Thing", "unit": "x", "location": "Outlet"}).samples
    assert (sample.name, sample.unit, sample.location) == ("Vendor.Thing", "x", "")


def test_every_stop_reason_has_a_sentence_and_none_means_local():
    assert stop_reasons.explain(None) == "Not known: the station did not report the end."
    assert stop_reasons.explain("EmergencyStop") == "Someone pressed the emergency stop."
    assert stop_reasons.explain("Vendor") == "Vendor"


def test_every_flag_has_a_sentence_and_an_unknown_one_shows_itself():
    known, unknown = flags.explain("meter_reset something_new")
    assert "counted before and after" in known.meaning
    assert (unknown.name, unknown.meaning) == ("something_new", "")
    assert flags.explain("") == []
