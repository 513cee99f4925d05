"""Firmware jobs and diagnostics by API."""

import io
import zipfile
from collections.abc import Callable

import pytest

from ocpp_server import clock
from ocpp_server.models import ChargePoint, FirmwareJob, FirmwareUpdate
from ocpp_server.services.firmware import firmware_images, firmware_updates
from ocpp_server.store import Store
from tests.portal.api.conftest import Api

Add = Callable[..., ChargePoint]
PLAN = {"location": "ftp://files.example/new.bin", "version": "2.0"}


def test_a_job_is_planned_and_followed(api: Api, add_station: Add, store: Store) -> None:
    for name in ("CP-1", "CP-2"):
        add_station(name)
    made = api.post("/firmware-jobs", {"stations": ["CP-2", "cp-1"], **PLAN, "waves": [1], "stop_percent": None})
    assert made.status_code == 201
    assert made.headers["Location"] == "/api/v1/firmware-jobs/1"
    job = made.json
    assert (job["state"], job["counts"], job["waves"], job["stop_percent"]) == ("planned", {"waiting": 2}, [1], None)
    store.write(
        lambda unit: FirmwareUpdate.update(state="failed", reason="refused").where(FirmwareUpdate.id == 2).execute()
    )
    found = api.get("/firmware-jobs/1/updates").json["items"]
    assert [(item["station"], item["state"]) for item in found] == [("CP-2", "waiting"), ("CP-1", "failed")]
    assert len(api.get("/firmware-jobs/1/updates", state="failed").json["items"]) == 1
    assert api.get("/firmware-jobs").json["items"][0]["counts"] == {"waiting": 1, "failed": 1}


def test_a_job_is_steered(api: Api, add_station: Add) -> None:
    add_station()
    api.post("/firmware-jobs", {"stations": ["CP-1"], **PLAN, "starts_at": "2100-01-01T00:00:00Z"})
    for action, state in (("pause", "paused"), ("resume", "planned"), ("cancel", "cancelled"), ("retry", "planned")):
        assert api.post(f"/firmware-jobs/1/{action}", {}).json["state"] == state
    assert api.delete("/firmware-jobs/1").status_code == 409
    assert api.post("/firmware-jobs/1/resume", {}).status_code == 409
    api.post("/firmware-jobs/1/cancel", {})
    assert api.delete("/firmware-jobs/1").status_code == 204
    assert api.get("/firmware-jobs/1").status_code == 404


def test_a_job_whose_window_is_over_goes_on_with_another_end(api: Api, add_station: Add, store: Store) -> None:
    add_station()
    api.post("/firmware-jobs", {"stations": ["CP-1"], **PLAN})
    over = {"state": "stopped", "stop_reason": "window", "ends_at": clock.now()}
    store.write(lambda unit: FirmwareJob.update(**over).execute())
    refused = api.post("/firmware-jobs/1/resume", {})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "ends_at")
    job = api.post("/firmware-jobs/1/resume", {"ends_at": "2100-01-01T00:00:00Z"}).json
    assert (job["state"], job["ends_at"]) == ("running", "2100-01-01T00:00:00Z")
    store.write(lambda unit: FirmwareJob.update(**over).execute())
    store.write(lambda unit: FirmwareUpdate.update(state="failed").execute())
    assert api.post("/firmware-jobs/1/retry", {}).status_code == 422
    job = api.post("/firmware-jobs/1/retry", {"ends_at": None}).json
    assert (job["state"], job["ends_at"], job["counts"]) == ("running", None, {"waiting": 1})


def test_a_job_has_hours_of_each_day(api: Api, add_station: Add) -> None:
    add_station()
    hours = {"window_from": "22:00", "window_to": "05:00"}
    job = api.post("/firmware-jobs", {"stations": ["CP-1"], **PLAN, **hours, "zone": "Europe/Berlin"}).json
    assert (job["window_from"], job["window_to"], job["zone"]) == ("22:00", "05:00", "Europe/Berlin")
    assert api.post("/firmware-jobs", {"stations": ["CP-1"], **PLAN, **hours}).json["zone"] == "UTC"
    assert api.post("/firmware-jobs", {"stations": ["CP-1"], **PLAN}).json["zone"] is None


def test_an_image_brings_its_version(api: Api, add_station: Add, store: Store) -> None:
    add_station()
    facts = {"file_name": "x", "size": 5, "sha256": "0", "stored_as": "x", "by": "Olga", "version": "3.0"}
    store.write(lambda unit: firmware_images.add(unit, **facts))
    job = api.post("/firmware-jobs", {"stations": ["CP-1"], "image_id": 1}).json
    assert (job["image_id"], job["version"]) == (1, "3.0")


