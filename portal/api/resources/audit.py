"""The record of who did what, for admins."""

from collections.abc import Sequence
from typing import Any

from ocpp_server.models import AuditEntry
from ocpp_server.services import audit
from ocpp_server.services.audit import Filter
from portal.api import paging
from portal.api.operation import operation
from portal.api.schema import ID, PAGING, SINCE, STRING, TIME, UNTIL, argument, one_of, page_of, record
from portal.api.values import time

ORDER = paging.Order((AuditEntry.id,), descending=True)
ENTRY = record(
    id=ID,
    timestamp=TIME,
    who=STRING,
    address=STRING,
    action=STRING,
    target=STRING,
    detail=STRING,
    result={**STRING, "description": "Of a command the station's word, else the command's state. Often empty."},
)
_FILTERS = (
    argument("q", STRING, "Text in who, address, action, target or detail."),
    argument("topic", one_of(audit.TOPICS), "Only actions of this kind."),
    SINCE,
    UNTIL,
)


@operation(
    "GET",
    "/audit",
    "List who did what, newest first",
    tag="Audit",
    role="admin",
    answer=page_of(ENTRY),
    query=(*_FILTERS, *PAGING),
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    wanted = Filter(query.get("q", ""), query.get("topic", ""), query.get("since"), query.get("until"))
    return paging.searched(lambda number, before: audit.search(wanted, number, before), ORDER, query, _entries)


def _entries(rows: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    results = audit.results(rows)
    return [_entry(row, results[row.id]) for row in rows]


def _entry(row: AuditEntry, result: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "timestamp": time(row.at),
        "who": row.who,
        "address": row.address,
        "action": row.action,
        "target": row.target,
        "detail": row.detail,
        "result": result,
    }
