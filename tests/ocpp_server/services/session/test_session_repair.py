"""Sessions whose end was never reported are told, ended by hand, and reopened."""

from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Connector, Transaction
from ocpp_server.services.errors import Invalid
from ocpp_server.services.session import session_repair
from ocpp_server.services.session.session_repair import Sign
from tests.ocpp_server.conftest import NOON, Clock, Speaker


@pytest.fixture
def running(speaker: Speaker, time: Clock) -> int:
    """A session that has charged 7 kWh in its first hour, and of which nothing was heard for another."""
    start = {"connectorId": 1, "idTag": "GOOD", "meterStart": 1000, "timestamp": time.iso()}
    transaction_id = speaker.ask("StartTransaction", start)["transactionId"]
    time.go_on(hours=1)
    values = [{"timestamp": time.iso(), "sampledValue": [{"value": "8000"}]}]
    speaker.ask("MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": values})
    time.go_on(hours=1)
    return transaction_id


def end(speaker: Speaker, transaction_id: int, **fields) -> None:
    fields.setdefault("ended_at", NOON + timedelta(hours=1))
    speaker.store.write(lambda unit: session_repair.end(unit, transaction_id, **fields))


def reopen(speaker: Speaker, transaction_id: int) -> None:
    speaker.store.write(lambda unit: session_repair.reopen(unit, transaction_id))


def signs(*, values_until=None, status="", status_at=NOON, booted_at=None, seen_at=NOON, online=True, stopped_at=None):
    session = Transaction(started_at=NOON - timedelta(hours=1), values_until=values_until, stopped_at=stopped_at)
    point = ChargePoint(last_boot_at=booted_at, last_seen_at=seen_at)
    connector = Connector(status=status, status_at=status_at) if status else None
    return session_repair.signs(session, point, connector, online=online, now=NOON + timedelta(hours=2))


def test_a_session_that_charges_shows_no_sign():
    assert signs(status="Charging") == signs() == []
    assert signs(status="SuspendedEV", booted_at=NOON - timedelta(hours=2)) == []


def test_a_connector_that_is_free_a_boot_and_a_long_absence_are_signs():
    assert signs(status="Available") == [Sign.CONNECTOR_FREE]
    assert signs(booted_at=NOON) == [Sign.BOOTED_SINCE]
    assert signs(seen_at=NOON - timedelta(hours=22), online=False) == [Sign.STATION_AWAY]


def test_values_that_came_since_speak_against_it():
    later = NOON + timedelta(minutes=30)
    assert signs(status="Available", values_until=later) == signs(booted_at=NOON, values_until=later) == []


def test_what_was_reported_a_moment_ago_is_no_sign_yet():
    just_now = NOON + timedelta(hours=1, minutes=58)
    assert signs(status="Available", status_at=just_now) == signs(booted_at=just_now) == []
    assert signs(seen_at=NOON - timedelta(hours=20), online=False) == []


def test_an_ended_session_shows_no_sign():
    assert signs(status="Available", stopped_at=NOON) == []


def test_ended_by_hand_it_counts_what_was_measured(speaker: Speaker, running: int) -> None:
    end(speaker, running)
    session = speaker.session(running)
    assert session["stopped_at"] == clock.to_ms(NOON + timedelta(hours=1))
    assert (session["energy_wh"], session["meter_stop"], session["power_w"]) == (7000, None, None)
    assert session["flags"] == {"closed_by_operator", "estimated"}


def test_a_reading_of_the_meter_counts_where_somebody_took_one(speaker: Speaker, running: int) -> None:
    end(speaker, running, ended_at=NOON + timedelta(hours=2), meter_stop=9000)
    session = speaker.session(running)
    assert (session["energy_wh"], session["meter_stop"]) == (8000, 9000)
    assert session["flags"] == {"closed_by_operator"}


def test_the_stations_own_stop_counts_when_it_comes_after_all(speaker: Speaker, running: int, time: Clock) -> None:
    end(speaker, running)
    stop = {"transactionId": running, "meterStop": 9500, "timestamp": time.iso(), "reason": "PowerLoss"}
    speaker.ask("StopTransaction", stop)
    session = speaker.session(running)
    assert (session["energy_wh"], session["stop_reason"], session["flags"]) == (8500, "PowerLoss", set())
    with pytest.raises(Invalid):
        reopen(speaker, running)


def test_taken_back_it_runs_with_the_figures_it_had(speaker: Speaker, running: int, time: Clock) -> None:
    before = speaker.session(running)
    end(speaker, running, ended_at=NOON + timedelta(hours=2), meter_stop=9000)
    reopen(speaker, running)
    assert speaker.session(running) == {**before, "power_w": None}
    values = [{"timestamp": time.iso(), "sampledValue": [{"value": "8800"}]}]
    speaker.ask("MeterValues", {"connectorId": 1, "transactionId": running, "meterValue": values})
    assert speaker.session(running)["energy_wh"] == 7800


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("ended_at", {"ended_at": NOON - timedelta(seconds=1)}),
        ("ended_at", {"ended_at": NOON + timedelta(hours=3)}),
        ("meter_stop", {"meter_stop": 999}),
    ],
)
def test_what_cannot_be_is_refused(speaker: Speaker, running: int, field: str, fields: dict) -> None:
    with pytest.raises(Invalid) as refused:
        end(speaker, running, **fields)
    assert refused.value.field == field
    assert speaker.session(running)["stopped_at"] is None


def test_only_a_running_session_is_ended_and_only_one_ended_by_hand_reopened(speaker: Speaker, running: int) -> None:
    with pytest.raises(Invalid):
        reopen(speaker, running)
    end(speaker, running)
    for transaction_id in (running, 4711):
        with pytest.raises(Invalid):
            end(speaker, transaction_id)
    with pytest.raises(Invalid):
        reopen(speaker, 4711)
