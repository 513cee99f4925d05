"""Cards that were held to a reader and are not known: counted, for the operator to enrol."""

from ocpp_server.store import Unit

#: More than this and the oldest go: whoever tries cards must not fill the disk.
MAX_ROWS = 500
_UPSERT = (
    "INSERT INTO unknown_card (id_tag_key, id_tag, charge_point_id, action, count, first_at, last_at)"
    " VALUES (?, ?, ?, ?, 1, ?, ?) ON CONFLICT (id_tag_key) DO UPDATE SET id_tag = excluded.id_tag,"
    " charge_point_id = excluded.charge_point_id, action = excluded.action, count = unknown_card.count + 1,"
    " last_at = excluded.last_at"
)
_TRIM = "DELETE FROM unknown_card WHERE id IN (SELECT id FROM unknown_card ORDER BY last_at DESC, id DESC LIMIT 50 OFFSET ?)"
_FORGET = "DELETE FROM unknown_card WHERE id_tag_key = ?"


def tapped(unit: Unit, id_tag: str, charge_point_id: int, action: str, at: int) -> None:
    """A station asked about a card that nobody knows; `at` in ms since 1970."""
    if not 0 < len(id_tag) <= 20:
        return
    unit.execute(_UPSERT, id_tag.casefold()[:64], id_tag, charge_point_id, action, at, at)
    unit.execute(_TRIM, MAX_ROWS)
    unit.publish("inbox", "unknown-cards")


def forget(unit: Unit, id_tag: str) -> None:
    """The card is known now, or the operator does not want to see it."""
    unit.execute(_FORGET, id_tag.casefold())
    unit.publish("inbox", "unknown-cards")
