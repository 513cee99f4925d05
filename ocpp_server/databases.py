"""Connections to the database: SQLite with real commits, or PostgreSQL."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playhouse.pool import PooledSqliteDatabase
from playhouse.postgres_ext import PooledPsycopg3Database


class _Watched:
    """Tells of each statement that peewee is about to run."""

    #: Called with the statement; it knows itself whether it is concerned.
    before_statement: Callable[[str], None] | None = None

    def execute_sql(self, sql: str, params: Any = None, **options: Any) -> Any:
        if self.before_statement is not None:
            self.before_statement(sql)
        return super().execute_sql(sql, params, **options)  # type: ignore[misc]


class Sqlite(_Watched, PooledSqliteDatabase):
    """A file."""


class Postgresql(_Watched, PooledPsycopg3Database):
    """A database of a server."""


def connect(url: str) -> Sqlite | Postgresql:
    """The database of a URL. Raises ValueError for one of another kind."""
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        return Sqlite(
            str(path),
            max_connections=64,
            timeout=10,
            check_same_thread=False,
            pragmas={
                "journal_mode": "wal",
                "synchronous": "FULL",
                "foreign_keys": 1,
                "busy_timeout": 5000,
                # Pages that are written again and again reach the database once per checkpoint: 16 MB of log first.
                "wal_autocheckpoint": 4000,
            },
        )
    if urlsplit(url).scheme in {"postgresql", "postgres"}:
        return Postgresql(url.replace("postgres://", "postgresql://", 1), max_connections=20, timeout=10)
    raise ValueError("The database URL must begin with sqlite:/// or postgresql://.")
