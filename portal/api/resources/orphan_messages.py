"""Transaction messages that fit no transaction: kept until somebody has dealt with them."""

from typing import Any

from ocpp_server.models import OrphanMessage
from ocpp_server.services.message import orphan_messages
from portal import audit
from portal.api import paging
from portal.api.operation import operation
from portal.api.problems import missing
from portal.api.schema import ANYTHING, BOOLEAN, ID, PAGING, STRING, TIME, argument, body, or_null, page_of, record
from portal.api.values import parsed, time

TAG = "Transactions"
ORDER = paging.Order((OrphanMessage.received_at, OrphanMessage.id), descending=True)
MESSAGE = record(
    id=ID,
    station=STRING,
    action=STRING,
    payload=ANYTHING,
    reason={**STRING, "description": "Why it fits nothing."},
    received_at=TIME,
    resolved_at={**or_null(TIME), "description": "Null while it waits for somebody."},
)


@operation(
    "GET",
    "/orphan-messages",
    "List messages that fit no transaction, newest first",
    tag=TAG,
    answer=page_of(MESSAGE),
    query=(argument("resolved", BOOLEAN, "Those that were dealt with; without it, those that wait."), *PAGING),
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    found = orphan_messages.search(query.get("resolved", False))
    return paging.part(found, ORDER, query, paging.each(_message))


@operation(
    "PATCH",
    "/orphan-messages/<int:orphan_message_id>",
    "Mark a message as dealt with, or take the mark back",
    tag=TAG,
    body=body(["resolved"], resolved=BOOLEAN),
    answer=MESSAGE,
)
def update(orphan_message_id: int, body: dict[str, Any]) -> dict[str, Any]:
    if _find(orphan_message_id) is None:
        raise missing(f"message {orphan_message_id}")
    resolved = body["resolved"]
    audit.write(
        lambda unit: orphan_messages.resolve(unit, orphan_message_id, resolved),
        "session.resolve-message" if resolved else "session.reopen-message",
        str(orphan_message_id),
    )
    return _message(_find(orphan_message_id))


def _find(orphan_message_id: int) -> Any:
    return OrphanMessage.get_or_none(OrphanMessage.id == orphan_message_id)


def _message(row: OrphanMessage) -> dict[str, Any]:
    return {
        "id": row.id,
        "station": row.charge_point.identity,
        "action": row.action,
        "payload": parsed(row.payload),
        "reason": row.reason,
        "received_at": time(row.received_at),
        "resolved_at": time(row.resolved_at),
    }
