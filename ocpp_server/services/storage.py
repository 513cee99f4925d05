"""How large the database is, how fast it and the files grow, and when a disk is full; millions of rows are not counted.

Small tables are counted; of large ones the number of rows is estimated: PostgreSQL knows it, and on SQLite a few
places of the table are looked at. The bytes of a table are its share of the file by the length of some of its rows.
Everything here needs a connection (`store.reading()`).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from peewee import Model

from ocpp_server import clock
from ocpp_server.models import TABLES, Frame, LocalListEntry, MeterValue, StorageSample, Transaction
from ocpp_server.services.file import file_usage
from ocpp_server.shelf import Shelf
from ocpp_server.store import Store

#: Up to so many rows are counted.
_COUNTED = 5_000
#: Places of a large table that are looked at, and rows at each.
_PLACES, _ROWS = 12, 25
#: What an index needs for a row beside the indexed values, and what a row needs beside its own.
_ENTRY_BYTES = 16
#: The growth is that of so many days at most, and of two at least.
_GROWTH_DAYS, _MIN_DAYS = 30, 1.5
_DAY = timedelta(days=1)
#: A disk that lasts longer than this needs nobody's attention.
_FAR = 3650.0


@dataclass(frozen=True)
class TableSize:
    """One table with its indexes; `is_counted` where the number of rows is no estimate."""

    name: str
    rows: int
    bytes: int
    is_counted: bool


@dataclass(frozen=True)
class Disk:
    """A disk that can be seen from here: its free bytes, and what of ours is on it."""

    free: int
    has_database: bool
    has_files: bool


@dataclass(frozen=True)
class Growth:
    """Bytes a day of database and files, from the samples of so many days; `full_at` is when the first disk is full."""

    bytes_per_day: float
    days: float
    full_at: datetime | None


def database_bytes(store: Store) -> int:
    """All of it: on SQLite the file and its write-ahead log."""
    if not store.is_sqlite:
        return int(store.query("SELECT pg_database_size(current_database())")[0][0])
    path = _path(store)
    log = path.with_name(f"{path.name}-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)


def disks(store: Store, shelf: Shelf) -> list[Disk]:
    """The disk of the database, if that can be seen from here, and that of the files; one where they share it."""
    free = shelf.free()
    if not store.is_sqlite:
        return [Disk(free, has_database=False, has_files=True)]
    folder = _path(store).parent
    if folder.stat().st_dev == shelf.folder.stat().st_dev:
        return [Disk(free, has_database=True, has_files=True)]
    own = Disk(shutil.disk_usage(folder).free, has_database=True, has_files=False)
    return [own, Disk(free, has_database=False, has_files=True)]


def tables(store: Store) -> list[TableSize]:
    """Every table, the largest first."""
    found = _sqlite_tables(store) if store.is_sqlite else _postgresql_tables(store)
    return sorted(found, key=lambda table: (-table.bytes, table.name))


def estimated_rows(store: Store, model: type[Model]) -> int:
    """About how many rows a table has."""
    name = model._meta.table_name
    counted = _count_few(store, name)
    if counted is not None:
        return counted
    return _spread(store, name)[0] if store.is_sqlite else _known_to_postgresql(store)[name][0]


def take_sample(store: Store) -> StorageSample:
    """Today's sizes, not saved yet."""
    now = clock.now()
    return StorageSample(
        day=_midnight(now),
        at=now,
        database_bytes=database_bytes(store),
        file_bytes=file_usage.usage().bytes,
        meter_values=estimated_rows(store, MeterValue),
        frames=estimated_rows(store, Frame),
        transactions=estimated_rows(store, Transaction),
    )


def is_sampled(at: datetime) -> bool:
    """Whether that day's sizes are kept already."""
    return StorageSample.select().where(StorageSample.day == _midnight(at)).exists()


def samples() -> list[StorageSample]:
    """The daily sizes that say how fast it grows now, oldest first."""
    since = clock.now() - _GROWTH_DAYS * _DAY
    return list(StorageSample.select().where(StorageSample.at >= since).order_by(StorageSample.at))


def growth(kept: Sequence[StorageSample], disks: Sequence[Disk]) -> Growth | None:
    """How fast they grow; None while too little is known."""
    database = _rate([(sample.at, sample.database_bytes) for sample in kept])
    if database is None:
        return None
    # Not known yet in the first days after files began to be counted.
    files = _rate([(sample.at, sample.file_bytes) for sample in kept if sample.file_bytes is not None]) or 0.0
    lasts = min((_lasts(disk, database, files) for disk in disks), default=_FAR)
    full_at = clock.now() + lasts * _DAY if lasts < _FAR else None
    return Growth(database + files, (kept[-1].at - kept[0].at) / _DAY, full_at)


