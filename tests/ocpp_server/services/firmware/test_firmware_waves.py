"""Firmware jobs carried out: in waves, within their window and their hours, and no further than failures allow."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from ocpp_server.models import ChargePoint, FirmwareJob
from ocpp_server.services.errors import Invalid
from ocpp_server.services.file import file_transfers
from ocpp_server.services.file.file_transfers import Peer
from ocpp_server.services.firmware import firmware_jobs, firmware_waves
from ocpp_server.services.firmware.firmware_jobs import Until
from tests.charging import session
from tests.ocpp_server.conftest import NOON, Clock
from tests.ocpp_server.services.firmware.conftest import Yard


def test_waves_follow_each_other_when_the_one_before_is_over(yard: Yard) -> None:
    yard.stations(6)
    yard.plan(waves=(1, 2))
    assert yard.states == ["asked"] + ["waiting"] * 5
    yard.run()
    assert yard.states.count("asked") == 1
    yard.updates(1)
    yard.run()
    assert yard.states == ["confirmed", "asked", "asked"] + ["waiting"] * 3
    yard.updates(2)
    yard.run()
    assert yard.states.count("waiting") == 3
    yard.updates(3)
    yard.run()
    assert yard.states == ["confirmed"] * 3 + ["asked"] * 3
    assert [row.wave for row in yard.rows()] == [1, 2, 2, 3, 3, 3]


def test_no_more_than_so_many_load_at_the_same_moment(yard: Yard) -> None:
    yard.stations(firmware_waves.AT_ONCE + 3)
    yard.plan(waves=(), stop_percent=None)
    yard.run()
    assert yard.states.count("waiting") == 3
    yard.taken(1)
    yard.says(1, "Downloading")
    yard.run()
    assert yard.states.count("waiting") == 3, "it still loads"
    yard.says(1, "Downloaded")
    yard.taken(2)
    yard.run()
    assert yard.states.count("waiting") == 2, "it has loaded, and makes room"
    yard.time.go_on(minutes=14)
    yard.says(2, "Downloading")
    yard.time.go_on(minutes=1)
    yard.run()
    assert yard.states.count("waiting") == 0, "who says nothing holds up the others for a while only"


def test_offline_and_unaccepted_stations_let_others_go_first(yard: Yard) -> None:
    yard.stations(1, connected=False)
    yard.stations(1, registration="pending")
    yard.stations(1)
    yard.plan(waves=(1,))
    assert yard.states == ["waiting", "waiting", "asked"]
    yard.updates(3)
    yard.run()
    assert yard.job.state == "running"
    yard.connect(1)
    yard.run()
    assert yard.states == ["asked", "waiting", "confirmed"]


def test_a_running_session_is_respected_unless_told_otherwise(yard: Yard, time: Clock) -> None:
    yard.stations(1)
    station = yard.speakers[0].station
    yard.store.write(lambda unit: session(ChargePoint.get_by_id(station.id), time.now, hours=None))
    yard.plan()
    assert yard.states == ["waiting_for_session"]
    yard.plan(respects_sessions=False)
    assert yard.states == ["asked"]


def test_a_station_that_waited_for_its_session_is_asked_once_it_is_over(yard: Yard, time: Clock) -> None:
    yard.stations(1)
    station = yard.speakers[0].station
    yard.store.write(lambda unit: session(ChargePoint.get_by_id(station.id), time.now, hours=None))
    yard.plan()
    yard.store.write(lambda unit: unit.execute("UPDATE charging_transaction SET stopped_at = 1"))
    yard.run()
    assert yard.states == ["asked"]


def test_a_station_that_runs_the_version_already_is_skipped(yard: Yard) -> None:
    yard.stations(2)
    yard.boots(1, "2.0")
    yard.plan(waves=(1,))
    assert yard.states == ["skipped", "asked"]


def test_a_station_is_never_asked_by_two_jobs_at_once(yard: Yard) -> None:
    yard.stations(1)
    yard.plan()
    first = yard.job_id
    yard.image()
    yard.plan(image_id=1, location="")
    yard.run()
    assert [(row.state, row.reason) for row in yard.rows()] == [("waiting", "busy")]
    assert yard.speakers[0].rows("SELECT id FROM file_link") == [], "no address for whom it cannot be told"
    yard.updates(1)
    yard.run()
    assert yard.states == ["skipped"]
    yard.job_id = first
    assert yard.states == ["confirmed"]


def test_too_many_failures_stop_the_job_and_resuming_accepts_them(yard: Yard) -> None:
    yard.stations(12)
    yard.plan(waves=(10,), stop_percent=20)
    for number in (1, 2):
        yard.fails(number)
    yard.run()
    assert yard.job.state == "running"
    yard.fails(3)
    yard.run()
    assert (yard.job.state, yard.job.stop_reason) == ("stopped", "failures")
    assert yard.do(firmware_jobs.resume)
    yard.run()
    assert yard.job.state == "running"
    for number in range(4, 11):
        yard.updates(number)
    yard.run()
    assert yard.states[10:] == ["asked", "asked"]


def test_a_window_opens_and_closes(yard: Yard) -> None:
    yard.stations(2)
    yard.plan(starts_at=NOON + timedelta(hours=1), ends_at=NOON + timedelta(hours=2), waves=(1,))
    assert (yard.job.state, yard.states) == ("planned", ["waiting", "waiting"])
    yard.time.go_on(hours=1)
    yard.run()
    assert (yard.job.state, yard.states) == ("running", ["asked", "waiting"])
    yard.updates(1)
    yard.time.go_on(hours=1)
    yard.run()
    assert (yard.job.state, yard.job.stop_reason) == ("stopped", "window")
    with pytest.raises(Invalid):
        yard.do(firmware_jobs.resume)
    with pytest.raises(Invalid):
        yard.do(partial(firmware_jobs.resume, until=Until(yard.time.now)))
    assert yard.job.state == "stopped"
    assert yard.do(partial(firmware_jobs.resume, until=Until(None)))
    yard.run()
    assert (yard.job.ends_at, yard.states) == (None, ["confirmed", "asked"])


def test_a_job_asks_at_its_hours_of_each_day(yard: Yard) -> None:
    yard.stations(3)
    yard.plan(waves=(1, 1), window_from="22:00", window_to="05:00", zone="Europe/Berlin")
    assert (yard.job.state, yard.states) == ("running", ["waiting"] * 3)
    yard.time.go_on(hours=9)  # 21:00 in UTC, 22:00 in Berlin
    yard.run()
    assert yard.states == ["asked", "waiting", "waiting"]
    yard.taken(1)
    yard.time.go_on(hours=7)
    yard.boots(1, "2.0")
    yard.run()
    assert (yard.job.state, yard.job.wave, yard.states) == ("running", 1, ["confirmed", "waiting", "waiting"])
    yard.time.go_on(hours=17)
    yard.run()
    assert yard.states == ["confirmed", "asked", "waiting"]


def test_a_job_at_hours_stops_at_its_end_as_others_do(yard: Yard) -> None:
    yard.stations(1, connected=False)
    hours = {"window_from": "22:00", "window_to": "05:00", "zone": "UTC"}
    with pytest.raises(Invalid) as error:
        yard.plan(ends_at=NOON + timedelta(hours=10), **hours)
    assert error.value.field == "ends_at"
    yard.plan(ends_at=NOON + timedelta(hours=11), **hours)
    yard.time.go_on(hours=20)
    yard.run()
    assert (yard.job.state, yard.job.stop_reason) == ("stopped", "window")


def test_an_image_has_an_address_of_its_own_for_each_station(yard: Yard) -> None:
    yard.stations(2)
    yard.image()
    yard.plan(image_id=1, location="", waves=())
    first, second = (yard.taken(number)["location"] for number in (1, 2))
    assert first != second
    assert first.endswith("/new.bin")
    yard.says(1, "Downloading")
    yard.time.go_on(minutes=119)
    link = yard.rows()[0].link_id
    yard.store.write(lambda unit: file_transfers.progress(unit, link, Peer("HTTP", "::1"), 5))
    yard.time.go_on(minutes=60)
    yard.run()
    assert yard.states == ["downloading", "silent"], "a file that is on its way is a sign of life"


def test_a_job_stops_when_its_image_is_gone(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(image_id=99, location="")
    assert (yard.job.state, yard.job.stop_reason, yard.states) == ("stopped", "image", ["waiting"])


def test_a_job_stops_when_the_file_of_its_image_is_missing(yard: Yard) -> None:
    yard.stations(1)
    yard.image().unlink()
    yard.plan(image_id=1, location="")
    assert (yard.job.state, yard.job.stop_reason, yard.states) == ("stopped", "image", ["waiting"])
    assert yard.speakers[0].rows("SELECT id FROM file_link") == []


def set_in_all_jobs(yard: Yard, **fields: Any) -> None:
    yard.store.write(lambda unit: FirmwareJob.update(**fields).execute())


def test_an_address_that_nobody_can_be_told_stops_its_job_and_no_other(yard: Yard) -> None:
    yard.stations(2)
    yard.plan(starts_at=NOON + timedelta(hours=1))
    set_in_all_jobs(yard, location="files.example/new bin")
    mistyped = yard.job_id
    yard.time.go_on(hours=1)
    yard.plan(waves=())
    assert yard.states == ["asked", "asked"]
    yard.job_id = mistyped
    assert (yard.job.state, yard.job.stop_reason, yard.states) == ("stopped", "location", ["waiting", "waiting"])


def test_an_address_that_cannot_be_decrypted_any_more_stops_its_job(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(location="ftp://me:secret@files.example/x", starts_at=NOON + timedelta(hours=1))
    set_in_all_jobs(yard, sealed_location="of another key")
    yard.time.go_on(hours=1)
    yard.run()
    assert (yard.job.state, yard.job.stop_reason, yard.states) == ("stopped", "location", ["waiting"])


def test_a_job_that_fails_holds_up_no_other_and_is_told(yard: Yard) -> None:
    yard.stations(2)
    yard.plan(starts_at=NOON + timedelta(hours=1))
    set_in_all_jobs(yard, created_at=10**18)  # a year that no datetime holds
    with pytest.raises(ExceptionGroup) as failed:
        yard.plan(waves=())
    assert len(failed.value.exceptions) == 1
    assert yard.states == ["asked", "asked"]


def test_a_deleted_station_holds_nothing_up(yard: Yard) -> None:
    yard.stations(1, connected=False)
    yard.store.write(lambda unit: unit.execute("UPDATE charge_point SET deleted_at = 1"))
    yard.plan()
    yard.run()
    assert (yard.states, yard.job.state) == (["cancelled"], "done")
