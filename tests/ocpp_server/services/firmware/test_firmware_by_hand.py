"""Updates that operators ask for by hand."""

from typing import Any

from ocpp_server import clock
from ocpp_server.services import batches, commands
from ocpp_server.services.firmware import firmware_jobs
from tests.ocpp_server.services.firmware.conftest import URL, Yard


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
