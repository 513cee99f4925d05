"""Cards (id tags): adding, changing, removing and finding them.

An id tag has any content of 1 to 20 characters, compared without regard to case and never rewritten
(OCPP 1.6 sections 3.9 and 7.28).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import Expression, ModelSelect, fn

from ocpp_server import clock
from ocpp_server.models import IdTag, Transaction
from ocpp_server.models.id_tags import ACCEPTED, BLOCKED
from ocpp_server.services.card import id_tag_changes, unknown_cards
from ocpp_server.services.errors import Invalid
from ocpp_server.store import Unit

STATUSES = (ACCEPTED, BLOCKED)
#: What a card can be found by: its status, or an accepted card whose time has passed.
EXPIRED = "expired"
STATES = (ACCEPTED, BLOCKED, EXPIRED)
MAX_LENGTH = 20
MAX_LABEL = 255

_EDITABLE = {"id_tag", "status", "expiry_date", "parent_id_tag", "label", "note"}
_SORTS = {
    "tag": IdTag.id_tag_key,
    "label": fn.LOWER(IdTag.label),
    "group": fn.LOWER(fn.COALESCE(IdTag.parent_id_tag, "")),
    "expiry": fn.COALESCE(IdTag.expiry_date, 1 << 62),
    "used": fn.COALESCE(IdTag.last_used_at, 0),
    "added": IdTag.created_at,
}
SORTS = tuple(_SORTS)


@dataclass(frozen=True)
class Usage:
    """What was charged with a card in a period."""

    sessions: int = 0
    energy_wh: float = 0


def key(id_tag: str) -> str:
    """How id tags are compared: without regard to case."""
    return id_tag.casefold()


def find(id_tag: str) -> IdTag | None:
    """The card of that tag. Needs a connection."""
    return IdTag.get_or_none(IdTag.id_tag_key == key(id_tag))


def find_all(id_tags: Iterable[str]) -> dict[str, IdTag]:
    """The cards of those tags by their key, in one query. Needs a connection."""
    keys = {key(id_tag) for id_tag in id_tags}
    return {card.id_tag_key: card for card in IdTag.select().where(IdTag.id_tag_key.in_(keys))} if keys else {}


def finder(id_tags: Iterable[str]) -> Callable[[str], IdTag | None]:
    """Finds the card of one of those tags without another query."""
    cards = find_all(id_tags)
    return lambda id_tag: cards.get(key(id_tag))


def state(card: IdTag) -> str:
    """How a tap of the card would be answered now: accepted, blocked or expired."""
    if card.status == ACCEPTED and card.expiry_date is not None and card.expiry_date <= clock.now():
        return EXPIRED
    return card.status


def search(
    text: str = "", state: str = "", group: str = "", sort: str = "tag", descending: bool = False
) -> "ModelSelect[IdTag]":
    """The cards that fit, in that order. Needs a connection."""
    query = IdTag.select()
    if text:
        query = query.where(
            IdTag.id_tag.contains(text) | IdTag.label.contains(text) | IdTag.parent_id_tag.contains(text)
        )
    if group:
        query = query.where(fn.LOWER(IdTag.parent_id_tag) == group.lower())
    if state in STATES:
        query = query.where(_is(state))
    order = _SORTS.get(sort, _SORTS["tag"])
    return query.order_by(order.desc() if descending else order.asc(), IdTag.id_tag_key)


def groups() -> list[str]:
    """Every group in use, for suggestions. Needs a connection."""
    query = IdTag.select(IdTag.parent_id_tag).where(IdTag.parent_id_tag.is_null(False)).distinct()
    names: Iterable[Any] = query.tuples()
    return sorted((name for (name,) in names), key=key)


def usage_since(since: datetime, cards: Iterable[IdTag]) -> dict[str, Usage]:
    """What these cards charged since then, by the card's key, in one query. Needs a connection.

    Stations spell tags as they like. SQLite knows only the letters A to Z in both cases, so of others the card's own
    spelling and its key are asked for; all are added up here.
    """
    spellings = {spelling for card in cards for spelling in (card.id_tag, card.id_tag_key)}
    query = (
        Transaction.select(Transaction.id_tag, fn.COUNT(Transaction.id), fn.SUM(Transaction.energy_wh))
        .where(fn.LOWER(Transaction.id_tag).in_([fn.LOWER(tag) for tag in spellings]), Transaction.started_at >= since)
        .group_by(Transaction.id_tag)
    )
    rows: Iterable[Any] = query.tuples()
    usage: dict[str, Usage] = {}
    for id_tag, sessions, energy_wh in rows:
        known = usage.get(key(id_tag), Usage())
        usage[key(id_tag)] = Usage(known.sessions + sessions, known.energy_wh + (energy_wh or 0))
    return usage


def add(
    unit: Unit,
    id_tag: str,
    *,
    status: str = ACCEPTED,
    expiry_date: datetime | None = None,
    parent_id_tag: str | None = None,
    label: str = "",
    note: str = "",
) -> IdTag:
    """Add a card. Raises Invalid naming the field."""
    card = IdTag(created_at=clock.now())
    fields = {
        "id_tag": id_tag,
        "status": status,
        "expiry_date": expiry_date,
        "parent_id_tag": parent_id_tag,
        "label": label,
        "note": note,
    }
    return _save(unit, card, fields)


def update(unit: Unit, id_tag_id: int, **fields: Any) -> IdTag:
    """Change the named fields of a card. Raises Invalid naming the field."""
    unknown = set(fields) - _EDITABLE
    if unknown:
        raise Invalid(min(unknown), "This cannot be changed.")
    return _save(unit, IdTag.get_by_id(id_tag_id), fields)


def delete(unit: Unit, id_tag_id: int) -> None:
    """Forget a card. Its sessions keep the tag as text."""
    card = IdTag.get_or_none(IdTag.id == id_tag_id)
    if card is not None:
        card.delete_instance()
        id_tag_changes.note(unit, [card.id_tag_key])
    unit.publish("id-tags")


def fill(card: IdTag, fields: dict[str, Any]) -> None:
    """Set the named fields, and what follows from them."""
    for name, value in fields.items():
        setattr(card, name, value)
    card.id_tag_key = key(card.id_tag or "")
    card.parent_id_tag = card.parent_id_tag or None


def check(card: IdTag) -> None:
    """Raises Invalid naming the first field that cannot be stored."""
    _check_tag("id_tag", card.id_tag or "", card.id_tag_key)
    if card.status not in STATUSES:
        raise Invalid("status", "A card is either accepted or blocked.")
    if card.parent_id_tag is not None:
        _check_tag("parent_id_tag", card.parent_id_tag, key(card.parent_id_tag))
        if key(card.parent_id_tag) == card.id_tag_key:
            raise Invalid("parent_id_tag", "A card cannot be its own group.")
    if len(card.label) > MAX_LABEL:
        raise Invalid("label", "A label has 255 characters at most.")


def _save(unit: Unit, card: IdTag, fields: dict[str, Any]) -> IdTag:
    before = card.id_tag_key
    fill(card, fields)
    check(card)
    _check_unique(card)
    card.save()
    id_tag_changes.note(unit, filter(None, (before, card.id_tag_key)))
    unknown_cards.forget(unit, card.id_tag)
    unit.publish("id-tags")
    return card


def _check_tag(field: str, id_tag: str, id_tag_key: str) -> None:
    if not id_tag.strip():
        raise Invalid(field, "Type the number that the station reads from the card.")
    # The key can be longer than the tag itself: some letters become two when folded.
    if len(id_tag) > MAX_LENGTH or len(id_tag_key) > MAX_LENGTH:
        raise Invalid(field, "OCPP 1.6 allows 20 characters at most.")
    if not id_tag.isprintable():
        raise Invalid(field, "Use visible characters only.")


def _check_unique(card: IdTag) -> None:
    twin = IdTag.get_or_none(IdTag.id_tag_key == card.id_tag_key)
    if twin is not None and twin.id != card.id:
        raise Invalid("id_tag", "This card exists already. Upper and lower case do not matter.")


def _is(state: str) -> Expression:
    if state == BLOCKED:
        return IdTag.status == BLOCKED
    over = IdTag.expiry_date.is_null(False) & (IdTag.expiry_date <= clock.now())
    return (IdTag.status == ACCEPTED) & (over if state == EXPIRED else ~over)
