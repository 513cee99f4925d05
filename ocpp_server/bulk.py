"""Statements that write many rows at once: on SQLite by `executemany`, on PostgreSQL in one round trip.

psycopg's own `executemany` costs as much for each row as a statement for all of them.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import orjson

_PLAIN_INSERT = re.compile(r"INSERT INTO (\w+) (\([\w, ]+\)) VALUES \([?, ]+\)")


@dataclass(frozen=True, eq=False)
class Rows:
    """A statement for rows of one table: a row holds `columns` in their order, and `key_of` says whose it is."""

    table: str
    columns: tuple[str, ...]
    key_of: Callable[[Sequence], Any]
    sqlite: str
    postgresql: str


def insert(table: str, columns: Sequence[str]) -> Rows:
    """Add rows whose `id` is known beforehand (`Unit.next_id`)."""
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    return Rows(
        table,
        tuple(columns),
        itemgetter(columns.index("id")),
        f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608  # all names are our own
        f"COPY {table} ({names}) FROM STDIN",
    )


def update(table: str, key: str, columns: Sequence[str]) -> Rows:
    """Change rows; each holds the new values and, last, the key."""
    return Rows(
        table,
        (*columns, key),
        itemgetter(len(columns)),
        f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in columns)} WHERE {key} = ?",  # noqa: S608
        f"UPDATE {table} SET {', '.join(f'{name} = new.{name}' for name in columns)}"  # noqa: S608
        f" FROM json_populate_recordset(NULL::{table}, %s::json) AS new WHERE {table}.{key} = new.{key}",
    )


def upsert(table: str, keys: Sequence[str], columns: Sequence[str]) -> Rows:
    """Add rows or replace those with the same keys."""
    names = (*keys, *columns)
    into = f"INSERT INTO {table} ({', '.join(names)})"
    replace = (
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in columns)}"
    )
    return Rows(
        table,
        names,
        itemgetter(*range(len(keys))),
        f"{into} VALUES ({', '.join('?' * len(names))}){replace}",
        f"{into} SELECT {', '.join(names)} FROM json_populate_recordset(NULL::{table}, %s::json){replace}",  # noqa: S608
    )


def write(connection: Any, rows: Rows, values: Iterable[Sequence], *, is_sqlite: bool) -> None:
    """Write rows on a connection as the driver made it."""
    if is_sqlite:
        connection.cursor().executemany(rows.sqlite, values)
    elif rows.postgresql.startswith("COPY"):
        copy(connection, rows.postgresql, values)
    else:
        # As PostgreSQL unpacks them again, by the types of the table's own columns.
        text = orjson.dumps([dict(zip(rows.columns, row, strict=True)) for row in values]).decode()
        connection.execute(rows.postgresql, (text,))


def as_copy(sql: str) -> str | None:
    """What PostgreSQL takes in place of a plain INSERT with `?` for each column; None for any other statement."""
    found = _PLAIN_INSERT.fullmatch(sql)
    return f"COPY {found[1]} {found[2]} FROM STDIN" if found else None


def copy(connection: Any, statement: str, rows: Iterable[Sequence]) -> None:
    """Send rows to a COPY of psycopg's connection."""
    with connection.cursor() as cursor, cursor.copy(statement) as copying:
        for row in rows:
            copying.write_row(row)
