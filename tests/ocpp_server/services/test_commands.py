"""The command queue: what may be asked, who gets it, and how each command ends."""

import json
from datetime import timedelta
from typing import Any

import pytest

from ocpp_server import clock, events, sealing, stations
from ocpp_server.frames import CallError
from ocpp_server.models import ChargePoint, Command
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.ocpp_server.conftest import Clock


@pytest.fixture
def station(store: Store, time: Clock) -> ChargePoint:
    return store.write(lambda unit: charge_points.add(unit, "CP-1"))


def ask(store: Store, station: ChargePoint, action: str = "ClearCache", payload: Any = None, **more: Any) -> int:
    return store.write(lambda unit: commands.request(unit, station.id, action, payload or {}, by="me", **more).id)


def claim(store: Store, station: ChargePoint) -> commands.Claimed | None:
    return store.write(lambda unit: commands.claim(unit, station.id))


def row(store: Store, command_id: int) -> Command:
    with store.reading():
        return Command.get_by_id(command_id)


def test_commands_are_claimed_in_order_and_once(store: Store, station: ChargePoint) -> None:
    other = store.write(lambda unit: charge_points.add(unit, "CP-2"))
    first, _, second = ask(store, station), ask(store, other), ask(store, station, "GetConfiguration")
    assert [claim(store, station).id for _ in range(2)] == [first, second]
    assert claim(store, station) is None
    assert row(store, first).state == "sent"
    assert row(store, first).message_id


def test_an_expired_command_is_never_sent_and_a_wanted_state_waits(
    store: Store, station: ChargePoint, time: Clock
) -> None:
    hurried, patient = ask(store, station, lifetime=60), ask(store, station, lifetime=None)
    time.go_on(seconds=61)
    claimed = claim(store, station)
    assert claimed is not None
    assert claimed.id == patient
    store.write(commands.expire)
    assert row(store, hurried).state == "expired"


@pytest.mark.parametrize(("is_connected", "why"), [(True, "busy"), (False, "offline")])
def test_an_expired_command_says_whether_the_station_was_there(
    store: Store, station: ChargePoint, time: Clock, is_connected: bool, why: str
) -> None:
    stations.of(station).wake = (lambda: None) if is_connected else None
    command_id = ask(store, station)
    time.go_on(seconds=61)
    store.write(commands.expire)
    store.write(commands.expire)
    assert (row(store, command_id).state, row(store, command_id).error_code) == ("expired", why)


@pytest.mark.parametrize(
    ("registration", "action", "is_allowed"),
    [
        ("pending", "RemoteStartTransaction", False),
        ("pending", "RemoteStopTransaction", False),
        ("pending", "ChangeConfiguration", True),
        ("pending", "TriggerMessage", True),
        ("rejected", "GetConfiguration", False),
    ],
)
def test_the_registration_decides_what_may_be_asked(
    store: Store, time: Clock, registration: str, action: str, is_allowed: bool
) -> None:
    station = store.write(lambda unit: charge_points.add(unit, "CP-1", registration=registration))
    payload = {
        "RemoteStartTransaction": {"idTag": "A"},
        "RemoteStopTransaction": {"transactionId": 1},
        "ChangeConfiguration": {"key": "A", "value": "1"},
        "TriggerMessage": {"requestedMessage": "Heartbeat"},
    }.get(action, {})
    if is_allowed:
        assert ask(store, station, action, payload)
        return
    with pytest.raises(Invalid) as caught:
        ask(store, station, action, payload)
    assert caught.value.field == "registration"


@pytest.mark.parametrize("told", ["pending", "rejected"])
def test_a_station_that_does_not_know_yet_that_it_is_accepted_is_neither_started_nor_stopped(
    store: Store, time: Clock, told: str
) -> None:
    station = store.write(lambda unit: charge_points.add(unit, "CP-1", registration=told))
    store.write(lambda unit: unit.execute("UPDATE charge_point SET told_registration = ?", told))
    store.write(lambda unit: charge_points.update(unit, station.id, registration="accepted"))
    with pytest.raises(Invalid, match="does not know yet"):
        ask(store, station, "RemoteStartTransaction", {"idTag": "A"})
    assert ask(store, station, "TriggerMessage", {"requestedMessage": "BootNotification"})


