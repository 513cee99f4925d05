"""What stations sent is kept for a while only, and the folder holds nothing that nobody names."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.jobs.received_files import prune_received_files
from ocpp_server.models import ReceivedFile
from ocpp_server.services.file import file_limits


@pytest.fixture
def shelf(settings):
    return file_limits.shelf(settings)


@pytest.fixture
def receive(store, shelf, speaker):
    def receive(days_ago):
        incoming = shelf.begin(3)
        incoming.write(b"log")
        at = clock.now() - timedelta(days=days_ago)
        facts = {"size": 3, "sha256": incoming.sha256, "stored_as": incoming.keep(), "received_at": at}
        create = {"charge_point": speaker.station.id, "file_name": f"{days_ago}.log", **facts}
        return store.write(lambda unit: ReceivedFile.create(**create))

    return receive


def names(store):
    with store.reading():
        return {row.file_name for row in ReceivedFile.select()}


def test_old_files_go_with_their_rows(store, settings, shelf, receive):
    old, young = receive(91), receive(89)
    prune_received_files(store, settings)
    assert names(store) == {"89.log"}
    assert not shelf.path(old.stored_as).exists()
    assert shelf.path(young.stored_as).exists()


def test_a_setting_keeps_all(store, settings, receive):
    receive(9_999)
    prune_received_files(store, replace(settings, received_days=0))
    assert names(store) == {"9999.log"}


def test_what_a_crash_has_left_is_removed_once_it_is_old(store, settings, shelf, receive):
    known = receive(1)
    orphan, unfinished, fresh = shelf.begin(3), shelf.begin(3), shelf.begin(3)
    left = shelf.path(orphan.keep())
    for path in (left, unfinished.path, shelf.path(known.stored_as)):
        os.utime(path, (0, 0))
    prune_received_files(store, settings)
    assert [path.exists() for path in (left, unfinished.path)] == [False, False]
    assert [path.exists() for path in (fresh.path, shelf.path(known.stored_as))] == [True, True]
    for incoming in (unfinished, fresh):
        incoming.discard()
