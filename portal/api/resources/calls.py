"""Sending one CALL to a station and waiting for what it answers.

The CALL takes the way of every command: a row in the table, sent when the station has answered what was asked before.
While the request waits it holds no database connection, only its place among the listeners of `command-<id>`.
"""

from time import monotonic
from typing import Any

from ocpp_server import events, schemas, sessions
from ocpp_server.models import ChargePoint, Command
from ocpp_server.models.commands import ANSWERED, CANCELLED, ERROR, LOST, OFFLINE
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from portal import audit
from portal.api.operation import Reply, operation
from portal.api.problems import Problem, invalid
from portal.api.reading import violations
from portal.api.resources.stations import fetch
from portal.api.schema import ANYTHING, BOOLEAN, ID, OBJECT, STRING, body, one_of, record
from portal.api.values import parsed
from portal.context import store

#: The queue is looked through this often, so an expired command is heard of no later.
_SLACK = 10.0

ACTION = {"type": "string", "minLength": 1, "maxLength": 64, "examples": ["Reset"]}
PAYLOAD = {
    **OBJECT,
    "default": {},
    "examples": [{"type": "Soft"}],
    "description": "Sent exactly as it is. Nothing is forbidden here that the standard only discourages, such as a"
    " TriggerMessage of BootNotification to an accepted station: the station is free to refuse it.",
}
TIMEOUT = {
    "type": "number",
    "exclusiveMinimum": 0,
    "maximum": 600,
    "default": commands.TIMEOUT_SECONDS,
    "description": "Seconds to wait for the station's answer, from when the CALL is sent.",
}
LIFETIME = {
    "type": ["number", "null"],
    "exclusiveMinimum": 0,
    "maximum": 31_536_000,
    "default": commands.INTERACTIVE,
    "description": "Seconds to wait for a station that is away or busy; null waits for as long as it takes.",
}
CALL = body(
    ["action"],
    action=ACTION,
    payload=PAYLOAD,
    timeout=TIMEOUT,
    wait={**BOOLEAN, "default": True, "description": "With false the answer is 202 at once: see `GET /commands/<id>`."},
    lifetime={**LIFETIME, "description": f"{LIFETIME['description']} Goes with `wait` false only."},
)
CALL_ERROR = record(code=STRING, description=STRING, details=ANYTHING)
DONE = record(id=ID, action=STRING, state=one_of([ANSWERED, ERROR]), result=ANYTHING)
DONE["properties"]["error"] = {**CALL_ERROR, "description": "Only where the station answered with a CALLERROR."}
_QUEUED = record(id=ID, action=STRING, state=STRING)
#: Of every operation that sends something to a station and waits.
ERRORS = {
    409: "The station is not connected, its connection was lost while it was waited for, or the command was taken"
    " back. `type` tells them apart.",
    504: "The station did not answer in time, or could not be asked within a minute because it was busy with"
    " earlier commands.",
}


@operation(
    "POST",
    "/stations/<identity>/calls",
    "Send a CALL to a station and wait for its answer",
    tag="Calls",
    body=CALL,
    answers={200: DONE, 202: _QUEUED},
    errors=ERRORS,
    holds_connection=False,
)
def create(identity: str, body: dict[str, Any]) -> dict[str, Any] | Reply:
    with store().reading():
        station = fetch(identity)
    action, payload, wait = body["action"], body.get("payload", {}), body.get("wait", True)
    timeout = float(body.get("timeout", commands.TIMEOUT_SECONDS))
    _check(station, action, payload)
    lifetime = _lifetime(body, wait)
    if wait and not sessions.is_connected(station.id):
        raise Problem(409, f"{station.identity} is not connected.", kind="not-connected")
    command = audit.ask(station, action, payload, timeout=timeout, lifetime=lifetime)
    if not wait:
        return Reply({"id": command.id, "action": action, "state": command.state}, 202)
    return _outcome(_finish(command.id, timeout), station)


def _check(station: ChargePoint, action: str, payload: dict[str, Any]) -> None:
    """Raise for what cannot be sent, naming every field that is wrong."""
    check_payload(action, payload)
    commands.check(station, action, payload)


def check_payload(action: str, payload: dict[str, Any]) -> None:
    """Raise for what the standard does not allow, naming every field that is wrong."""
    if action in schemas.actions():
        errors = list(violations(schemas.violations(action, payload), "payload"))
        if errors:
            raise invalid(errors)
    commands.check_payload(action, payload)


def _lifetime(body: dict[str, Any], wait: bool) -> float | None:
    if wait and "lifetime" in body:
        raise Invalid("lifetime", "Send `wait` false too: nobody waits so long for an answer.")
    return body.get("lifetime", commands.INTERACTIVE)


def _finish(command_id: int, timeout: float) -> Command:
    """The command once nothing more will come of it, or as it is when it should long have been done."""
    last = monotonic() + commands.INTERACTIVE + timeout + _SLACK
    # Listening begins before the first look: nothing can happen in between.
    subscription = events.subscribe([f"command-{command_id}"])
    try:
        while True:
            with store().reading():
                command = Command.get_by_id(command_id)
            if commands.is_finished(command) or monotonic() >= last:
                return command
            subscription.wait(last - monotonic())
    finally:
        events.unsubscribe(subscription)


def _outcome(command: Command, station: ChargePoint) -> dict[str, Any]:
    done = {"id": command.id, "action": command.action, "state": command.state}
    if command.state == ANSWERED:
        return {**done, "result": parsed(command.result)}
    if command.state == ERROR:
        return {**done, "result": None, "error": call_error(command)}
    if command.state == LOST:
        detail = f"The connection of {station.identity} was lost before it answered; it may have done what was asked."
        raise Problem(409, detail, kind="connection-lost", command=command.id)
    if command.state == CANCELLED:
        raise Problem(409, "The command was taken back before it was sent.", kind="cancelled", command=command.id)
    if command.error_code == OFFLINE:
        detail = f"The connection of {station.identity} ended before this could be sent."
        raise Problem(409, detail, kind="not-connected", command=command.id)
    detail = f"{station.identity} did not answer in time."
    if command.sent_at is None:
        detail = f"{station.identity} was busy with earlier commands for too long, so this was not sent."
    raise Problem(504, detail, kind="no-answer", command=command.id)


def call_error(command: Command) -> dict[str, Any]:
    """The CALLERROR that the station answered with."""
    details = parsed(command.result)
    return {"code": command.error_code, "description": command.error_description, "details": details}
