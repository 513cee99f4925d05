"""Connections to the database: SQLite with real commits, or PostgreSQL."""

import sqlite3
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
import peewee
import psycopg
from playhouse.pool import PooledSqliteDatabase
from playhouse.postgres_ext import PooledPsycopg3Database, Psycopg3ExtAdapter

#: The database could not do what it was asked: a full or broken disk, a server that is away. Trying again may help.
FAILURES = (
    sqlite3.OperationalError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    peewee.OperationalError,
    peewee.InterfaceError,
)


class _Watched:
    """Tells of each statement that peewee is about to run."""

    #: Called with the statement; it knows itself whether it is concerned.
    before_statement: Callable[[str], None] | None = None

    def execute_sql(self, sql: str, params: Any = None, **options: Any) -> Any:
        if self.before_statement is not None:
            self.before_statement(sql)
        return super().execute_sql(sql, params, **options)  # type: ignore[misc]


class _Connection(psycopg.Connection):
    """Waits for its socket by watchers of gevent's that it keeps.

    psycopg sees gevent and makes a poll object, a timer and a time-out for each wait: as much work as the statement.
    """

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Run a generator that yields what it waits for: 1 to read, 2 to write, 3 for either."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            wanted = next(gen)
            while True:
                gevent.get_hub().wait(self._watchers[wanted])
                # Both, where either was waited for: its own reads and writes never block.
                wanted = gen.send(wanted)
        except StopIteration as done:
            return done.value

    @cached_property
    def _watchers(self) -> dict[int, Any]:
        loop, descriptor = gevent.get_hub().loop, self.pgconn.socket
        return {wanted: loop.io(descriptor, wanted) for wanted in (1, 2, 3)}


class _Adapter(Psycopg3ExtAdapter):
    """Makes such connections."""

    def connect(self, db: Any, **params: Any) -> psycopg.Connection:
        return _Connection.connect(db.database, **params)


class Sqlite(_Watched, PooledSqliteDatabase):
    """A file."""


class Postgresql(_Watched, PooledPsycopg3Database):
    """A database of a server."""

    psycopg3_adapter = _Adapter


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
