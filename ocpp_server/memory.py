"""What the single writer knows of the tables without asking, and what it has not written down yet.

Nobody else changes the tables, so what was read once need not be read again (`remembered`), and changes of many
pieces of work are written together (`put`). Both stay in step because every statement of the writer passes `heed`:
what was put off is written before any other statement runs, and a table that is written in another way is
forgotten. Everything is forgotten after a rollback, and when another process has written: SQLite says so at the
beginning of a transaction (`PRAGMA data_version`), PostgreSQL by a notification that triggers send.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import Any

from ocpp_server import bulk
from ocpp_server.bulk import Rows
from ocpp_server.models import TABLES

#: What the triggers of PostgreSQL notify; migrations 0014 and 0021.
CHANNEL = "chargeyard_written"
#: So many ids are fetched from PostgreSQL at a time at most.
_MOST_IDS = 256
#: The table that a statement changes. One that neither reads nor is of these kinds may change every table.
_CHANGES = re.compile(r'\s*(?:INSERT\s+INTO|UPDATE|(DELETE)\s+FROM)\s+"?(\w+)', re.IGNORECASE)
#: Whose rows hang on a table's directly: what is removed from it may take them with it.
_HANGING = {
    parent._meta.table_name: {
        table._meta.table_name for table in TABLES if any(key.rel_model is parent for key in table._meta.refs)
    }
    for parent in TABLES
}
_READS = ("SELECT", "PRAGMA", "SHOW ")


class Memory:
    """Of one writer; `connection` is the one that its transactions run on, as the driver made it."""

    def __init__(self, *, is_sqlite: bool) -> None:
        self.connection: Any = None
        self._is_sqlite = is_sqlite
        self._tables: dict[str, dict[Any, Any]] = {}
        #: Rows that were put off, by their statement and key; and which statement holds a row's latest change.
        self._waiting: dict[Rows, dict[Any, tuple]] = {}
        self._holders: dict[tuple[str, Any], Rows] = {}
        self._ids: dict[str, Iterator[int]] = {}
        self._ids_taken = self._ids_taken_before = 0
        self._data_version: int | None = None

    def remembered(self, table: str) -> dict[Any, Any]:
        """See `Unit.remembered`."""
        return self._tables.setdefault(table, {})

    def put(self, rows: Rows, row: tuple) -> None:
        """See `Unit.put`."""
        key = rows.key_of(row)
        if self._holders.setdefault((rows.table, key), rows) is not rows:
            # The same row waits for another change: that one comes first.
            self.settle()
            self._holders[rows.table, key] = rows
        self._waiting.setdefault(rows, {})[key] = row

    def next_id(self, table: str) -> int:
        """See `Unit.next_id`."""
        self._ids_taken += 1
        found = next(self._ids.get(table, iter(())), None)
        if found is None:
            ids = self._ids[table] = self._fetch_ids(table)
            found = next(ids)
        return found

    def begin(self) -> None:
        """A transaction has begun."""
        self._ids_taken_before, self._ids_taken = self._ids_taken, 0
        if self._is_sqlite:
            # The write lock is held: nobody else can commit from here on.
            (version,) = self.connection.execute("PRAGMA data_version").fetchone()
            if version != self._data_version:
                self._data_version = version
                self.forget()

    def connect(self, connection: Any) -> None:
        """The transactions run on another connection from now on."""
        self.connection, self._data_version = connection, None
        self.drop()
        if not self._is_sqlite:
            own = connection.info.backend_pid
            connection.add_notify_handler(lambda notify: None if notify.pid == own else self.forget())
            connection.execute(f"LISTEN {CHANNEL}")

    def heed(self, sql: str) -> None:
        """A statement is about to run."""
        if self._waiting:
            self.settle()
        if sql.startswith(_READS):
            return
        changed = _CHANGES.match(sql)
        if changed is None:
            self.forget()
            return
        for table in _removed_with(changed[2]) if changed[1] else (changed[2],):
            self._tables.pop(table, None)
            self._ids.pop(table, None)

    def settle(self) -> None:
        """Write what was put off."""
        waiting, self._waiting = self._waiting, {}
        self._holders.clear()
        for rows, values in waiting.items():
            bulk.write(self.connection, rows, values.values(), is_sqlite=self._is_sqlite)

    def forget(self) -> None:
        """Believe nothing that was read before."""
        self._tables.clear()
        self._ids.clear()

    def drop(self) -> None:
        """The transaction is undone, and with it what was to be written and all that was believed."""
        self._waiting.clear()
        self._holders.clear()
        self.forget()

    def _fetch_ids(self, table: str) -> Iterator[int]:
        """On SQLite those after the last. On PostgreSQL as many as a batch needs: what is left over leaves a gap."""
        if self._is_sqlite:
            self.heed("SELECT")
            (last,) = self.connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()  # noqa: S608
            return count(last + 1)
        number = min(max(self._ids_taken, self._ids_taken_before), _MOST_IDS)
        sequence = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
        return (row[0] for row in self.connection.execute(sequence, (table, number)).fetchall())


@cache
def _removed_with(table: str) -> frozenset[str]:
    """The tables whose rows may go with those of a table, that table included."""
    found, new = {table}, {table}
    while new:
        new = set().union(*(_HANGING.get(name, set()) for name in new)) - found
        found |= new
    return frozenset(found)
