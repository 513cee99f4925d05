"""What becomes of a station's update by what it says and does, and by silence."""

from datetime import timedelta

import pytest

from ocpp_server import clock, stations
from ocpp_server.frames import CallError
from ocpp_server.models import ChargePoint
from ocpp_server.services import commands
from tests.ocpp_server.conftest import NOON
from tests.ocpp_server.services.firmware.conftest import URL, Yard


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
