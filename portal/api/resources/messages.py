"""The frame log of a station."""

from functools import partial
from typing import Any

from ocpp_server.models import Frame
from ocpp_server.services import stretches
from ocpp_server.services.message.frame_times import SLACK, first_id
from portal.api import paging
from portal.api.operation import operation
from portal.api.resources.stations import fetch
from portal.api.schema import (
    ANYTHING,
    ID,
    PAGING,
    SINCE,
    STRING,
    TIME,
    UNTIL,
    argument,
    list_of,
    one_of,
    page_of,
    record,
)
from portal.api.values import parsed, time

ORDER = paging.Order((Frame.id,), descending=True)
IN, OUT = "in", "out"
CALL, CALL_RESULT, CALL_ERROR, UNREADABLE = "CALL", "CALLRESULT", "CALLERROR", "unreadable"
_TYPES = {2: CALL, 3: CALL_RESULT, 4: CALL_ERROR}
#: Where the payload stands in the frame; of a CALLERROR its details.
_PAYLOAD = {CALL: 3, CALL_RESULT: 2, CALL_ERROR: 4}
_DIRECTION = one_of([IN, OUT], description="`in` is from the station, `out` is to it.")
MESSAGE = record(
    id=ID,
    timestamp=TIME,
    direction=_DIRECTION,
    type=one_of([CALL, CALL_RESULT, CALL_ERROR, UNREADABLE]),
    message_id=STRING,
    action=STRING,
    payload={**ANYTHING, "description": "Of a CALLERROR its details; null where it could not be read."},
    text={**STRING, "description": "The frame as it crossed the wire, secrets replaced."},
    outcome={**STRING, "description": "Empty, or the code of the CALLERROR that it ended in."},
    notes={**list_of(STRING), "description": "What was odd about it and tolerated."},
)
_FILTERS = (
    argument("action", STRING, "Only this action."),
    argument("direction", _DIRECTION, "Only one direction."),
    SINCE,
    UNTIL,
)


@operation(
    "GET",
    "/stations/<identity>/messages",
    "List the messages of a station, newest first",
    tag="Messages",
    answer=page_of(MESSAGE),
    query=(*_FILTERS, *PAGING),
)
def index(identity: str, query: dict[str, Any]) -> dict[str, Any]:
    record = Frame.select().where(Frame.charge_point_id == fetch(identity).id)
    if "since" in query:
        record = record.where(Frame.id >= first_id(query["since"] - SLACK))
    if "until" in query:
        record = record.where(Frame.id < first_id(query["until"] + SLACK))
    found = record
    if "since" in query:
        found = found.where(Frame.at >= query["since"])
    if "until" in query:
        found = found.where(Frame.at < query["until"])
    if "action" in query:
        found = found.where(Frame.action == query["action"])
    if "direction" in query:
        found = found.where(Frame.outgoing == (query["direction"] == OUT))
    return paging.searched(partial(stretches.newest, found, record), ORDER, query, paging.each(_message))


def _message(row: Frame) -> dict[str, Any]:
    kind = _TYPES.get(row.message_type, UNREADABLE)
    return {
        "id": row.id,
        "timestamp": time(row.at),
        "direction": OUT if row.outgoing else IN,
        "type": kind,
        "message_id": row.message_id,
        "action": row.action,
        "payload": _payload(kind, row.text),
        "text": row.text,
        "outcome": row.outcome,
        "notes": row.note.splitlines(),
    }


def _payload(kind: str, text: str) -> Any:
    parts, place = parsed(text), _PAYLOAD.get(kind, 0)
    return parts[place] if place and isinstance(parts, list) and len(parts) > place else None
