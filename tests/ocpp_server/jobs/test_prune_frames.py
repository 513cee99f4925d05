"""Old frames go, young ones stay."""

from dataclasses import replace

import pytest

from ocpp_server import clock
from ocpp_server.frame_log import INSERT
from ocpp_server.jobs.prune_frames import prune_frames
from tests.ocpp_server.conftest import NOON

DAY = 24 * 3600 * 1000


@pytest.fixture
def frames(store, time):
    """Frames of so many days ago."""

    def record(*ages):
        rows = [(1, clock.to_ms(NOON) - round(age * DAY), False, 2, "a", "Heartbeat", "", "", "") for age in ages]
        store.write(lambda unit: [unit.insert_later(INSERT, row) for row in rows])

    return record


def count(store):
    return store.write(lambda unit: unit.one("SELECT count(*) FROM frame"))[0]


def test_only_what_is_older_than_the_setting_says_goes(store, settings, frames):
    frames(31, 30.001, 30, 29, 0)
    prune_frames(store, settings)
    assert count(store) == 3
    prune_frames(store, settings)
    assert count(store) == 3


def test_zero_days_keep_everything(store, settings, frames):
    frames(4000)
    prune_frames(store, replace(settings, frame_log_days=0))
    assert count(store) == 1


def test_many_frames_go_in_steps(store, settings, frames):
    frames(*[40] * 1250, *[1] * 10)
    prune_frames(store, settings)
    assert count(store) == 10


def test_an_empty_log_is_fine(store, settings, time):
    prune_frames(store, settings)
    assert count(store) == 0
