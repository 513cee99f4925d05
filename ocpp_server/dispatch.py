"""From a CALL to its answer: `@handles("Heartbeat")` registers a handler, `answer` finds and runs it.

Pure: no socket. `answer` runs inside a unit of work, so what it stores and what it replies stand or fall together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ocpp_server import clock, frame_log, frames, handlers, schemas, tolerance, triggers
from ocpp_server.discovery import import_all
from ocpp_server.frames import Call, CallRefused
from ocpp_server.models.charge_points import ACCEPTED, REJECTED
from ocpp_server.settings import Settings
from ocpp_server.stations import Station
from ocpp_server.store import Unit


@dataclass(slots=True)
class Request:
    """One incoming CALL as its handler sees it. Handlers add to `notes` what they tolerated."""

    unit: Unit
    station: Station
    settings: Settings
    payload: dict[str, Any]
    #: Milliseconds since 1970.
    received_at: int
    notes: list[str]


Handler = Callable[[Request], dict[str, Any]]
_handlers: dict[str, Handler] = {}


def handles(action: str) -> Callable[[Handler], Handler]:
    """Register the function that answers an action: it takes a Request and returns the payload of the answer."""

    def register(handler: Handler) -> Handler:
        _handlers[action] = handler
        return handler

    return register


def load() -> None:
    """Import the handlers and compile the schemas, before the first station comes."""
    import_all(handlers)
    schemas.warm()


def answer(unit: Unit, station: Station, settings: Settings, call: Call) -> str:
    """Handle a CALL and put both frames into the log; the text of the answer.

    A CallRefused becomes a CALLERROR. Any other exception passes: the unit is undone, see `internal_error`.
    """
    received_at = clock.to_ms(clock.now())
    notes: list[str] = []
    outcome = ""
    try:
        payload = _handle(unit, station, settings, call, received_at, notes)
        reply = frames.encode_result(call.message_id, payload)
        if station.triggered:
            triggers.note(unit, station, call, received_at)
    except CallRefused as refused:
        outcome = refused.code
        if call.action in tolerance.TRANSACTION_MESSAGES:
            unit.after_commit(lambda: station.insistence.remember(call.action, call.payload))
        reply = frames.encode_error(call.message_id, refused.code, refused.description)
    frame_log.exchange(unit, station.id, received_at, call, reply, outcome, notes)
    return reply


def internal_error(unit: Unit, station: Station, call: Call) -> str:
    """The CALLERROR for a CALL whose handler failed, logged in a unit of its own."""
    reply = frames.encode_error(call.message_id, frames.INTERNAL_ERROR, "The central system failed; see its log.")
    frame_log.exchange(unit, station.id, clock.to_ms(clock.now()), call, reply, frames.INTERNAL_ERROR, [])
    return reply


def unreadable(unit: Unit, station: Station, text: str, fault: frames.UnreadableFrame) -> str | None:
    """Log a text that is no frame; a CALLERROR where its id could be read (J 4.2.3)."""
    received_at = clock.to_ms(clock.now())
    if fault.message_id is None:
        frame_log.unreadable(unit, station.id, received_at, text, fault)
        return None
    reply = frames.encode_error(fault.message_id, fault.code, fault.description)
    call = Call(fault.message_id, "", {}, text)
    frame_log.exchange(unit, station.id, received_at, call, reply, fault.code, [fault.description])
    return reply


def _handle(
    unit: Unit, station: Station, settings: Settings, call: Call, received_at: int, notes: list[str]
) -> dict[str, Any]:
    handler = _find(call.action)
    _check_registration(station, call, received_at)
    payload, tolerated = tolerance.mend(call.action, call.payload, station.insistence)
    notes += tolerated
    result = handler(Request(unit, station, settings, payload, received_at, notes))
    if not schemas.response_is_valid(call.action, result):
        raise ValueError(f"our own answer to {call.action} breaks the schema: {result}")
    return result


def _find(action: str) -> Handler:
    """Raises CallRefused: an unknown action is not implemented, a known one without handler not supported."""
    handler = _handlers.get(action)
    if handler is not None:
        return handler
    if action in schemas.actions():
        raise CallRefused(frames.NOT_SUPPORTED, f"{action} is not supported from a charge point.")
    raise CallRefused(frames.NOT_IMPLEMENTED, f"There is no action {action[:50]} in OCPP 1.6.")


def _check_registration(station: Station, call: Call, received_at: int) -> None:
    """Until it is accepted, a station may only boot, or send what it was asked for (4.2, errata J 3.8).

    One that is not accepted any more goes on as it was told until its next boot: what it says of its sessions is
    taken, or nobody could bill them (rule 17).
    """
    if station.is_accepted or call.action == "BootNotification":
        return
    if station.told_registration == ACCEPTED and call.action in tolerance.TRANSACTION_MESSAGES:
        return
    if station.registration != REJECTED and triggers.awaited(station, call, received_at) is not None:
        return
    raise CallRefused(frames.SECURITY_ERROR, f"The charge point is {station.registration}, not accepted.")
