"""Firmware jobs as operators steer them."""

from datetime import timedelta
from functools import partial

import pytest

from ocpp_server.services.errors import Invalid
from ocpp_server.services.firmware import firmware_jobs
from ocpp_server.services.firmware.firmware_jobs import Until
from tests.ocpp_server.conftest import NOON
from tests.ocpp_server.services.firmware.conftest import Yard


def test_what_failed_is_retried(yard: Yard) -> None:
    yard.stations(2)
    yard.plan(waves=(), stop_percent=None)
    yard.fails(1)
    yard.updates(2)
    yard.run()
    assert yard.job.state == "done"
    assert yard.do(firmware_jobs.retry) == 1
    yard.run()
    assert yard.states == ["asked", "confirmed"]
    yard.updates(1)
    yard.run()
    assert [row.attempts for row in yard.rows()] == [2, 1]
    assert yard.job.state == "done"


def test_a_job_does_not_go_on_that_would_end_before_its_hours_come(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(window_from="22:00", window_to="05:00", zone="UTC", ends_at=NOON + timedelta(hours=30))
    yard.time.go_on(hours=20)
    assert yard.do(firmware_jobs.pause)
    assert firmware_jobs.needs_end(yard.job)
    for until in (None, Until(NOON + timedelta(hours=34))):
        with pytest.raises(Invalid) as error:
            yard.do(partial(firmware_jobs.resume, until=until))
        assert error.value.field == "ends_at"
    assert yard.do(partial(firmware_jobs.resume, until=Until(NOON + timedelta(hours=35))))


def test_a_job_that_was_paused_beyond_its_window_goes_on_in_another_one(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(starts_at=NOON + timedelta(hours=1), ends_at=NOON + timedelta(hours=2))
    assert yard.do(firmware_jobs.pause)
    yard.time.go_on(hours=3)
    with pytest.raises(Invalid):
        yard.do(firmware_jobs.resume)
    later = yard.time.now + timedelta(hours=1)
    assert yard.do(partial(firmware_jobs.resume, until=Until(later)))
    yard.run()
    assert (yard.job.state, yard.job.ends_at, yard.states) == ("running", later, ["asked"])


def test_a_retry_keeps_a_window_that_is_open(yard: Yard) -> None:
    yard.stations(1)
    end = NOON + timedelta(hours=2)
    yard.plan(ends_at=end, stop_percent=None)
    yard.fails(1)
    assert yard.do(firmware_jobs.retry) == 1
    yard.run()
    assert (yard.job.state, yard.job.ends_at, yard.states) == ("running", end, ["asked"])


def test_a_retry_after_the_window_needs_another_end(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(ends_at=NOON + timedelta(hours=2))
    yard.fails(1)
    yard.time.go_on(hours=2)
    with pytest.raises(Invalid):
        yard.do(firmware_jobs.retry)
    assert yard.states == ["failed"]
    later = yard.time.now + timedelta(hours=1)
    assert yard.do(partial(firmware_jobs.retry, until=Until(later))) == 1
    yard.run()
    assert (yard.job.state, yard.job.ends_at, yard.states) == ("running", later, ["asked"])


def test_a_retry_of_a_cancelled_job_waits_for_its_time(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(starts_at=NOON + timedelta(hours=1))
    assert yard.do(firmware_jobs.cancel)
    assert yard.do(firmware_jobs.retry) == 1
    yard.run()
    assert (yard.job.state, yard.job.ended_at, yard.states) == ("planned", None, ["waiting"])
    yard.time.go_on(hours=1)
    yard.run()
    assert (yard.job.state, yard.states) == ("running", ["asked"])


def test_a_retry_leaves_a_paused_job_paused(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(ends_at=NOON + timedelta(hours=1), stop_percent=None)
    yard.fails(1)
    assert yard.do(firmware_jobs.pause)
    yard.time.go_on(hours=1)
    assert yard.do(firmware_jobs.retry) == 1
    yard.run()
    assert (yard.job.state, yard.states) == ("paused", ["waiting"])


def test_a_paused_job_asks_nobody_and_follows_those_under_way(yard: Yard) -> None:
    yard.stations(2)
    yard.plan(waves=(1,))
    assert yard.do(firmware_jobs.pause)
    yard.updates(1)
    yard.run()
    assert yard.states == ["confirmed", "waiting"]
    assert not yard.do(firmware_jobs.pause)
    assert yard.do(firmware_jobs.resume)
    yard.run()
    assert yard.states == ["confirmed", "asked"]


def test_a_cancelled_job_takes_back_what_is_not_on_its_way(yard: Yard) -> None:
    yard.stations(3)
    yard.plan(waves=(2,))
    yard.taken(1)
    assert yard.do(firmware_jobs.cancel)
    assert yard.states == ["asked", "cancelled", "cancelled"]
    yard.says(1, "Downloading")
    assert yard.states[0] == "downloading"
    yard.run()
    assert yard.job.state == "cancelled"
    assert not yard.do(firmware_jobs.resume)


def test_a_station_that_is_asked_again_has_one_address_of_the_image_and_none_once_the_job_is_cancelled(
    yard: Yard,
) -> None:
    yard.stations(2)
    yard.image()
    yard.plan(image_id=1, location="", waves=(), stop_percent=None)
    yard.fails(1)
    yard.fails(2)
    yard.disconnect(2)
    assert yard.do(firmware_jobs.retry) == 2
    yard.run()
    assert yard.states == ["asked", "waiting"]

    def links() -> list[str]:
        return [state for (state,) in yard.speakers[0].rows("SELECT state FROM file_link ORDER BY id")]

    assert links() == ["closed", "waiting", "waiting"]
    assert yard.do(firmware_jobs.cancel)
    assert links() == ["closed", "closed", "closed"]


def test_a_cancelled_job_closes_its_image_to_stations_that_have_not_begun_to_load(yard: Yard) -> None:
    yard.stations(4)
    yard.image()
    yard.plan(image_id=1, location="", waves=(), stop_percent=None)
    yard.taken(1)
    yard.says(1, "Downloading")
    yard.taken(2)
    yard.fails(4)
    assert yard.do(firmware_jobs.cancel)
    assert [(row.state, row.reason) for row in yard.rows()] == [
        ("downloading", ""),
        ("asked", "closed"),
        ("cancelled", "taken_back"),
        ("failed", "download_failed"),
    ]
    links = yard.speakers[0].rows("SELECT state FROM file_link ORDER BY id")
    assert links == [("waiting",), ("closed",), ("closed",), ("closed",)]
    yard.says(2, "DownloadFailed")
    assert [(row.state, row.reason) for row in yard.rows()][1] == ("failed", "download_failed")


def test_a_job_that_is_over_can_be_forgotten_and_no_other(yard: Yard) -> None:
    yard.stations(1)
    yard.plan()
    assert not yard.do(firmware_jobs.delete)
    yard.updates(1)
    yard.run()
    assert yard.do(firmware_jobs.delete)
    assert yard.states == []
