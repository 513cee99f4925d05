"""Local lists: which cards stations keep for when they are offline, and what they hold."""

import json
from typing import Any

from peewee import ModelSelect

from ocpp_server.models import ChargePoint, LocalList, LocalListEntry
from ocpp_server.models.local_lists import BEHIND, IN_STEP, REFUSED, SENDING, UNSUPPORTED
from ocpp_server.services.card import id_tags
from ocpp_server.services.local_list import cards as local_list_cards
from ocpp_server.services.local_list import local_lists
from ocpp_server.services.local_list import messages as local_list_messages
from ocpp_server.services.local_list.messages import KINDS
from ocpp_server.services.local_list.steps import limits_of
from portal import audit
from portal.api import paging
from portal.api.operation import Reply, operation
from portal.api.resources import calls
from portal.api.resources.id_tags import fetch as fetch_id_tag
from portal.api.resources.stations import fetch
from portal.api.schema import (
    BOOLEAN,
    INTEGER,
    PAGING,
    STRING,
    TIME,
    argument,
    body,
    list_of,
    one_of,
    or_null,
    page_of,
    record,
    text,
)
from portal.api.values import time
from portal.context import store

TAG = "Local lists"
ORDER = paging.Order((LocalList.id,))
ENTRIES = paging.Order((LocalListEntry.id_tag_key,))
_STATES = (IN_STEP, BEHIND, SENDING, REFUSED, UNSUPPORTED)
_KEEPS = one_of(local_lists.KEEPS, description="No cards, all valid cards, or those of some groups.")
_GROUPS = {**list_of(text(id_tags.MAX_LENGTH, minLength=1)), "maxItems": 1000}
_GROUPS["description"] = "With `groups`: the parent id tags whose cards are kept."
_STATE = one_of(_STATES)
LIST = record(
    station=STRING,
    keeps=_KEEPS,
    groups=list_of(STRING),
    state=_STATE,
    reason={**STRING, "description": "The station's own word for a refusal, or why no answer came."},
    version={**or_null(INTEGER), "description": "What the station has; null where it has none that is known."},
    entries={**INTEGER, "description": "How many entries the station holds."},
    wanted={**INTEGER, "description": "How many it should hold."},
    left_out={**INTEGER, "description": "Valid cards that do not fit into the station's list."},
    per_message={**INTEGER, "description": "Entries in one message at most."},
    max_length={**or_null(INTEGER), "description": "Entries in the whole list at most, as far as the station told."},
    in_step_at=or_null(TIME),
    conflict_at={**or_null(TIME), "description": "When the station last reported a conflict with its list."},
)
ENTRY = record(id_tag=STRING, status=STRING, parent_id_tag=or_null(STRING), expiry_date=or_null(TIME))
HOLDER = record(
    station=STRING,
    state={**one_of(local_list_cards.STATES), "description": "How the card stands in that station's list."},
    list_state=_STATE,
)


