"""One request to many stations, how far it is, and what became of it."""

from collections.abc import Iterable, Sequence
from typing import Any

from ocpp_server.models import ChargePoint, Command, CommandBatch
from ocpp_server.services import batches
from ocpp_server.services.batches import Progress
from ocpp_server.services.errors import Invalid
from ocpp_server.services.station import charge_points
from portal import asking, audit
from portal.api import paging
from portal.api.operation import Reply, operation
from portal.api.problems import missing
from portal.api.resources.calls import ACTION, LIFETIME, PAYLOAD, TIMEOUT, check_payload
from portal.api.resources.commands import COMMAND, FILTERS, listed
from portal.api.routing import PREFIX
from portal.api.schema import ANYTHING, BOOLEAN, ID, INTEGER, PAGING, STRING, TIME, body, list_of, page_of, record, text
from portal.api.values import parsed, time
from portal.asking import Wish
from portal.selection import MOST

TAG = "Batches"
ORDER = paging.Order((CommandBatch.id,), descending=True)
#: Which stations, by their identities.
STATIONS = {**list_of(text(255, minLength=1)), "minItems": 1, "maxItems": MOST, "examples": [["CP-1", "CP-2"]]}
_GROUP = record(
    state=STRING,
    status={**STRING, "description": "The stations' own word, where they answered with one."},
    error_code=STRING,
    error_description=STRING,
    late={**BOOLEAN, "description": "Whether an answer came after the time-out."},
    count=INTEGER,
)
BATCH = record(
    id=ID,
    action=STRING,
    payload=ANYTHING,
    requested_by=STRING,
    requested_at=TIME,
    total=INTEGER,
    open={**INTEGER, "description": "How many are not finished yet."},
    groups={**list_of(_GROUP), "description": "How many stand, or ended, which way."},
)


@operation(
    "GET", "/batches", "List requests to many stations, newest first", tag=TAG, answer=page_of(BATCH), query=PAGING
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    return paging.part(CommandBatch.select(), ORDER, query, batches_to_json)


@operation(
    "POST",
    "/batches",
    "Ask many stations for the same",
    tag=TAG,
    body=body(
        ["stations", "action"], stations=STATIONS, action=ACTION, payload=PAYLOAD, timeout=TIMEOUT, lifetime=LIFETIME
    ),
    answer=BATCH,
    status=201,
)
def create(body: dict[str, Any]) -> Reply:
    action, payload = body["action"], body.get("payload", {})
    check_payload(action, payload)
    options: dict[str, Any] = {name: body[name] for name in ("timeout", "lifetime") if name in body}
    (batch,) = asking.many([(Wish(action, payload, options), fetch_stations(body["stations"]))])
    return Reply(batches_to_json([batch])[0], 201, {"Location": f"{PREFIX}/batches/{batch.id}"})


@operation("GET", "/batches/<int:batch_id>", "Show how far a request to many stations is", tag=TAG, answer=BATCH)
def show(batch_id: int) -> dict[str, Any]:
    return batches_to_json([_fetch(batch_id)])[0]


@operation(
    "GET",
    "/batches/<int:batch_id>/commands",
    "List the commands of a request to many stations, newest first",
    tag=TAG,
    answer=page_of(COMMAND),
    query=(*FILTERS, *PAGING),
)
def commands_of(batch_id: int, query: dict[str, Any]) -> dict[str, Any]:
    return listed(Command.batch_id == _fetch(batch_id).id, query)


@operation(
    "DELETE",
    "/batches/<int:batch_id>",
    "Take back what is not sent yet",
    tag=TAG,
    answer=record(cancelled={**INTEGER, "description": "How many commands were taken back."}),
)
def cancel(batch_id: int) -> dict[str, Any]:
    batch = _fetch(batch_id)
    taken = audit.write(
        lambda unit: batches.cancel(unit, batch_id), "command.cancel", f"batch {batch.id}", batch.action
    )
    return {"cancelled": taken}


def fetch_stations(identities: Iterable[str]) -> list[ChargePoint]:
    """The stations of these identities, in their order, each once. Raises Invalid for one that there is not."""
    found = charge_points.find_all(identities)
    for identity in identities:
        if charge_points.identity_key(identity) not in found:
            raise Invalid("stations", "There is no station %(identity)s.", identity=identity)
    return list(dict.fromkeys(found[charge_points.identity_key(identity)] for identity in identities))


def batches_to_json(rows: Sequence[CommandBatch]) -> list[dict[str, Any]]:
    """Batches with their progress: one query, however many."""
    progress = batches.progress([row.id for row in rows])
    return [_batch(row, progress[row.id]) for row in rows]


def _batch(row: CommandBatch, progress: Progress) -> dict[str, Any]:
    return {
        "id": row.id,
        "action": row.action,
        "payload": parsed(row.payload),
        "requested_by": row.requested_by,
        "requested_at": time(row.requested_at),
        "total": progress.total,
        "open": progress.open,
        "groups": [
            {
                "state": group.state,
                "status": group.status,
                "error_code": group.error_code,
                "error_description": group.error_description,
                "late": group.is_late,
                "count": group.count,
            }
            for group in progress.groups
        ],
    }


def _fetch(batch_id: int) -> CommandBatch:
    batch = CommandBatch.get_or_none(CommandBatch.id == batch_id)
    if batch is None:
        raise missing(f"batch {batch_id}")
    return batch
