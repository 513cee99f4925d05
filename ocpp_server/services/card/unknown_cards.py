"""Cards that were held to a reader and are not known: counted, for the operator to enrol."""

from collections.abc import Sequence
from datetime import datetime

from peewee import ModelSelect

from ocpp_server import bulk
from ocpp_server.models import UnknownCard
from ocpp_server.store import Unit

#: More than this and the oldest go, some at a time: whoever tries cards must not fill the disk.
MAX_ROWS, SLACK = 500, 50
_TABLE = "unknown_card"
_COLUMNS = ("id_tag", "charge_point_id", "action", "count", "first_at", "last_at")
_TAPS = bulk.upsert(_TABLE, ("id_tag_key",), _COLUMNS)
_COUNTS = "SELECT id_tag_key, count, first_at FROM unknown_card"
_TRIM = (
    "DELETE FROM unknown_card WHERE id IN"
    " (SELECT id FROM unknown_card ORDER BY last_at DESC, id DESC LIMIT 1000 OFFSET ?)"
)
_FORGET = "DELETE FROM unknown_card WHERE id_tag_key = ? RETURNING id"


def tapped(unit: Unit, id_tag: str, charge_point_id: int, action: str, at: int) -> None:
    """A station asked about a card that nobody knows; `at` in ms since 1970."""
    if not 0 < len(id_tag) <= 20:
        return
    counts, key = _counts(unit), id_tag.casefold()[:64]
    count, first_at = counts.get(key, (0, at))
    counts[key] = count + 1, first_at
    unit.put(_TAPS, (key, id_tag, charge_point_id, action, count + 1, first_at, at))
    if len(counts) > MAX_ROWS + SLACK:
        unit.execute(_TRIM, MAX_ROWS)
    unit.publish("inbox", "unknown-cards")


def forget(unit: Unit, id_tag: str) -> None:
    """The card is known now, or the operator does not want to see it."""
    if unit.all(_FORGET, id_tag.casefold()):
        unit.publish("inbox", "unknown-cards")


def dismiss(unit: Unit, unknown_card_ids: Sequence[int]) -> None:
    """Forget these. Each comes back when it is tapped again."""
    UnknownCard.delete().where(UnknownCard.id.in_(unknown_card_ids)).execute()
    unit.publish("inbox", "unknown-cards")


def dismiss_until(unit: Unit, until: int) -> None:
    """Forget all that was tapped until then (ms since 1970)."""
    UnknownCard.delete().where(UnknownCard.last_at <= until).execute()
    unit.publish("inbox", "unknown-cards")


def find(id_tag: str) -> UnknownCard | None:
    """The card of that tag, if it was tapped and is not known. Needs a connection."""
    return UnknownCard.get_or_none(UnknownCard.id_tag_key == id_tag.casefold())


def tapped_between(since: datetime, until: datetime, charge_point_id: int | None = None) -> "ModelSelect[UnknownCard]":
    """The cards that were last tapped then, at any station or that one, the first one first. Needs a connection."""
    query = UnknownCard.select().where(UnknownCard.last_at >= since, UnknownCard.last_at <= until)
    if charge_point_id is not None:
        query = query.where(UnknownCard.charge_point_id == charge_point_id)
    return query.order_by(UnknownCard.last_at, UnknownCard.id)


def _counts(unit: Unit) -> dict[str, tuple[int, int]]:
    """How often each was tapped, and when first: remembered, to be changed along with the row."""
    remembered = unit.remembered(_TABLE)
    if not remembered:
        remembered.update({row[0]: row[1:] for row in unit.all(_COUNTS)})
    return remembered
