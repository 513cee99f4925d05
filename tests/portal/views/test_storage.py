"""Settings → Storage: what the database holds, how it grows, what is kept."""

from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.models import StorageSample
from ocpp_server.services import storage


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
    monkeypatch.setattr(storage, "free_bytes", lambda store: 14 * 10**9)
    page = admin.get("/settings/storage").text
    assert "in 2 weeks" in page
    assert "the disk is full in a few weeks" in page


def test_a_disk_that_lasts_is_no_warning(admin, grown, monkeypatch):
    monkeypatch.setattr(storage, "free_bytes", lambda store: 10**15)
    page = admin.get("/settings/storage").text
    assert "not within ten years" in page
    assert "alert-warning" not in page


def test_a_disk_that_cannot_be_seen_is_said_so(admin, grown, monkeypatch):
    monkeypatch.setattr(storage, "free_bytes", lambda store: None)
    assert "cannot be seen from here" in admin.get("/settings/storage").text
