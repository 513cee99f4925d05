"""The size of the database is estimated well and cheaply."""

from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.frame_log import INSERT
from ocpp_server.jobs.storage_sample import note_storage
from ocpp_server.models import StorageSample
from ocpp_server.services import storage

FRAMES = 20_000


@pytest.fixture
def frames(store, time):
    """Twenty thousand, of which the middle third is gone again."""
    row = (1, clock.to_ms(time.now), False, 2, "1", "Heartbeat", "x" * 300, "", "")
    store.write(lambda unit: [unit.insert_later(INSERT, row) for _ in range(FRAMES)])
    first = store.write(lambda unit: unit.one("SELECT min(id) FROM frame"))[0]
    third = FRAMES // 3
    store.write(
        lambda unit: unit.execute("DELETE FROM frame WHERE id BETWEEN ? AND ?", first + third, first + 2 * third)
    )
    if not store.is_sqlite:
        store.write(lambda unit: unit.execute("ANALYZE frame"))
    return FRAMES - third - 1


def sizes(store):
    with store.reading():
        return {table.name: table for table in storage.tables(store)}


def test_large_tables_are_estimated(store, frames):
    table = sizes(store)["frame"]
    assert not table.is_counted
    assert table.rows == pytest.approx(frames, rel=0.05)
    assert 300 * frames < table.bytes < 900 * frames


def test_small_tables_are_counted(store, frames):
    table = sizes(store)["operator"]
    assert (table.rows, table.is_counted) == (0, True)


def test_every_table_is_there(store):
    assert set(sizes(store)) == set(storage._names())


def test_on_sqlite_the_tables_add_up_to_the_file(store, frames):
    if not store.is_sqlite:
        pytest.skip("PostgreSQL knows the size of each table")
    with store.reading():
        (pages,), (unused,) = store.query("PRAGMA page_count")[0], store.query("PRAGMA freelist_count")[0]
    assert sum(table.bytes for table in sizes(store).values()) == pytest.approx((pages - unused) * 4096, abs=100)


def test_the_size_is_noted_once_a_day(store, settings, time):
    note_storage(store, settings)
    note_storage(store, settings)
    time.go_on(days=1)
    note_storage(store, settings)
    with store.reading():
        kept = list(StorageSample.select().order_by(StorageSample.day))
    assert [sample.at for sample in kept] == [time.now - timedelta(days=1), time.now]
    assert all(sample.database_bytes > 0 for sample in kept)


def test_the_growth_is_known_after_two_days(store, settings, time):
    note_storage(store, settings)
    time.go_on(days=1)
    note_storage(store, settings)
    with store.reading():
        assert storage.growth(storage.samples(), 10**9) is None
    time.go_on(days=1)
    note_storage(store, settings)
    with store.reading():
        assert storage.growth(storage.samples(), 10**9) is not None
