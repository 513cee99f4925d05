"""The rows behind local lists: the cards that a station should keep, and the entries that it holds.

Everything is looked up by key and in parts, never the whole list: a yard may have a million entries.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ocpp_server.models import LocalList
from ocpp_server.models.local_lists import GROUPS
from ocpp_server.services.card.id_tag_changes import Rows
from ocpp_server.services.local_list import plan
from ocpp_server.services.local_list.plan import Entry, Payload
from ocpp_server.store import Unit

_CARD = "id_tag, expiry_date, parent_id_tag"
_HELD = "id_tag, expiry_date, parent_id_tag, status"
_DELETE_ALL = "DELETE FROM local_list_entry WHERE charge_point_id = ?"
_RANGE = "SELECT id_tag_key FROM local_list_entry WHERE charge_point_id = ? AND id_tag_key > ? AND id_tag_key <= ?"
_OR_UPDATE = (
    " ON CONFLICT (charge_point_id, id_tag_key) DO UPDATE SET id_tag = excluded.id_tag,"
    " expiry_date = excluded.expiry_date, parent_id_tag = excluded.parent_id_tag, status = excluded.status"
)
_CONFIGURED = (
    "SELECT LOWER(key), value FROM configuration_key WHERE charge_point_id = ? AND known"
    " AND LOWER(key) IN (?, ?, ?, ?, ?)"
)
#: Rows that one INSERT writes.
_ROWS = 50


@dataclass(frozen=True, slots=True)
class Selection:
    """The cards that a list should hold, as a condition on `id_tag`."""

    sql: str
    params: tuple[Any, ...]

    def before(self, cutoff: int | None) -> "Selection":
        """Only those that fit (see `LocalList.cutoff`)."""
        return self if cutoff is None else Selection(f"{self.sql} AND id < ?", (*self.params, cutoff))

    def beyond(self, cutoff: int | None) -> "Selection":
        """Only those that do not fit."""
        return Selection(f"{self.sql} AND id >= ?", (*self.params, cutoff if cutoff is not None else 2**63 - 1))

    def not_held(self, charge_point_id: int) -> "Selection":
        """Only those that the station does not hold."""
        held = "SELECT 1 FROM local_list_entry e WHERE e.charge_point_id = ? AND e.id_tag_key = id_tag.id_tag_key"
        return Selection(f"{self.sql} AND NOT EXISTS ({held})", (*self.params, charge_point_id))


def selection(rows: Rows, listing: LocalList, now: int) -> Selection:
    """The valid cards that the station keeps, at `now` (ms since 1970)."""
    valid = Selection("status = 'accepted' AND (expiry_date IS NULL OR expiry_date > ?)", (now,))
    if listing.keeps != GROUPS:
        return valid
    spellings = _spellings(rows, json.loads(listing.groups))
    return Selection(f"{valid.sql} AND parent_id_tag IN ({_marks(spellings)})", (*valid.params, *spellings))


def _spellings(rows: Rows, groups: Collection[str]) -> list[str]:
    """Each way in which cards name these groups; upper and lower case do not matter."""
    wanted = {group.casefold() for group in groups}
    used = rows("SELECT DISTINCT parent_id_tag FROM id_tag WHERE parent_id_tag IS NOT NULL")
    return [name for (name,) in used if name.casefold() in wanted] or [""]


def count(rows: Rows, chosen: Selection) -> int:
    return rows(f"SELECT COUNT(*) FROM id_tag WHERE {chosen.sql}", *chosen.params)[0][0]  # noqa: S608


def cutoff(rows: Rows, chosen: Selection, total: int | None) -> int | None:
    """The first card that does not fit into `total` entries. Cards that were added first come first: a new card never
    takes the place of an old one."""
    if total is None or rows("SELECT COUNT(*) FROM id_tag")[0][0] <= total:
        return None
    sql = f"SELECT id FROM id_tag WHERE {chosen.sql} ORDER BY id LIMIT 1 OFFSET ?"  # noqa: S608
    found = rows(sql, *chosen.params, total)
    return found[0][0] if found else None


def between(rows: Rows, one: int | None, other: int | None, limit: int) -> list[str]:
    """The keys of the cards that a moved cutoff lets in or shuts out."""
    if one == other:
        return []
    sql, params = (
        "SELECT id_tag_key FROM id_tag WHERE id >= ?",
        [min(edge for edge in (one, other) if edge is not None)],
    )
    if one is not None and other is not None:
        sql, params = sql + " AND id < ?", [min(one, other), max(one, other)]
    return [key for (key,) in rows(sql + " ORDER BY id LIMIT ?", *params, limit)]


def after(rows: Rows, chosen: Selection, key: str, limit: int) -> list[Entry]:
    """The next wanted entries in the order of their keys."""
    sql = f"SELECT {_CARD} FROM id_tag WHERE {chosen.sql} AND id_tag_key > ? ORDER BY id_tag_key LIMIT ?"  # noqa: S608
    return [_entry(row) for row in rows(sql, *chosen.params, key, limit)]


def among(rows: Rows, chosen: Selection, keys: Collection[str]) -> dict[str, Entry]:
    """Of these cards the wanted ones, by key."""
    sql = f"SELECT {_CARD} FROM id_tag WHERE {chosen.sql} AND id_tag_key IN"  # noqa: S608
    return _by_key(_in(rows, sql, keys, *chosen.params))


def held(rows: Rows, charge_point_id: int, keys: Collection[str]) -> dict[str, Entry]:
    """Of these entries those that the station holds, by key."""
    sql = f"SELECT {_HELD} FROM local_list_entry WHERE charge_point_id = ? AND id_tag_key IN"  # noqa: S608
    return _by_key(_in(rows, sql, keys, charge_point_id))


def cards(rows: Rows, chosen: Selection, limit: int, offset: int) -> list[tuple[str, str]]:
    """Tag and label of the selected cards in the order of their keys, for a page."""
    sql = f"SELECT id_tag, label FROM id_tag WHERE {chosen.sql} ORDER BY id_tag_key LIMIT ? OFFSET ?"  # noqa: S608
    return [(id_tag, label) for id_tag, label in rows(sql, *chosen.params, limit, offset)]


def find(rows: Rows, chosen: Selection, key: str) -> tuple[int, Entry] | None:
    """A wanted card's id and entry."""
    found = rows(f"SELECT id, {_CARD} FROM id_tag WHERE {chosen.sql} AND id_tag_key = ?", *chosen.params, key)  # noqa: S608
    return (found[0][0], _entry(found[0][1:])) if found else None


