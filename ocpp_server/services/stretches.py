"""Searching a long record where no index helps: so many rows at a time from the newest on, and others have their turn.

Whoever wants more asks again from where the last search ended.
"""

import time
from dataclasses import dataclass
from typing import Any

from peewee import ModelSelect

#: Rows in one statement, some milliseconds, and statements in one search.
STEP, STEPS = 2_000, 3


@dataclass(frozen=True)
class Stretch:
    """What was found. `before` is the id before which the next search begins, None at the end of the record;
    `is_certain` says whether it will find anything."""

    rows: list[Any]
    before: int | None = None
    is_certain: bool = False


def newest(fitting: "ModelSelect[Any]", record: "ModelSelect[Any]", number: int, before: int | None = None) -> Stretch:
    """The newest rows of `fitting`, looked for among those of `record`, which an index leads through by their id."""
    column = record.model.id
    rows: list[Any] = []
    for _ in range(STEPS):
        floor = _before(record.select(column), before).offset(STEP).limit(1).scalar()
        query = _before(fitting, before)
        if floor is not None:
            query = query.where(column > floor)
        rows.extend(query.limit(number + 1 - len(rows)))
        if len(rows) > number:
            return Stretch(rows[:number], rows[number - 1].id, is_certain=True)
        if floor is None:
            return Stretch(rows)
        before = floor + 1
        time.sleep(0)
    return Stretch(rows, before)


def _before(query: "ModelSelect[Any]", before: int | None) -> "ModelSelect[Any]":
    """The rows of a query that come before an id, the newest first."""
    column = query.model.id
    return (query if before is None else query.where(column < before)).order_by(column.desc())
