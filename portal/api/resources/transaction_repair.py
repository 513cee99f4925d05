"""Transactions whose end was never reported: ending them by hand, and taking that back."""

from typing import Any

from ocpp_server.services.session import session_repair
from portal import audit
from portal.api.operation import operation
from portal.api.reading import moments
from portal.api.resources.transactions import TAG, TRANSACTION, fetch, shown
from portal.api.schema import TIME, body

_WH = {"type": "integer", "minimum": 0, "maximum": 2**53}


@operation(
    "POST",
    "/transactions/<int:transaction_id>/end",
    "End a transaction by hand",
    tag=TAG,
    body=body(
        [],
        ended_at={**TIME, "description": "The time of the last reading, where nothing is said."},
        meter_stop={**_WH, "description": "Wh, where somebody read the meter."},
    ),
    answer=TRANSACTION,
)
def end(transaction_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """The record changes, the station is not asked. If it still reports the end, that counts."""
    fields = {"ended_at": session_repair.propose(fetch(transaction_id)).ended_at, **moments(body, "ended_at")}
    audit.write(
        lambda unit: session_repair.end(unit, transaction_id, **fields),
        "session.end",
        str(transaction_id),
        audit.changes(body),
    )
    return shown(fetch(transaction_id))


@operation(
    "POST",
    "/transactions/<int:transaction_id>/reopen",
    "Take back that a transaction was ended by hand",
    tag=TAG,
    answer=TRANSACTION,
    errors={422: "It was not ended by hand."},
)
def reopen(transaction_id: int) -> dict[str, Any]:
    fetch(transaction_id)
    audit.write(lambda unit: session_repair.reopen(unit, transaction_id), "session.reopen", str(transaction_id))
    return shown(fetch(transaction_id))