def _rate(sizes: Sequence[tuple[datetime, int]]) -> float | None:
    """Bytes a day; None while too little is known."""
    if len(sizes) < 2:
        return None
    (began, first), (ended, last) = sizes[0], sizes[-1]
    days = (ended - began) / _DAY
    return (last - first) / days if days >= _MIN_DAYS else None


def _lasts(disk: Disk, database: float, files: float) -> float:
    """The days until this disk is full."""
    rate = disk.has_database * database + disk.has_files * files
    return disk.free / rate if rate > 0 else _FAR


# -- counting ---------------------------------------------------------------------------------------------------


def _count_few(store: Store, name: str) -> int | None:
    """The number of rows, unless there are many."""
    # The names are those of our own tables.
    sql = f'SELECT count(*) FROM (SELECT 1 FROM "{name}" LIMIT {_COUNTED + 1}) AS few'  # noqa: S608
    count = int(store.query(sql)[0][0])
    return count if count <= _COUNTED else None


def _known_to_postgresql(store: Store) -> dict[str, tuple[int, int]]:
    """Rows and bytes of each table, as the planner knows them."""
    rows = store.query(
        "SELECT relname, reltuples, pg_total_relation_size(oid) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    )
    return {name: (max(0, int(tuples)), int(size)) for name, tuples, size in rows}


def _postgresql_tables(store: Store) -> list[TableSize]:
    known = _known_to_postgresql(store)
    found = []
    for name in _names():
        rows, size = known[name]
        counted = _count_few(store, name)
        found.append(TableSize(name, rows if counted is None else counted, size, counted is not None))
    return found


def _sqlite_tables(store: Store) -> list[TableSize]:
    """Each table's share of the pages in use."""
    (pages,), (page_bytes,), (unused,) = (
        store.query(f"PRAGMA {name}")[0] for name in ("page_count", "page_size", "freelist_count")
    )
    weighed = []
    for model in TABLES:
        name = model._meta.table_name
        counted = _count_few(store, name)
        estimated, length = _list_entries(store) if model is LocalListEntry else _spread(store, name)
        rows = estimated if counted is None else counted
        indexes = len(model._meta.fields_to_index()) + 1
        weighed.append((name, rows, rows * (length + _ENTRY_BYTES * indexes), counted is not None))
    whole = sum(weight for _, _, weight, _ in weighed) or 1
    used = (pages - unused) * page_bytes
    return [TableSize(name, rows, round(used * weight / whole), counted) for name, rows, weight, counted in weighed]


def _list_entries(store: Store) -> tuple[int, float]:
    """Of the one table without row ids to look at places by: each list knows its entries; the length of the first."""
    (count,) = store.query("SELECT coalesce(sum(entries), 0) FROM local_list")[0]
    found = store.query(f"SELECT * FROM local_list_entry LIMIT {_ROWS}")  # noqa: S608
    return count, sum(len(str(value)) for row in found for value in row) / max(1, len(found))


def _spread(store: Store, name: str) -> tuple[int, float]:
    """Estimated rows and their mean length, from a few rows at each of some places.

    Ids leave gaps where rows were removed, so how densely they are used is looked up at each place.
    """
    # In one query SQLite would look for both ends through the whole table.
    (first,), (last,) = (store.query(f'SELECT {end}(rowid) FROM "{name}"')[0] for end in ("min", "max"))  # noqa: S608
    if not isinstance(first, int) or not isinstance(last, int):
        return 0, 0.0
    width = max(1, (last - first + 1) // _PLACES)
    rows, length, seen = 0.0, 0, 0
    for place in range(_PLACES):
        begin = first + place * width
        end = last if place == _PLACES - 1 else begin + width - 1
        sql = f'SELECT rowid, * FROM "{name}" WHERE rowid BETWEEN ? AND ? ORDER BY rowid LIMIT {_ROWS}'  # noqa: S608
        found = store.query(sql, begin, end)
        if found:
            span = found[-1][0] - begin + 1 if len(found) == _ROWS else end - begin + 1
            rows += (end - begin + 1) * len(found) / span
            length += sum(len(str(value)) for row in found for value in row[1:])
            seen += len(found)
    return round(rows), length / max(1, seen)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _names() -> list[str]:
    return [model._meta.table_name for model in TABLES]


def _path(store: Store) -> Path:
    return Path(store.url.removeprefix("sqlite:///"))
