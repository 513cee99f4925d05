"""What was asked of stations, and what came of it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from ocpp_server.models import ChargePoint, Command, TriggeredMessage
from ocpp_server.models.commands import ANSWERED, CANCELLED, ERROR, EXPIRED, LOST, OPEN_STATES, QUEUED, SENT, TIMEOUT
from ocpp_server.services import commands, stretches
from ocpp_server.store import Unit
from portal import audit, triggered
from portal.api import paging
from portal.api.operation import operation
from portal.api.problems import Problem, missing
from portal.api.resources.calls import CALL_ERROR, call_error
from portal.api.resources.stations import fetch
from portal.api.schema import (
    ANYTHING,
    ID,
    NUMBER,
    PAGING,
    STRING,
    TIME,
    argument,
    list_of,
    one_of,
    or_null,
    page_of,
    record,
)
from portal.api.values import parsed, time

TAG = "Calls"
ORDER = paging.Order((Command.id,), descending=True)
_STATE = one_of([QUEUED, SENT, ANSWERED, ERROR, TIMEOUT, LOST, EXPIRED, CANCELLED])
COMMAND = record(
    id=ID,
    station=STRING,
    action=STRING,
    payload=ANYTHING,
    state=_STATE,
    requested_by=STRING,
    requested_at=TIME,
    expires_at=or_null(TIME),
    sent_at=or_null(TIME),
    finished_at=or_null(TIME),
    timeout=NUMBER,
    result=ANYTHING,
    error=or_null(CALL_ERROR),
    reason={**STRING, "description": "Of an expired command `offline` or `busy`; of one that was left out, why."},
    late_at={**or_null(TIME), "description": "When an answer came after the time-out; the state stays."},
    late_message={**ANYTHING, "description": "That answer as it came: a CALLRESULT or CALLERROR."},
    triggered={
        **list_of(record(timestamp=TIME, action=STRING, payload=ANYTHING)),
        "description": "Of an accepted TriggerMessage: the messages that came within a minute of the answer.",
    },
)
FILTERS = (
    argument("state", _STATE, "Only commands in this state."),
    argument("action", STRING, "Only this action."),
)


@operation(
    "GET",
    "/stations/<identity>/commands",
    "List what was asked of a station, newest first",
    tag=TAG,
    answer=page_of(COMMAND),
    query=(*FILTERS, *PAGING),
)
def index(identity: str, query: dict[str, Any]) -> dict[str, Any]:
    return listed(Command.charge_point == fetch(identity).id, query)


def listed(condition: Any, query: dict[str, Any]) -> dict[str, Any]:
    """The part that is asked for of the commands that fit."""
    among = Command.select().where(condition)
    if "action" in query:
        among = among.where(Command.action == query["action"])
    if query.get("state") in OPEN_STATES:
        among = among.where(Command.finished_at.is_null())
    found = among.select(Command, ChargePoint).join(ChargePoint)
    if "state" in query:
        found = found.where(Command.state == query["state"])
    return paging.searched(partial(stretches.newest, found, among), ORDER, query, _commands)


@operation("GET", "/commands/<int:command_id>", "Show a command", tag=TAG, answer=COMMAND)
def show(command_id: int) -> dict[str, Any]:
    return _commands([_fetch(command_id)])[0]


@operation(
    "DELETE",
    "/commands/<int:command_id>",
    "Take a command back that is not sent yet",
    tag=TAG,
    errors={409: "It was sent already, or nothing more comes of it anyway."},
)
def cancel(command_id: int) -> None:
    command = _fetch(command_id)

    def take_back(unit: Unit) -> None:
        if not commands.cancel(unit, command_id):
            raise Problem(409, "It was sent already, or nothing more comes of it anyway.")

    audit.write(take_back, "command.cancel", command.charge_point.identity, f"{command.action} {command_id}")


def _joined() -> Any:
    return Command.select(Command, ChargePoint).join(ChargePoint)


def _fetch(command_id: int) -> Command:
    command = _joined().where(Command.id == command_id).first()
    if command is None:
        raise missing(f"command {command_id}")
    return command


def _commands(rows: Sequence[Command]) -> list[dict[str, Any]]:
    came = triggered.rows(rows)
    return [_command(row, came[row.id]) for row in rows]


def _command(row: Command, came: list[TriggeredMessage]) -> dict[str, Any]:
    failed = row.state == ERROR
    return {
        "id": row.id,
        "station": row.charge_point.identity,
        "action": row.action,
        "payload": parsed(row.payload),
        "state": row.state,
        "requested_by": row.requested_by,
        "requested_at": time(row.requested_at),
        "expires_at": time(row.expires_at),
        "sent_at": time(row.sent_at),
        "finished_at": time(row.finished_at),
        "timeout": row.timeout,
        "result": None if failed else parsed(row.result),
        "error": call_error(row) if failed else None,
        "reason": "" if failed else row.error_code or row.error_description,
        "late_at": time(row.late_at),
        "late_message": parsed(row.late_result),
        "triggered": [_triggered(message) for message in came],
    }


def _triggered(row: TriggeredMessage) -> dict[str, Any]:
    action, payload = triggered.parts(row)
    return {"timestamp": time(row.at), "action": action, "payload": payload}
