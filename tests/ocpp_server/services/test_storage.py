"""The size of the database is estimated well and cheaply."""

from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.frame_log import INSERT
from ocpp_server.jobs.storage_sample import note_storage
from ocpp_server.models import ReceivedFile, StorageSample
from ocpp_server.services import storage
from ocpp_server.services.file import file_limits
from ocpp_server.services.firmware import firmware_images
from ocpp_server.services.storage import Disk
from tests.ocpp_server.conftest import NOON

FRAMES = 20_000
#: With 60 bytes free.
SHARED = Disk(60, has_database=True, has_files=True)
OF_DATABASE = Disk(60, has_database=True, has_files=False)
OF_FILES = Disk(60, has_database=False, has_files=True)


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
        assert storage.growth(storage.samples(), [SHARED]) is None
    time.go_on(days=1)
    note_storage(store, settings)
    with store.reading():
        assert storage.growth(storage.samples(), [SHARED]) is not None


def sample(day, database_bytes, file_bytes):
    at = NOON - timedelta(days=10 - day)
    return StorageSample(day=at, at=at, database_bytes=database_bytes, file_bytes=file_bytes)


@pytest.mark.parametrize(
    ("disks", "days"),
    [([SHARED], 2), ([OF_DATABASE, OF_FILES], 3), ([OF_FILES], 3), ([OF_DATABASE], 6), ([], None)],
)
def test_a_disk_is_filled_by_all_that_is_on_it(time, disks, days):
    found = storage.growth([sample(0, 0, 0), sample(10, 100, 200)], disks)
    assert found is not None
    assert (found.bytes_per_day, found.days) == (30, 10)
    assert found.full_at == (days and NOON + timedelta(days=days))


def test_files_count_from_the_day_on_which_they_were_first_counted(time):
    kept = [sample(0, 0, None), sample(8, 80, 5000), sample(10, 100, 5040)]
    assert storage.growth(kept[:2], [SHARED]).bytes_per_day == 10
    assert storage.growth(kept, [SHARED]).bytes_per_day == 30


def test_the_size_of_all_files_is_noted(store, settings, time, speaker):
    facts = {"file_name": "x", "sha256": "ab", "stored_as": "x"}
    gone, _ = [store.write(lambda unit: firmware_images.add(unit, size=500, by="Olga", **facts)) for _ in range(2)]
    store.write(lambda unit: firmware_images.delete(unit, file_limits.shelf(settings), gone.id))
    store.write(
        lambda unit: ReceivedFile.create(charge_point=speaker.station.id, size=30, received_at=time.now, **facts)
    )
    note_storage(store, settings)
    with store.reading():
        assert StorageSample.get().file_bytes == 530


def test_a_database_and_files_on_one_disk_are_told_once(store, settings):
    found = storage.disks(store, file_limits.shelf(settings))
    assert [(disk.has_database, disk.has_files) for disk in found] == [(store.is_sqlite, True)]
    assert found[0].free > 0
