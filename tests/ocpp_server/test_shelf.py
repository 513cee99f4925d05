"""The folder of files: whole or not there, and never more than may be."""

import errno
import hashlib
import os

import pytest

from ocpp_server.shelf import DiskFull, Shelf, TooLarge


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "files")


def everything(shelf):
    return [path for path in shelf.folder.rglob("*") if path.is_file()]


def test_a_file_is_in_its_place_only_once_it_is_whole(shelf):
    incoming = shelf.begin(10)
    incoming.write(b"hello ")
    incoming.write(b"you")
    assert not shelf.has(incoming.stored_as)
    stored_as = incoming.keep()
    assert shelf.has(stored_as)
    assert shelf.path(stored_as).read_bytes() == b"hello you"
    assert (incoming.size, incoming.sha256) == (9, hashlib.sha256(b"hello you").hexdigest())
    assert everything(shelf) == [shelf.path(stored_as)]


def test_one_byte_too_many_is_refused(shelf):
    incoming = shelf.begin(3)
    incoming.write(b"abc")
    with pytest.raises(TooLarge):
        incoming.write(b"d")
    incoming.discard()
    assert everything(shelf) == []


def test_a_kept_file_can_still_be_given_up(shelf):
    incoming = shelf.begin(3)
    incoming.keep()
    incoming.discard()
    assert everything(shelf) == []


def test_what_is_held_in_reserve_is_no_room(shelf):
    assert shelf.room() > 0
    assert Shelf(shelf.folder, reserve=2**60).room() == 0


def test_a_disk_that_fills_up_meanwhile_is_noticed(shelf, monkeypatch):
    incoming = shelf.begin(100_000_000)
    monkeypatch.setattr("ocpp_server.shelf._SYNC_BYTES", 1)
    monkeypatch.setattr(Shelf, "room", lambda self: 0)
    with pytest.raises(DiskFull):
        incoming.write(b"x")
    incoming.discard()


def test_a_disk_that_is_full_is_told_from_other_faults(shelf, monkeypatch):
    for code, expected in ((errno.ENOSPC, DiskFull), (errno.EIO, OSError)):

        def fail(descriptor, code=code):
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(os, "fsync", fail)
        incoming = shelf.begin(10)
        with pytest.raises(expected):
            incoming.keep()
        incoming.discard()
    assert everything(shelf) == []


def test_what_was_under_way_at_the_last_end_is_removed(shelf):
    incoming = shelf.begin(10)
    shelf.clear_incoming()
    assert everything(shelf) == []
    incoming.discard()
