"""Messages that stations promised to send when they were asked to (section 5.17), and those that then came.

The answer comes before the message, and a message that was due anyway may comply with the request (rule 123): what
counts is the next one of its action. Stations that were asked for nothing cost one look at an empty list.
"""

from typing import Any

from ocpp_server import frame_log
from ocpp_server.frames import Call
from ocpp_server.stations import Station, Trigger
from ocpp_server.store import Unit

#: So long after the answer a message counts as the one that was asked for; in ms.
WINDOW = 60_000
#: More than these are not waited for at a time.
_MOST = 20
#: Those that come for each connector, where none was named.
_PER_CONNECTOR = {"MeterValues", "StatusNotification"}
#: What is asked for under another name than that of the message (whitepaper, MessageTriggerEnumType).
_NAMES = {"SignChargePointCertificate": "SignCertificate"}
_INSERT = "INSERT INTO triggered_message (command_id, at, text) VALUES (?, ?, ?)"


def expect(station: Station, command_id: int, payload: dict[str, Any], at: int) -> None:
    """The station accepted this (Extended)TriggerMessage at `at` (ms since 1970); called once that is committed."""
    asked, connector_id = payload["requestedMessage"], payload.get("connectorId")
    action = _NAMES.get(asked, asked)
    concerned = connector_id if action in _PER_CONNECTOR else None
    _forget(station, at)
    station.triggered = [*station.triggered[1 - _MOST :], Trigger(command_id, action, concerned, at + WINDOW)]


def awaited(station: Station, call: Call, at: int) -> Trigger | None:
    """What this message complies with, if it was asked for."""
    connector_id = _connector_of(call)
    for trigger in station.triggered:
        is_due = trigger.action == call.action and trigger.until >= at
        if is_due and trigger.connector_id in (None, connector_id) and connector_id not in trigger.seen:
            return trigger
    return None


def note(unit: Unit, station: Station, call: Call, at: int) -> None:
    """A message of a station that was asked for some was answered: keep it with what asked for it, if anything did."""
    if station.triggered[0].until < at:
        unit.after_commit(lambda: _forget(station, at))
    trigger = awaited(station, call, at)
    if trigger is not None:
        unit.insert_later(_INSERT, (trigger.command_id, at, frame_log.hide_secrets(call.text)))
        unit.publish("commands", f"command-{trigger.command_id}", f"commands-{station.id}")
        unit.after_commit(lambda: _take(station, trigger, _connector_of(call)))


def _forget(station: Station, at: int) -> None:
    """What is not waited for any more costs nothing any more."""
    station.triggered = [trigger for trigger in station.triggered if trigger.until >= at]


def _take(station: Station, trigger: Trigger, connector_id: int | None) -> None:
    """One of each connector counts; where one message is all, the wait is over."""
    trigger.seen.add(connector_id)
    if trigger.action not in _PER_CONNECTOR or trigger.connector_id is not None:
        station.triggered = [other for other in station.triggered if other is not trigger]


def _connector_of(call: Call) -> int | None:
    """Where a message is about a connector; anything odd is none."""
    if call.action not in _PER_CONNECTOR or not isinstance(call.payload, dict):
        return None
    connector_id = call.payload.get("connectorId")
    return connector_id if isinstance(connector_id, int) else None
