"""What comes after a TriggerMessage is kept with it."""

from collections.abc import Callable
from typing import Any

import pytest

from ocpp_server import clock, frames, outgoing, triggers
from ocpp_server.jobs.pruning import prune_frames
from ocpp_server.models import Command
from ocpp_server.services import commands
from ocpp_server.settings import Settings
from tests.ocpp_server.conftest import NOON, Clock, Speaker

STATUS = {"status": "Available", "errorCode": "NoError"}
METER = {"meterValue": [{"timestamp": "2026-11-22T12:00:00Z", "sampledValue": [{"value": "1"}]}]}


@pytest.fixture
def ask(speaker: Speaker) -> Callable[..., int]:
    """The station accepts a TriggerMessage; the command's id."""

    def trigger(requested: str, connector_id: int | None = None) -> int:
        payload: dict[str, Any] = {"requestedMessage": requested}
        if connector_id is not None:
            payload["connectorId"] = connector_id
        command = speaker.store.write(
            lambda unit: Command.create(
                charge_point=speaker.station.id, action="TriggerMessage", payload="{}", requested_at=NOON
            )
        )
        triggers.expect(speaker.station, command.id, payload, clock.to_ms(clock.now()))
        return command.id

    return trigger


def came(speaker: Speaker) -> list[tuple]:
    return speaker.rows("SELECT command_id, text FROM triggered_message ORDER BY id")


def count(speaker: Speaker, command_id: int) -> int:
    return sum(row[0] == command_id for row in came(speaker))


def test_the_next_message_of_its_action_counts_and_no_other(speaker: Speaker, ask: Callable[..., int]) -> None:
    number = ask("Heartbeat")
    speaker.ask("StatusNotification", {"connectorId": 1, **STATUS})
    assert came(speaker) == []
    speaker.ask("Heartbeat")
    speaker.ask("Heartbeat")
    ((command_id, text),) = came(speaker)
    assert (command_id, '"Heartbeat"' in text) == (number, True)
    assert speaker.station.triggered == []


def test_without_a_connector_one_of_each_counts(speaker: Speaker, ask: Callable[..., int]) -> None:
    number = ask("StatusNotification")
    for connector_id in (0, 1, 2, 1):
        speaker.ask("StatusNotification", {"connectorId": connector_id, **STATUS})
    assert count(speaker, number) == 3


@pytest.mark.parametrize(("action", "payload"), [("StatusNotification", STATUS), ("MeterValues", METER)])
def test_with_a_connector_only_that_one_counts(
    speaker: Speaker, ask: Callable[..., int], action: str, payload: dict
) -> None:
    number = ask(action, 2)
    for connector_id in (1, 2, 2):
        speaker.ask(action, {"connectorId": connector_id, **payload})
    assert count(speaker, number) == 1


def test_a_connector_means_nothing_to_other_messages(speaker: Speaker, ask: Callable[..., int]) -> None:
    number = ask("FirmwareStatusNotification", 2)
    speaker.ask("FirmwareStatusNotification", {"status": "Idle"})
    assert count(speaker, number) == 1


def test_after_a_minute_it_is_another_message(speaker: Speaker, ask: Callable[..., int], time: Clock) -> None:
    first = ask("Heartbeat")
    time.go_on(seconds=60.1)
    speaker.ask("Heartbeat")
    assert count(speaker, first) == 0
    assert speaker.station.triggered == []
    second = ask("Heartbeat")
    speaker.ask("Heartbeat")
    assert count(speaker, second) == 1


def test_who_asks_twice_gets_two(speaker: Speaker, ask: Callable[..., int]) -> None:
    first, second = ask("StatusNotification", 1), ask("StatusNotification", 2)
    speaker.ask("StatusNotification", {"connectorId": 2, **STATUS})
    speaker.ask("StatusNotification", {"connectorId": 1, **STATUS})
    assert (count(speaker, first), count(speaker, second)) == (1, 1)


def test_what_is_refused_does_not_count(speaker: Speaker, ask: Callable[..., int]) -> None:
    ask("StatusNotification")
    speaker.refused("StatusNotification", {"connectorId": -1, **STATUS})
    speaker.call("StatusNotification", [])
    assert came(speaker) == []


def test_many_triggers_do_not_fill_the_memory(speaker: Speaker, ask: Callable[..., int]) -> None:
    for _ in range(30):
        ask("DiagnosticsStatusNotification")
    assert len(speaker.station.triggered) == 20


def test_they_are_kept_as_long_as_the_message_log(
    speaker: Speaker, ask: Callable[..., int], time: Clock, settings: Settings
) -> None:
    ask("Heartbeat")
    speaker.ask("Heartbeat")
    time.go_on(days=29)
    prune_frames(speaker.store, settings)
    assert len(came(speaker)) == 1
    time.go_on(days=2)
    prune_frames(speaker.store, settings)
    assert came(speaker) == []


def test_a_pending_station_may_send_all_it_was_asked_for(
    another: Callable[..., Speaker], speaker: Speaker, ask: Callable[..., int]
) -> None:
    pending = another("CP-2", registration="pending")
    ask("StatusNotification")
    pending.station.triggered = speaker.station.triggered
    for connector_id in (0, 1):
        assert pending.ask("StatusNotification", {"connectorId": connector_id, **STATUS}) == {}
    assert pending.refused("StatusNotification", {"connectorId": 1, **STATUS}) == "SecurityError"


@pytest.mark.parametrize(
    ("action", "requested", "comes"),
    [
        ("TriggerMessage", "Heartbeat", "Heartbeat"),
        ("ExtendedTriggerMessage", "Heartbeat", "Heartbeat"),
        ("ExtendedTriggerMessage", "SignChargePointCertificate", "SignCertificate"),
    ],
)
def test_both_ways_to_ask_are_followed(speaker: Speaker, action: str, requested: str, comes: str) -> None:
    asked = commands.Claimed(1, speaker.station.id, action, {"requestedMessage": requested}, 30.0, "m", "")
    answer = frames.CallResult("m", {"status": "Accepted"})
    speaker.store.write(lambda unit: outgoing.conclude(unit, speaker.station, asked, answer))
    assert [trigger.action for trigger in speaker.station.triggered] == [comes]
