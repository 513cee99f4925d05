"""The database that all tables share, and how a time is stored."""

from datetime import datetime
from typing import Any

from peewee import BigIntegerField, DatabaseProxy, Model

from ocpp_server import clock

database = DatabaseProxy()


class UtcField(BigIntegerField):
    """An aware time in UTC, stored as milliseconds since 1970.

    A whole number means the same in SQLite and PostgreSQL, sorts, and costs nothing to write on the hot path.
    """

    def db_value(self, value: datetime | int | None) -> int | None:
        return clock.to_ms(value) if isinstance(value, datetime) else value

    def python_value(self, value: int | None) -> datetime | None:
        return None if value is None else clock.from_ms(value)


class Table(Model):
    """The base of every table."""

    # peewee adds these; they are named here for the reader and the type checker.
    id: Any

    class Meta:
        database = database
        legacy_table_names = False