@operation(
    "GET",
    "/local-lists",
    "List the local lists of all stations",
    tag=TAG,
    answer=page_of(LIST),
    query=(argument("state", _STATE, "Only lists in this state."), *PAGING),
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    found = _joined()
    if "state" in query:
        found = found.where(LocalList.state == query["state"])
    return paging.part(found, ORDER, query, paging.each(_list))


@operation("GET", "/stations/<identity>/local-list", "Show a station's local list", tag=TAG, answer=LIST)
def show(identity: str) -> dict[str, Any]:
    return _list(local_lists.of(fetch(identity)))


@operation(
    "PATCH",
    "/stations/<identity>/local-list",
    "Choose which cards a station keeps",
    tag=TAG,
    body=body(["keeps"], keeps=_KEEPS, groups=_GROUPS),
    answer=LIST,
)
def update(identity: str, body: dict[str, Any]) -> dict[str, Any]:
    station, keeps, groups = fetch(identity), body["keeps"], body.get("groups", [])
    return _list(
        audit.write(
            lambda unit: local_lists.keep(unit, station.id, keeps, groups),
            "local_list.keep",
            station.identity,
            audit.changes(body),
        )
    )


@operation(
    "POST",
    "/stations/<identity>/local-list/sync",
    "Bring a station's local list in step now",
    tag=TAG,
    body=body(whole={**BOOLEAN, "default": False, "description": "Send all of it, not only what changed."}),
    answer=LIST,
    status=202,
)
def sync(identity: str, body: dict[str, Any]) -> dict[str, Any]:
    station, whole, me = fetch(identity), body.get("whole", False), audit.who().who
    return _list(
        audit.write(
            lambda unit: local_lists.sync(unit, station.id, by=me, whole=whole),
            "local_list.sync",
            station.identity,
            "whole" if whole else "",
        )
    )


@operation(
    "POST",
    "/stations/<identity>/local-list/send",
    "Send one update of a station's local list by hand, and wait for the answer",
    tag=TAG,
    body=body(
        ["kind"],
        kind=one_of(KINDS, description="Replace the list, change entries, take entries out, or empty it."),
        id_tags={**list_of(text(id_tags.MAX_LENGTH, minLength=1)), "maxItems": 20_000},
        list_version={"type": "integer", "minimum": 1, "maximum": 2**31 - 1, "description": "Without it the next one."},
    ),
    answers={200: calls.DONE},
    errors=calls.ERRORS,
    holds_connection=False,
)
def send(identity: str, body: dict[str, Any]) -> dict[str, Any] | Reply:
    with store().reading():
        station = fetch(identity)
        tags, version = body.get("id_tags", []), body.get("list_version")
        payload = local_list_messages.build(store().query, body["kind"], tags, [station.id], version)
    return calls.create(identity, {"action": "SendLocalList", "payload": payload})


@operation(
    "GET",
    "/stations/<identity>/local-list/entries",
    "List the entries that a station holds",
    tag=TAG,
    answer=page_of(ENTRY),
    query=PAGING,
)
def entries(identity: str, query: dict[str, Any]) -> dict[str, Any]:
    found = LocalListEntry.select().where(LocalListEntry.charge_point_id == fetch(identity).id)
    return paging.part(found, ENTRIES, query, paging.each(_entry))


@operation(
    "GET",
    "/id-tags/<name:id_tag>/local-lists",
    "List the stations that keep cards, and how this one stands there",
    tag=TAG,
    answer=page_of(HOLDER),
    query=PAGING,
)
def holders(id_tag: str, query: dict[str, Any]) -> dict[str, Any]:
    card = fetch_id_tag(id_tag)

    def to_json(rows: Any) -> list[dict[str, Any]]:
        found = local_list_cards.stand(store().query, card.id_tag_key, rows)
        return [
            {"station": row.charge_point.identity, "state": state, "list_state": row.state}
            for row, state in zip(rows, found, strict=True)
        ]

    return paging.part(_joined(), ORDER, query, to_json)


def _joined() -> "ModelSelect[LocalList]":
    return LocalList.select(LocalList, ChargePoint).join(ChargePoint).where(ChargePoint.deleted_at.is_null())


def _list(row: LocalList) -> dict[str, Any]:
    limits = limits_of(store().query, row)
    return {
        "station": row.charge_point.identity,
        "keeps": row.keeps,
        "groups": json.loads(row.groups),
        "state": row.state,
        "reason": row.reason,
        "version": row.version or None,
        "entries": row.entries,
        "wanted": row.wanted,
        "left_out": row.left_out,
        "per_message": limits.per_message,
        "max_length": limits.total,
        "in_step_at": time(row.in_step_at),
        "conflict_at": time(row.conflict_at),
    }


def _entry(row: LocalListEntry) -> dict[str, Any]:
    return {
        "id_tag": row.id_tag,
        "status": row.status,
        "parent_id_tag": row.parent_id_tag,
        "expiry_date": time(row.expiry_date),
    }