def holders(rows: Rows, key: str) -> dict[int, Entry]:
    """The entry of this card at every station that holds it. The stations are named, so that the key's index helps."""
    sql = (
        f"SELECT charge_point_id, {_HELD} FROM local_list_entry"  # noqa: S608
        " WHERE charge_point_id IN (SELECT charge_point_id FROM local_list) AND id_tag_key = ?"
    )
    return {number: _entry(tuple(facts)) for number, *facts in rows(sql, key)}


def held_after(rows: Rows, charge_point_id: int, key: str, limit: int) -> list[Entry]:
    """The next entries that the station holds, in the order of their keys."""
    sql = f"SELECT {_HELD} FROM local_list_entry WHERE charge_point_id = ? AND id_tag_key > ?"  # noqa: S608
    return [_entry(row) for row in rows(f"{sql} ORDER BY id_tag_key LIMIT ?", charge_point_id, key, limit)]


def gone(rows: Rows, charge_point_id: int, chosen: Selection, revision: int, limit: int) -> list[str]:
    """The entries of cards that changed after that revision and may no longer be in the list."""
    # CROSS JOIN keeps SQLite to this order: few cards have changed, but entries are many.
    sql = (
        "SELECT e.id_tag FROM id_tag_change c CROSS JOIN local_list_entry e WHERE c.revision > ?"  # noqa: S608
        " AND e.charge_point_id = ? AND e.id_tag_key = c.id_tag_key AND NOT EXISTS"
        f" (SELECT 1 FROM id_tag WHERE id_tag.id_tag_key = c.id_tag_key AND {chosen.sql}) ORDER BY c.revision LIMIT ?"
    )
    return [id_tag for (id_tag,) in rows(sql, revision, charge_point_id, *chosen.params, limit)]


def configured(rows: Rows, charge_point_id: int) -> dict[str, str | None]:
    """What the station told of its list, by `plan.KEYS`."""
    return dict(rows(_CONFIGURED, charge_point_id, *plan.KEYS))


def apply(unit: Unit, charge_point_id: int, payload: Payload) -> int:
    """The station has accepted this update: note what it holds now. By how many entries its list became longer; for a
    whole list, how many it has."""
    found = plan.entries(payload)
    if payload.get("updateType") == plan.FULL:
        clear(unit, charge_point_id)
        gone = 0
    else:
        gone = sum(_delete(unit, charge_point_id, part) for part in _parts(list(found), _ROWS))
    kept = [entry for entry in found.values() if entry is not None]
    for group in _parts(kept, _ROWS):
        _insert(unit, charge_point_id, group)
    return len(kept) - gone


def append(unit: Unit, charge_point_id: int, payload: Payload, after: str) -> int:
    """The station has accepted a part of its whole list, whose keys all come after that one: by how many entries its
    list became longer. Hardly ever is any of them there already, which a look at the range tells at little cost."""
    found = {key: entry for key, entry in plan.entries(payload).items() if entry is not None}
    there = {key for (key,) in unit.all(_RANGE, charge_point_id, after, list(found)[-1])}
    for group in _parts(list(found.values()), _ROWS):
        _insert(unit, charge_point_id, group)
    return len(found.keys() - there)


def clear(unit: Unit, charge_point_id: int) -> None:
    """The station's list is empty."""
    unit.execute(_DELETE_ALL, charge_point_id)


def _delete(unit: Unit, charge_point_id: int, keys: Sequence[str]) -> int:
    sql = f"DELETE FROM local_list_entry WHERE charge_point_id = ? AND id_tag_key IN ({_marks(keys)})"  # noqa: S608
    return unit.execute(sql, charge_point_id, *keys).rowcount


def _insert(unit: Unit, charge_point_id: int, entries: Sequence[Entry]) -> None:
    row = f"({_marks(range(6))})"
    sql = f"INSERT INTO local_list_entry (charge_point_id, id_tag_key, {_HELD}) VALUES"
    params: list[Any] = []
    for entry in entries:
        params += (charge_point_id, entry.key, entry.id_tag, entry.expiry_date, entry.parent_id_tag, entry.status)
    unit.execute(f"{sql} {', '.join([row] * len(entries))}{_OR_UPDATE}", *params)


def _entry(row: tuple) -> Entry:
    id_tag, expiry_date, *more = row
    return Entry(id_tag, plan.whole_seconds(expiry_date), *more)


def _by_key(rows: list[tuple]) -> dict[str, Entry]:
    return {entry.key: entry for entry in map(_entry, rows)}


def _in(rows: Rows, sql: str, keys: Collection[str], *params: Any) -> list[tuple]:
    """The rows of a query that ends in IN. Few sizes of lists make few statements for the database to know."""
    found = []
    for part in _parts(sorted(keys), 256):
        size = 1 << (len(part) - 1).bit_length()
        found += rows(f"{sql} ({', '.join('?' * size)})", *params, *part, *[part[-1]] * (size - len(part)))
    return found


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[first : first + size] for first in range(0, len(items), size))
