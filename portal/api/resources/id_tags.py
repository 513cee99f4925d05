"""Id tags: the cards that may charge."""

from typing import Any
from urllib.parse import quote

from peewee import fn

from ocpp_server.models import IdTag
from ocpp_server.services.card import id_tags
from ocpp_server.store import Unit
from portal import audit, lists
from portal.api import paging
from portal.api.operation import Reply, operation
from portal.api.problems import Problem, missing
from portal.api.reading import moments
from portal.api.routing import PREFIX
from portal.api.schema import PAGING, STRING, TIME, argument, body, one_of, or_null, page_of, record, text
from portal.api.values import time

TAG = "Id tags"
ORDER = paging.Order((IdTag.id_tag_key,))
_TAG = text(id_tags.MAX_LENGTH, minLength=1, examples=["04A2B3C4"])
_STATUS = one_of(id_tags.STATUSES)
FIELDS = {
    "id_tag": _TAG,
    "status": _STATUS,
    "expiry_date": or_null(TIME),
    "parent_id_tag": or_null(text(id_tags.MAX_LENGTH)),
    "label": text(id_tags.MAX_LABEL),
    "note": text(10_000),
}
ID_TAG = record(
    id_tag=STRING,
    status=_STATUS,
    expiry_date=or_null(TIME),
    parent_id_tag=or_null(STRING),
    label=STRING,
    note=STRING,
    created_at=TIME,
    last_used_at=or_null(TIME),
)
_FILTERS = (
    argument("q", STRING, "Text in the id tag, the label or the parent id tag."),
    argument("status", _STATUS, "Only id tags with this status."),
    argument("parent_id_tag", STRING, "Only the members of this group."),
)


@operation("GET", "/id-tags", "List id tags", tag=TAG, answer=page_of(ID_TAG), query=(*_FILTERS, *PAGING))
def index(query: dict[str, Any]) -> dict[str, Any]:
    found = IdTag.select()
    if query.get("q"):
        found = found.where(lists.mentions((IdTag.id_tag, IdTag.label, IdTag.parent_id_tag), query["q"]))
    if "status" in query:
        found = found.where(IdTag.status == query["status"])
    if "parent_id_tag" in query:
        found = found.where(fn.LOWER(IdTag.parent_id_tag) == query["parent_id_tag"].lower())
    return paging.part(found, ORDER, query, paging.each(_id_tag))


@operation(
    "POST",
    "/id-tags",
    "Add an id tag",
    tag=TAG,
    body=body(["id_tag"], **FIELDS),
    answer=ID_TAG,
    status=201,
    errors={409: "There is such an id tag already."},
)
def create(body: dict[str, Any]) -> Reply:
    fields, id_tag = moments(body, "expiry_date"), body["id_tag"]

    def add(unit: Unit) -> IdTag:
        if id_tags.find(id_tag) is not None:
            raise Problem(409, f"There is an id tag {id_tag} already.", errors=[("id_tag", "It is taken.")])
        return id_tags.add(unit, **fields)

    added = audit.write(add, "card.add", id_tag, audit.changes(_said(body)))
    return Reply(_id_tag(added), 201, {"Location": f"{PREFIX}/id-tags/{quote(id_tag, safe='')}"})


@operation("GET", "/id-tags/<name:id_tag>", "Show an id tag", tag=TAG, answer=ID_TAG)
def show(id_tag: str) -> dict[str, Any]:
    return _id_tag(fetch(id_tag))


@operation(
    "PATCH",
    "/id-tags/<name:id_tag>",
    "Change an id tag",
    tag=TAG,
    body=body(**FIELDS),
    answer=ID_TAG,
)
def update(id_tag: str, body: dict[str, Any]) -> dict[str, Any]:
    card, fields = fetch(id_tag), moments(body, "expiry_date")
    changed = audit.write(
        lambda unit: id_tags.update(unit, card.id, **fields), "card.change", card.id_tag, audit.changes(body)
    )
    return _id_tag(changed)


@operation("DELETE", "/id-tags/<name:id_tag>", "Delete an id tag; its sessions are kept", tag=TAG)
def delete(id_tag: str) -> None:
    card = fetch(id_tag)
    audit.write(lambda unit: id_tags.delete(unit, card.id), "card.delete", card.id_tag)


def fetch(id_tag: str) -> IdTag:
    """The card of that tag. Raises Problem."""
    card = id_tags.find(id_tag) if id_tag.isprintable() else None
    if card is None:
        raise missing(f"id tag {id_tag}")
    return card


def _said(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "id_tag"}


def _id_tag(row: IdTag) -> dict[str, Any]:
    return {
        "id_tag": row.id_tag,
        "status": row.status,
        "expiry_date": time(row.expiry_date),
        "parent_id_tag": row.parent_id_tag,
        "label": row.label,
        "note": row.note,
        "created_at": time(row.created_at),
        "last_used_at": time(row.last_used_at),
    }
