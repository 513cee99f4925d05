"""Firmware jobs: made, steered, and carried out in waves over stations that speak for themselves."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ocpp_server import clock, stations
from ocpp_server.frames import CallError
from ocpp_server.jobs.firmware_jobs import carry_out_firmware_jobs
from ocpp_server.models import ChargePoint, FirmwareJob, FirmwareUpdate
from ocpp_server.operations import firmware as operation
from ocpp_server.outgoing import Conclusion
from ocpp_server.services import batches, commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.file import file_limits, file_transfers
from ocpp_server.services.file.file_transfers import Peer
from ocpp_server.services.firmware import firmware_images, firmware_jobs, firmware_waves, plans
from ocpp_server.services.firmware.firmware_jobs import Until
from ocpp_server.services.firmware.plans import Plan
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.charging import session
from tests.ocpp_server.conftest import NOON, Clock, Speaker

URL = "ftp://files.example/new.bin"


class Yard:
    """Stations CP-1 … CP-n, connected, and one job over them."""

    def __init__(self, store: Store, settings: Settings, time: Clock, another: Callable[..., Speaker]) -> None:
        self.store, self.settings, self.time, self._another = store, settings, time, another
        self.speakers: list[Speaker] = []
        self.job_id = 0

    def stations(self, count: int, *, connected: bool = True, **fields: Any) -> None:
        for number in range(len(self.speakers) + 1, len(self.speakers) + count + 1):
            speaker = self._another(f"CP-{number}", **fields)
            speaker.ask("BootNotification", BOOT | {"firmwareVersion": "1.0"})
            self.speakers.append(speaker)
            if connected:
                self.connect(number)

    def connect(self, number: int) -> None:
        self.speakers[number - 1].station.begin_connection(lambda: None, lambda reason: None)

    def disconnect(self, number: int) -> None:
        self.speakers[number - 1].station.end_connection()

    def plan(self, **fields: Any) -> None:
        ids = [speaker.station.id for speaker in self.speakers]
        plan = Plan(**{"location": URL, "version": "2.0", **fields})
        self.job_id = self.store.write(lambda unit: firmware_jobs.create(unit, plan, ids, by="Olga").id)
        self.run()

    def image(self) -> Path:
        """An image is kept here; where its file is."""
        facts = {"file_name": "new.bin", "size": 9, "sha256": "0", "stored_as": "x", "by": "Olga"}
        self.store.write(lambda unit: firmware_images.add(unit, **facts))
        path = file_limits.shelf(self.settings).path("x")
        path.parent.mkdir(parents=True)
        path.write_bytes(b"firmware!")
        return path

    def run(self) -> None:
        carry_out_firmware_jobs(self.store, self.settings)

    def do(self, what: Callable[..., Any]) -> Any:
        return self.store.write(lambda unit: what(unit, self.job_id))

    def taken(self, number: int, answer: Any = None) -> dict[str, Any]:
        """The station takes what was sent to it and answers; the payload of the request."""
        station = self.speakers[number - 1].station

        def work(unit: Any) -> dict[str, Any]:
            claimed = commands.claim(unit, station.id)
            assert claimed is not None, f"nothing was sent to {station.identity}"
            if isinstance(answer, CallError):
                commands.refused(unit, claimed, answer)
            else:
                commands.answered(unit, claimed, {})
                operation.taken(Conclusion(unit, station, claimed, {}))
            return claimed.payload

        return self.store.write(work)

    def says(self, number: int, *words: str) -> None:
        for word in words:
            assert self.speakers[number - 1].ask("FirmwareStatusNotification", {"status": word}) == {}

    def boots(self, number: int, version: str) -> None:
        self.speakers[number - 1].ask("BootNotification", BOOT | {"firmwareVersion": version})

    def updates(self, number: int) -> None:
        """A whole update that goes well."""
        self.taken(number)
        self.says(number, "Downloading", "Downloaded", "Installing", "Installed")
        self.boots(number, "2.0")

    def fails(self, number: int) -> None:
        self.taken(number)
        self.says(number, "Downloading", "DownloadFailed")

    @property
    def job(self) -> FirmwareJob:
        with self.store.reading():
            return FirmwareJob.get_by_id(self.job_id)

    def rows(self) -> list[FirmwareUpdate]:
        with self.store.reading():
            return list(FirmwareUpdate.select().where(FirmwareUpdate.job == self.job_id).order_by(FirmwareUpdate.id))

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.rows()]


BOOT = {"chargePointVendor": "Acme", "chargePointModel": "Box"}


@pytest.fixture
def yard(store: Store, settings: Settings, time: Clock, another: Callable[..., Speaker]) -> Yard:
    return Yard(store, settings, time, another)


def test_a_station_is_updated_from_the_request_to_the_proof(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(retries=3, retry_interval=60)
    assert yard.states == ["asked"]
    assert yard.taken(1) == {
        "location": URL,
        "retrieveDate": clock.iso(NOON),
        "retries": 3,
        "retryInterval": 60,
    }
    for word, state in (
        ("Downloading", "downloading"),
        ("Downloaded", "downloaded"),
        ("Installing", "installing"),
        ("Installed", "installed"),
    ):
        yard.time.go_on(minutes=1)
        yard.says(1, word)
        assert yard.states == [state]
    yard.boots(1, "2.0")
    assert yard.states == ["confirmed"]
    yard.run()
    assert yard.job.state == "done"
    (row,) = yard.rows()
    assert row.installed_at - row.asked_at == timedelta(minutes=4)
    assert (row.version_before, row.version_after, row.attempts) == ("1.0", "2.0", 1)
    assert yard.job.created_by == "Olga"


def test_a_boot_before_installed_is_proof_as_well(yard: Yard) -> None:
    yard.stations(1)
    yard.plan()
    yard.taken(1)
    yard.says(1, "Downloading", "Downloaded", "Installing")
    yard.boots(1, "2.0")
    assert yard.states == ["confirmed"]
    yard.says(1, "Installed")
    assert yard.states == ["confirmed"]


def test_nothing_depends_on_what_the_process_remembers(yard: Yard) -> None:
    yard.stations(1)
    yard.plan()
    yard.taken(1)
    yard.says(1, "Downloading")
    stations.clear()
    speaker = yard.speakers[0]
    with yard.store.reading():
        speaker.station = stations.of(ChargePoint.get_by_id(speaker.station.id))
    yard.boots(1, "1.0")
    yard.says(1, "Downloaded", "Installing")
    yard.boots(1, "2.0")
    assert yard.states == ["confirmed"]


def test_a_boot_looks_at_updates_once_and_then_no_more(yard: Yard) -> None:
    yard.stations(1)
    assert yard.speakers[0].station.has_update is False
    yard.plan()
    assert yard.speakers[0].station.has_update is True


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


def test_installed_without_proof_holds_a_wave_up_for_a_quarter_of_an_hour_only(yard: Yard) -> None:
    yard.stations(2)
    yard.plan(waves=(1,))
    yard.taken(1)
    yard.says(1, "Installed")
    yard.time.go_on(minutes=14)
    yard.run()
    assert yard.states == ["installed", "waiting"]
    yard.time.go_on(minutes=1)
    yard.run()
    assert yard.states == ["unproven", "asked"]


def test_a_station_that_never_comes_back_after_installed_fails_its_wave(yard: Yard) -> None:
    yard.stations(2)
    yard.plan(waves=(1,), patience=3600)
    yard.taken(1)
    yard.says(1, "Installed")
    yard.disconnect(1)
    yard.time.go_on(minutes=59)
    yard.run()
    assert yard.states == ["installed", "waiting"]
    yard.time.go_on(minutes=1)
    yard.run()
    assert [(row.state, row.reason) for row in yard.rows()] == [("silent", "not_back"), ("waiting", "")]
    assert (yard.job.state, yard.job.stop_reason) == ("stopped", "failures")
    yard.connect(1)
    yard.boots(1, "2.0")
    assert yard.states == ["confirmed", "waiting"]


def test_little_patience_leaves_time_for_a_reboot(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(patience=60)
    yard.taken(1)
    yard.says(1, "Installed")
    yard.disconnect(1)
    yard.time.go_on(minutes=14)
    yard.run()
    assert yard.states == ["installed"]
    yard.time.go_on(minutes=1)
    yard.run()
    assert yard.states == ["silent"]


def test_a_boot_with_the_old_version_after_installed_is_a_failure_of_its_own(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(version="")
    yard.taken(1)
    yard.says(1, "Installed")
    yard.boots(1, "1.0")
    assert [(row.state, row.reason, row.detail) for row in yard.rows()] == [("failed", "old_version", "1.0")]


def test_installed_after_a_boot_with_a_third_version_is_a_failure(yard: Yard) -> None:
    yard.stations(1)
    yard.plan()
    yard.taken(1)
    yard.says(1, "Installing")
    yard.boots(1, "1.5")
    assert yard.states == ["installing"], "it may go on from there"
    yard.says(1, "Installed")
    assert [(row.state, row.reason, row.detail) for row in yard.rows()] == [("failed", "wrong_version", "1.5")]
    yard.boots(1, "2.0")
    assert yard.states == ["confirmed"]


def test_installed_after_a_boot_with_the_old_version_has_its_proof_to_come(yard: Yard) -> None:
    yard.stations(1)
    yard.plan()
    yard.taken(1)
    yard.says(1, "Installing")
    yard.boots(1, "1.0")
    yard.says(1, "Installed")
    assert yard.states == ["installed"]


def forget_versions(yard: Yard) -> None:
    yard.store.write(lambda unit: unit.execute("UPDATE charge_point SET firmware_version = NULL"))


def test_a_boot_on_the_way_tells_the_version_that_was_not_known_before(yard: Yard) -> None:
    yard.stations(1)
    forget_versions(yard)
    yard.plan(version="")
    yard.taken(1)
    yard.says(1, "Downloading")
    yard.boots(1, "1.0")
    assert [(row.state, row.version_before, row.version_after) for row in yard.rows()] == [("downloading", "1.0", None)]
    yard.says(1, "Downloaded", "Installing", "Installed")
    yard.boots(1, "1.1")
    assert [(row.state, row.version_after) for row in yard.rows()] == [("confirmed", "1.1")]


def test_a_boot_that_cannot_be_compared_proves_nothing_and_holds_nothing_up(yard: Yard) -> None:
    yard.stations(1)
    forget_versions(yard)
    yard.plan(version="")
    yard.taken(1)
    yard.says(1, "Installing", "Installed")
    yard.boots(1, "1.1")
    (row,) = yard.rows()
    assert (row.state, row.reason, row.detail) == ("unproven", "nothing_to_compare", "1.1")
    yard.run()
    assert yard.job.state == "done"


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


@pytest.mark.parametrize(("code", "state"), [("NotImplemented", "unsupported"), ("InternalError", "failed")])
def test_a_refusal_ends_it_with_the_stations_words(yard: Yard, code: str, state: str) -> None:
    yard.stations(1)
    yard.plan()
    yard.taken(1, CallError("1", code, "not today", {}, ""))
    (row,) = yard.rows()
    assert (row.state, row.reason, row.detail) == (state, "refused", f"{code}: not today")


def test_a_station_that_left_before_it_was_asked_waits_again(yard: Yard) -> None:
    yard.stations(1)
    yard.plan()
    yard.disconnect(1)
    yard.time.go_on(minutes=2)
    yard.store.write(commands.expire)
    yard.run()
    assert yard.states == ["waiting"]
    yard.connect(1)
    yard.run()
    assert yard.states == ["asked"]


def test_silence_ends_an_update_and_a_late_word_brings_it_back(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(patience=3600)
    yard.taken(1)
    yard.says(1, "Downloading")
    yard.time.go_on(minutes=59)
    yard.run()
    assert yard.states == ["downloading"]
    yard.time.go_on(minutes=1)
    yard.run()
    assert yard.states == ["silent"]
    yard.says(1, "Downloaded", "Installing")
    yard.boots(1, "2.0")
    assert yard.states == ["confirmed"]


def test_patience_may_last_for_a_month(yard: Yard) -> None:
    yard.stations(1)
    yard.plan(patience=30 * 86400)
    yard.taken(1)
    yard.time.go_on(days=29, hours=23)
    yard.run()
    assert yard.states == ["asked"]
    yard.time.go_on(hours=1)
    yard.run()
    assert yard.states == ["silent"]


def test_a_word_of_the_next_day_speaks_of_something_else(yard: Yard) -> None:
    yard.stations(1)
    yard.plan()
    yard.fails(1)
    yard.time.go_on(hours=25)
    yard.says(1, "Installed")
    assert yard.states == ["failed"]


def by_hand(yard: Yard, number: int, location: str = URL, **fields: Any) -> None:
    payload = {"location": location, "retrieveDate": clock.iso(yard.time.now), **fields}
    station = yard.speakers[number - 1].station
    yard.store.write(lambda unit: commands.request(unit, station.id, "UpdateFirmware", payload, by="Olga"))
    yard.taken(number)


def test_an_update_that_an_operator_asks_for_by_hand_replaces_that_of_the_job(yard: Yard) -> None:
    yard.stations(1)
    yard.plan()
    yard.taken(1)
    by_hand(yard, 1)
    yard.says(1, "Installed")
    assert [(row.state, row.reason) for row in yard.rows()] == [("failed", "replaced")]


def test_an_update_by_hand_is_followed_like_one_of_a_job(yard: Yard) -> None:
    yard.stations(1)
    by_hand(yard, 1, "ftp://me:secret@files.example/x", retries=10**30)
    yard.job_id = 1
    assert (yard.job.is_by_hand, yard.job.created_by, yard.states) == (True, "Olga", ["asked"])
    assert yard.job.location == "ftp://me:********@files.example/x"
    assert firmware_jobs.location_of(yard.job) == "ftp://me:secret@files.example/x"
    yard.says(1, "Downloading", "Downloaded", "Installing")
    yard.boots(1, "1.1")
    yard.run()
    assert (yard.states, yard.job.state) == (["confirmed"], "done")


def test_requests_of_one_batch_are_one_job(yard: Yard) -> None:
    yard.stations(2)
    payload = {"location": URL, "retrieveDate": "2026-11-23T12:00:00Z"}
    ids = [speaker.station.id for speaker in yard.speakers]
    yard.store.write(lambda unit: batches.request(unit, ids, "UpdateFirmware", payload, by="Olga"))
    yard.taken(1)
    yard.run()
    yard.says(1, "DownloadFailed")
    yard.run()
    yard.job_id = 1
    assert yard.job.state == "done"
    yard.taken(2)
    assert (yard.job.state, yard.states) == ("running", ["failed", "asked"])
    yard.time.go_on(hours=25)
    yard.run()
    assert yard.states[1] == "asked", "a day passes before it may load at all"
    yard.time.go_on(hours=2)
    yard.run()
    assert yard.states[1] == "silent"


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


def test_words_without_a_job_are_kept_at_the_station_up_to_a_limit(yard: Yard) -> None:
    yard.stations(1)
    for _ in range(3):
        yard.says(1, *["Downloading", "Idle"] * 50)
    words = yard.speakers[0].rows("SELECT word, is_expected FROM station_notice WHERE kind = 'firmware' ORDER BY id")
    assert len(words) == 200
    assert words[-1] == ("Idle", False)
    yard.boots(1, "1.1")
    versions = yard.speakers[0].rows("SELECT word FROM station_notice WHERE kind = 'version' ORDER BY id")
    assert versions == [("1.0",), ("1.1",)]


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("location", {"location": " "}),
        ("location", {"location": "files.example/new.bin"}),
        ("location", {"location": "192.168.1.5/new.bin"}),
        ("location", {"location": "ftp://files.example/new bin"}),
        ("location", {"location": "ftp://files.example/für.bin"}),
        ("location", {"location": "mailto:me@files.example"}),
        ("location", {"location": "http:new.bin"}),
        ("location", {"location": "ftp://[::1/new.bin"}),
        ("version", {"version": "x" * 51}),
        ("waves", {"waves": (0,)}),
        ("stop_percent", {"stop_percent": 101}),
        ("ends_at", {"ends_at": NOON}),
        ("window_to", {"window_from": "22:00", "zone": "UTC"}),
        ("patience", {"patience": 1}),
        ("retries", {"retries": -1}),
    ],
)
def test_what_cannot_be_is_named(yard: Yard, field: str, fields: dict[str, Any]) -> None:
    yard.stations(1)
    with pytest.raises(Invalid) as error:
        yard.plan(**fields)
    assert (error.value.field, yard.job_id) == (field, 0), "nothing is planned"


def test_a_job_needs_stations(yard: Yard) -> None:
    with pytest.raises(Invalid):
        yard.plan()


def test_the_sizes_of_waves_are_read_as_people_write_them() -> None:
    assert plans.wave_sizes(" 1, 10 / 50") == (1, 10, 50)
    assert plans.wave_sizes("") == ()
    with pytest.raises(Invalid):
        plans.wave_sizes("one")


def test_a_job_that_is_over_can_be_forgotten_and_no_other(yard: Yard) -> None:
    yard.stations(1)
    yard.plan()
    assert not yard.do(firmware_jobs.delete)
    yard.updates(1)
    yard.run()
    assert yard.do(firmware_jobs.delete)
    assert yard.states == []