def test_an_image_for_another_model_takes_a_word_more(api: Api, add_station: Add, store: Store) -> None:
    for name, model in (("CP-1", "box"), ("CP-2", "Pole")):
        station = add_station(name)
        store.write(
            lambda unit, s=station, m=model: ChargePoint.update(model=m).where(ChargePoint.id == s.id).execute()
        )
    facts = {"file_name": "x", "size": 5, "sha256": "0", "stored_as": "x", "by": "Olga", "model": "Box"}
    store.write(lambda unit: firmware_images.add(unit, **facts))
    wish = {"stations": ["CP-1", "CP-2"], "image_id": 1}
    refused = api.post("/firmware-jobs", wish)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "stations")
    assert "than these: CP-2." in refused.json["errors"][0]["message"]
    assert api.post("/firmware-jobs", wish | {"any_model": True}).status_code == 201
    assert api.post("/firmware-jobs", wish | {"stations": ["CP-1"]}).json["target"] == "1 station"


def test_of_many_stations_of_another_model_the_first_are_named(api: Api, add_station: Add, store: Store) -> None:
    names = [add_station(f"CP-{number}").identity for number in range(10, 33)]
    store.write(lambda unit: ChargePoint.update(model="Pole").execute())
    facts = {"file_name": "x", "size": 5, "sha256": "0", "stored_as": "x", "by": "Olga", "model": "Box"}
    store.write(lambda unit: firmware_images.add(unit, **facts))
    refused = api.post("/firmware-jobs", {"stations": names, "image_id": 1})
    assert "CP-29 and 3 more." in refused.json["errors"][0]["message"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"stations": ["nobody"], **PLAN}, "stations"),
        ({"stations": ["CP-1"]}, "location"),
        ({"stations": ["CP-1"], "image_id": 9}, "image_id"),
        ({"stations": ["CP-1"], **PLAN, "ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"stations": ["CP-1"], **PLAN, "waves": [0]}, "waves.0"),
        ({"stations": ["CP-1"], **PLAN, "window_from": "22:00"}, "window_to"),
        ({"stations": ["CP-1"], **PLAN, "window_from": "10 pm", "window_to": "05:00"}, "window_from"),
    ],
)
def test_what_is_wrong_is_named(api: Api, add_station: Add, fields: dict, field: str) -> None:
    add_station()
    answer = api.post("/firmware-jobs", fields)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_a_log_is_asked_for_and_followed(api: Api, add_station: Add) -> None:
    add_station("CP-1")
    add_station("CP-2")
    made = api.post("/stations/CP-1/diagnostics", {"start_time": "2026-11-21T10:00:00+01:00", "retries": 2})
    assert made.status_code == 201
    assert (made.json["state"], made.json["start_time"]) == ("asked", "2026-11-21T09:00:00Z")
    assert made.json["location"] == ""
    api.post("/stations/CP-2/diagnostics", {"location": "ftp://me:secret@files.example/"})
    found = api.get("/diagnostics").json["items"]
    assert [(item["station"], item["location"]) for item in found] == [
        ("CP-2", "ftp://me:********@files.example/"),
        ("CP-1", ""),
    ]
    assert len(api.get("/diagnostics", station="CP-1", state="asked").json["items"]) == 1
    assert api.get("/diagnostics", state="arrived").json["items"] == []
    assert api.get("/diagnostics/1").json == made.json
    assert api.get("/diagnostics/9").status_code == 404


def test_what_a_station_said_is_listed(api: Api, add_station: Add, store: Store) -> None:
    station = add_station()
    store.write(lambda unit: firmware_updates.heard(unit, station.id, "Installing", clock.to_ms(clock.now())))
    (notice,) = api.get("/stations/CP-1/notices").json["items"]
    assert (notice["kind"], notice["word"], notice["expected"]) == ("firmware", "Installing", False)


def test_the_bundle_for_the_maker_is_fetched(as_role: Callable[[str], Api], add_station: Add) -> None:
    add_station()
    api = as_role("operator")
    answer = api.get("/stations/CP-1/support-bundle", since="2026-11-01T00:00:00Z")
    assert answer.status_code == 200
    assert "station.json" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    wrong = api.get("/stations/CP-1/support-bundle", since="2026-11-02T00:00:00Z", until="2026-11-01T00:00:00Z")
    assert wrong.json["errors"][0]["field"] == "until"
    assert as_role("viewer").get("/stations/CP-1/support-bundle").status_code == 403


def test_a_viewer_only_looks(as_role: Callable[[str], Api], add_station: Add) -> None:
    add_station()
    viewer = as_role("viewer")
    assert viewer.post("/firmware-jobs", {"stations": ["CP-1"], **PLAN}).status_code == 403
    assert viewer.post("/stations/CP-1/diagnostics", {}).status_code == 403
    assert viewer.get("/firmware-jobs").status_code == 200