@pytest.mark.parametrize(
    ("action", "payload", "field"),
    [
        ("Nonsense", {}, "action"),
        ("Reset", {}, "payload"),
        ("Reset", {"type": "Warm"}, "type"),
        ("ChangeConfiguration", {"key": "A", "value": 1}, "value"),
        ("RemoteStartTransaction", {"idTag": "A", "chargingProfile": {"stackLevel": "x"}}, "chargingProfile"),
    ],
)
def test_a_payload_against_the_schema_is_refused_by_its_field(
    store: Store, station: ChargePoint, action: str, payload: dict, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        ask(store, station, action, payload)
    assert caught.value.field.partition(".")[0] == field


def test_a_secret_is_sealed_until_it_is_sent_and_then_forgotten(store: Store, station: ChargePoint) -> None:
    payload = {"key": "AuthorizationKey", "value": "5ec2e7"}
    command_id = ask(store, station, "ChangeConfiguration", payload)
    kept = row(store, command_id)
    assert "5ec2e7" not in kept.payload + kept.sealed
    claimed = claim(store, station)
    assert claimed is not None
    assert claimed.payload == payload
    store.write(lambda unit: commands.answered(unit, claimed, {"status": "Accepted"}))
    assert row(store, command_id).sealed is None


def test_a_secret_sealed_with_another_key_is_given_up(store: Store, station: ChargePoint) -> None:
    command_id = ask(store, station, "ChangeConfiguration", {"key": "AuthorizationKey", "value": "5ec2e7"})
    sealing.use_key(b"another key")
    assert claim(store, station) is None
    assert row(store, command_id).state == "error"


def test_each_end_is_told_apart_and_the_first_one_counts(store: Store, station: ChargePoint) -> None:
    error = CallError("1", "NotSupported", "not here", {"a": 1}, "")
    ends = {
        "answered": lambda unit, claimed: commands.answered(unit, claimed, {"status": "Rejected"}),
        "error": lambda unit, claimed: commands.refused(unit, claimed, error),
        "timeout": commands.timed_out,
        "lost": commands.lost,
    }
    for state, end in ends.items():
        command_id = ask(store, station)
        claimed = claim(store, station)
        store.write(lambda unit, end=end, claimed=claimed: end(unit, claimed))
        store.write(lambda unit, claimed=claimed: commands.lost(unit, claimed))
        assert row(store, command_id).state == state
        assert commands.is_finished(row(store, command_id))
    with store.reading():
        found = {command.state: command for command in Command.select()}
    assert found["answered"].status == "Rejected"
    assert found["error"].error_code == "NotSupported"
    assert json.loads(found["error"].result) == {"a": 1}


def test_a_late_answer_is_kept_beside_the_time_out(store: Store, station: ChargePoint) -> None:
    command_id = ask(store, station)
    claimed = claim(store, station)
    assert claimed is not None
    store.write(lambda unit: commands.timed_out(unit, claimed))
    for text in ("first", "second"):
        store.write(lambda unit, text=text: commands.answered_late(unit, command_id, station.id, text))
    kept = row(store, command_id)
    assert (kept.state, kept.late_result) == ("timeout", "first")


def test_only_what_is_not_sent_can_be_taken_back(store: Store, station: ChargePoint) -> None:
    first, second = ask(store, station), ask(store, station)
    claim(store, station)
    assert store.write(lambda unit: commands.cancel(unit, first)) is False
    assert store.write(lambda unit: commands.cancel(unit, second)) is True
    assert claim(store, station) is None


def test_a_start_ends_what_the_process_left_on_the_wire(store: Store, station: ChargePoint) -> None:
    sent, waiting = ask(store, station), ask(store, station)
    claim(store, station)
    store.write(commands.abandon)
    assert row(store, sent).state == "lost"
    assert row(store, waiting).state == "queued"


def test_every_step_is_published_and_wakes_the_station(store: Store, station: ChargePoint) -> None:
    woken: list[int] = []
    stations.of(station).wake = lambda: woken.append(station.id)
    subscription = events.subscribe(["commands", "command-1", f"commands-{station.id}"])
    ask(store, station)
    assert subscription.wait(1) == {"commands", "command-1", f"commands-{station.id}"}
    assert woken == [station.id]
    claim(store, station)
    assert "command-1" in subscription.wait(1)
    events.unsubscribe(subscription)


def test_the_lifetime_is_counted_from_the_request(store: Store, station: ChargePoint, time: Clock) -> None:
    kept = row(store, ask(store, station, lifetime=90))
    assert kept.expires_at == clock.from_ms(clock.to_ms(time.now + timedelta(seconds=90)))
