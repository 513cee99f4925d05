"""Settings → Storage: what the database holds, how it grows, what is kept."""

import re
from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.models import TABLES, ReceivedFile, StorageSample
from ocpp_server.services import storage
from ocpp_server.services.firmware import firmware_images
from ocpp_server.services.storage import Disk
from portal.table_names import TABLE_NAMES


@pytest.fixture
def grown(store):
    """A gigabyte more each day for ten days."""

    def work(unit):
        for days in range(10, -1, -1):
            at = clock.now() - timedelta(days=days)
            size = {"database_bytes": (11 - days) * 10**9, "meter_values": 1, "frames": 1, "transactions": 1}
            StorageSample.create(day=at.replace(hour=0, minute=0, second=0, microsecond=0), at=at, **size)

    store.write(work)


def test_an_admin_sees_what_is_held_and_for_how_long(admin, add_station):
    add_station()
    page = admin.get("/settings/storage").text
    assert "Stations" in page
    assert "CSMS_METER_VALUE_DAYS" in page
    assert "90 days" in page
    assert "known after two days" in page


def test_every_table_has_a_name_in_words():
    assert set(TABLE_NAMES) == {table._meta.table_name for table in TABLES}


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_nobody_else_does(app, log_in, role):
    client = app.test_client()
    log_in(client, role)
    assert client.get("/settings/storage").status_code == 403


def test_it_says_how_fast_the_database_grows(admin, grown):
    page = admin.get("/settings/storage").text
    assert "1 GB" in page
    assert "a day, over 10 days" in page


def test_it_says_when_the_disk_is_full(admin, grown, monkeypatch):
    disk = Disk(14 * 10**9, has_database=True, has_files=True)
    monkeypatch.setattr(storage, "disks", lambda store, shelf: [disk])
    page = admin.get("/settings/storage").text
    assert "in 2 weeks" in page
    assert "the disk is full in a few weeks" in page


def test_a_disk_that_lasts_is_no_warning(admin, grown, monkeypatch):
    disk = Disk(10**15, has_database=True, has_files=True)
    monkeypatch.setattr(storage, "disks", lambda store, shelf: [disk])
    page = admin.get("/settings/storage").text
    assert "not within ten years" in page
    assert "alert-warning" not in page


def test_each_disk_is_shown_with_what_is_on_it(admin, store, monkeypatch):
    page = admin.get("/settings/storage").text
    if not store.is_sqlite:
        assert re.search("where the files are; PostgreSQL.*s disk cannot be seen from here", page)
        return
    assert "where database and files are" in page
    both = [Disk(7 * 10**9, has_database=True, has_files=False), Disk(9 * 10**9, has_database=False, has_files=True)]
    monkeypatch.setattr(storage, "disks", lambda store, shelf: both)
    page = admin.get("/settings/storage").text
    assert re.search("7 GB</dd><dd>where the database is</dd>.*9 GB</dd><dd>where the files are</dd>", page, re.DOTALL)


def test_it_says_what_the_files_take_and_may_take(admin, store, add_station):
    station = add_station()
    facts = {"file_name": "x", "sha256": "ab", "stored_as": "x"}
    store.write(lambda unit: firmware_images.add(unit, size=5_000_000, by="Olga", **facts))
    store.write(lambda unit: ReceivedFile.create(charge_point=station, size=3000, received_at=clock.now(), **facts))
    table = admin.get("/settings/storage").text.partition('id="files-title"')[2]
    rows = re.findall("<tr>(.*?)</tr>", table, re.DOTALL)
    assert [" ".join(re.sub("<[^>]*>", " ", row).split()) for row in rows[1:3]] == [
        "Firmware images 1 5 MB 1 GB each",
        "Files from stations 1 3 kB 10 GB, 1 GB of one station",
    ]
