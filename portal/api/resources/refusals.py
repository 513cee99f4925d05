"""Handshakes that were refused: the inbox."""

from typing import Any

from ocpp_server.models import Refusal
from ocpp_server.services.station import refusals
from portal import audit
from portal.api import paging
from portal.api.operation import operation
from portal.api.problems import missing
from portal.api.schema import ID, INTEGER, PAGING, STRING, TIME, argument, page_of, record
from portal.api.values import time

TAG = "Refusals"
ORDER = paging.Order((Refusal.last_at, Refusal.id), descending=True)
REFUSAL = record(
    id=ID,
    reason=STRING,
    identity=STRING,
    address=STRING,
    path=STRING,
    detail=STRING,
    user_agent=STRING,
    count=INTEGER,
    first_at=TIME,
    last_at=TIME,
)
_FILTERS = (argument("identity", STRING, "Only those that came as this identity, spelled so."),)


@operation(
    "GET",
    "/refusals",
    "List refused connections, latest first",
    tag=TAG,
    answer=page_of(REFUSAL),
    query=(*_FILTERS, *PAGING),
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    found = Refusal.select()
    if "identity" in query:
        found = found.where(Refusal.identity == query["identity"])
    return paging.part(found, ORDER, query, paging.each(_refusal))


@operation("DELETE", "/refusals/<int:refusal_id>", "Dismiss a refused connection; it comes back if it repeats", tag=TAG)
def delete(refusal_id: int) -> None:
    refusal = Refusal.get_or_none(Refusal.id == refusal_id)
    if refusal is None:
        raise missing(f"refusal {refusal_id}")
    target = refusal.identity or refusal.path
    audit.write(lambda unit: refusals.dismiss(unit, [refusal_id]), "inbox.dismiss", target, refusal.reason)


def _refusal(row: Refusal) -> dict[str, Any]:
    return {
        "id": row.id,
        "reason": row.reason,
        "identity": row.identity,
        "address": row.address,
        "path": row.path,
        "detail": row.detail,
        "user_agent": row.user_agent,
        "count": row.count,
        "first_at": time(row.first_at),
        "last_at": time(row.last_at),
    }
