"""What SQLite would read for the statements of some work: a large table is not walked through for a few rows."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from ocpp_server.store import Store

LARGE = ("charging_transaction", "meter_value", "frame", "command", "audit_entry", "orphan_message")
#: Partial indexes on the few rows that are open, or odd.
_SMALL = re.compile(r"USING (COVERING )?INDEX (\w+_(open|odd|errors|flagged)|transaction_stopped_at \(stopped_at=\?)\b")
_STEP = re.compile(r"(SCAN|SEARCH) (\w+)(.*)")
_BOUNDED = re.compile(r"\bORDER BY\b.*\bLIMIT\b", re.IGNORECASE)
_AGGREGATE = re.compile(r"\b(COUNT|MIN|MAX)\(", re.IGNORECASE)
_ALIAS = r'"?{table}"?\s+(?:AS\s+)?"?{alias}"?\b'


class Statements:
    """Every statement that ran, with its parameters."""

    def __init__(self, store: Store) -> None:
        self.ran: list[tuple[str, tuple]] = []
        self._path = store.url.removeprefix("sqlite:///")

    def walks(self) -> list[str]:
        """The statements that read all of a large table, or all of one station's rows; with the step that does."""
        found = []
        with closing(sqlite3.connect(self._path)) as connection:
            for sql, params in self.ran:
                if sql.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
                    plan = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", params)]
                    found += [f"{step}: {sql}" for step in plan if _walks(sql, step, plan)]
        return found


@contextmanager
def watching(store: Store) -> Iterator[Statements]:
    """Collects what peewee and the writer send to an SQLite database."""
    statements = Statements(store)
    execute_sql, run = store.database.execute_sql, store.run

    def watched_sql(sql: str, params: Any = None, *args: Any, **options: Any) -> Any:
        statements.ran.append((sql, tuple(params or ())))
        return execute_sql(sql, params, *args, **options)

    def watched_run(sql: str, params: Any = ()) -> Any:
        statements.ran.append((sql, tuple(params)))
        return run(sql, params)

    store.database.execute_sql, store.run = watched_sql, watched_run
    try:
        yield statements
    finally:
        del store.database.execute_sql, store.run


def _walks(sql: str, step: str, plan: list[str]) -> bool:
    """Whether a step of the plan reads without end.

    In the order of an index as far as a LIMIT says, it does not; and an index alone is counted in no time.
    """
    match = _STEP.match(step)
    if match is None or not _is_large(sql, match[2]) or _SMALL.search(step):
        return False
    is_sorted = any("TEMP B-TREE FOR ORDER BY" in other for other in plan)
    is_counted = _AGGREGATE.search(sql) and "COVERING INDEX" in step
    if (_BOUNDED.search(sql) and not is_sorted) or is_counted:
        return False
    return match[1] == "SCAN" or match[3].endswith(("(charge_point_id=?)", "(state=?)"))


def _is_large(sql: str, alias: str) -> bool:
    return any(table == alias or re.search(_ALIAS.format(table=table, alias=alias), sql) for table in LARGE)
