"""Lists in parts: the cursor holds the place of the last row, so that rows which come or go meanwhile shift nothing."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from peewee import CharField, Expression, Field, ModelSelect, TextField

from ocpp_server import clock
from ocpp_server.services.errors import Invalid
from ocpp_server.services.stretches import Stretch
from portal.converters import MAX_ID

DEFAULT = 50


@dataclass(frozen=True)
class Order:
    """By these columns, the last of them unique. All ascending, or all descending."""

    columns: Sequence[Field]
    descending: bool = False

    def apply(self, query: "ModelSelect[Any]") -> "ModelSelect[Any]":
        return query.order_by(*(column.desc() if self.descending else column.asc() for column in self.columns))

    def place(self, row: Any) -> list[Any]:
        """Where a row stands, as numbers and texts."""
        values = [getattr(row, column.name) for column in self.columns]
        return [clock.to_ms(value) if hasattr(value, "timestamp") else value for value in values]

    def after(self, place: list[Any]) -> Expression:
        """Comes after that place; the first column is said apart, so that an index on it leads there."""
        first = self.columns[0] <= place[0] if self.descending else self.columns[0] >= place[0]
        return first & reduce(or_, (self._differs_at(place, number) for number in range(len(place))))

    def _differs_at(self, place: list[Any], number: int) -> Expression:
        column, value = self.columns[number], place[number]
        behind = column < value if self.descending else column > value
        return reduce(and_, [*(self.columns[i] == place[i] for i in range(number)), behind])


def part(
    query: "ModelSelect[Any]", order: Order, wanted: dict[str, Any], to_json: Callable[[Sequence[Any]], list[dict]]
) -> dict[str, Any]:
    """The part of the list that `limit` and `cursor` ask for."""
    limit = wanted.get("limit", DEFAULT)
    if "cursor" in wanted:
        query = query.where(order.after(_decode(wanted["cursor"], order)))
    rows = list(order.apply(query).limit(limit + 1))
    shown = rows[:limit]
    cursor = _encode(order.place(shown[-1])) if len(rows) > limit else None
    return {"items": to_json(shown), "next": cursor}


def searched(
    search: Callable[[int, int | None], Stretch],
    order: Order,
    wanted: dict[str, Any],
    to_json: Callable[[Sequence[Any]], list[dict]],
) -> dict[str, Any]:
    """The part of a long record, newest first by its id, that was looked through (see `stretches`): it may hold less
    than `limit`, or nothing, and name a next one all the same. `search` takes a number of rows and an id."""
    before = _decode(wanted["cursor"], order)[0] if "cursor" in wanted else None
    found = search(wanted.get("limit", DEFAULT), before)
    return {"items": to_json(found.rows), "next": None if found.before is None else _encode([found.before])}


def each(to_json: Callable[[Any], dict]) -> Callable[[Sequence[Any]], list[dict]]:
    """For rows that need nothing but themselves."""
    return lambda rows: [to_json(row) for row in rows]


def _encode(place: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _decode(cursor: str, order: Order) -> list[Any]:
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise _strange() from error
    if not isinstance(place, list) or len(place) != len(order.columns):
        raise _strange()
    if not all(map(_is_value, order.columns, place)):
        raise _strange()
    return place


def _is_value(column: Field, value: Any) -> bool:
    """Whether this can stand in that column."""
    if isinstance(column, CharField | TextField):
        return isinstance(value, str) and "\0" not in value and _is_text(value)
    return type(value) is int and -MAX_ID <= value <= MAX_ID


def _is_text(value: str) -> bool:
    """Whether it is more than a half of a character."""
    return value.encode("utf-8", "ignore").decode() == value


def _strange() -> Invalid:
    return Invalid("cursor", "Send what the part before had as `next`.")
