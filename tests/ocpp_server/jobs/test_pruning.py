"""Old frames and records go, young ones and those that are still needed stay."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ocpp_server import clock
from ocpp_server.frame_log import INSERT
from ocpp_server.jobs.pruning import prune_frames, prune_records
from ocpp_server.models import AuditEntry, Command, OrphanMessage
from tests import charging
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


@pytest.fixture
def records(store, time):
    """Of three years ago and of now: a finished request and one that waits, messages with and without an answer, and
    an entry of the audit log."""

    def work(unit):
        station = charging.station()
        for at in (NOON - timedelta(days=1000), NOON):
            for done_at in (None, at):
                asked = {"action": "Reset", "payload": "{}", "requested_at": at, "finished_at": done_at}
                Command.create(charge_point=station, **asked)
                told = {"action": "StopTransaction", "payload": "{}", "reason": "", "received_at": at}
                OrphanMessage.create(charge_point=station, resolved_at=done_at, **told)
            AuditEntry.create(at=at, who="Anna", action="card.add")

    store.write(work)


def kept(store):
    """The ids of what is left of each."""
    with store.reading():
        tables = (Command, OrphanMessage, AuditEntry)
        return [[row.id for row in table.select().order_by(table.id)] for table in tables]


def test_records_that_are_done_with_go_and_those_that_wait_stay(store, settings, records):
    prune_records(store, settings)
    assert kept(store) == [[1, 3, 4], [1, 3, 4], [2]]


def test_zero_days_keep_every_record(store, settings, records):
    prune_records(store, replace(settings, record_days=0))
    assert kept(store) == [[1, 2, 3, 4], [1, 2, 3, 4], [1, 2]]
