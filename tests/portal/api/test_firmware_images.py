"""Firmware images and files of stations by API."""

import hashlib
import io
import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from ocpp_server import clock
from ocpp_server.models import ReceivedFile
from ocpp_server.services.file import file_limits, file_links, file_transfers
from ocpp_server.services.file.file_transfers import Peer
from ocpp_server.services.station import charge_points
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.portal.api.conftest import Api

CONTENT = random.Random(2).randbytes(300_000)


def upload(api: Api, content: bytes = CONTENT, **query: str) -> tuple[int, dict]:
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/octet-stream"}
    answer = api.client.post("/api/v1/firmware-images", data=content, query_string=query, headers=headers)
    return answer.status_code, answer.json


def fetch(api: Api, path: str, **headers: str) -> tuple[int, bytes]:
    headers["Authorization"] = f"Bearer {api.token}"
    answer = api.client.get(f"/api/v1{path}", headers=headers, buffered=True)
    return answer.status_code, answer.data


def test_an_image_is_uploaded_shown_changed_fetched_and_deleted(api: Api, settings: Settings) -> None:
    status, image = upload(api, file_name="fw 2.bin", vendor="Acme", version="2.0")
    assert status == 201
    assert (image["name"], image["size"], image["version"]) == ("fw 2.bin", len(CONTENT), "2.0")
    assert image["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    path = f"/firmware-images/{image['id']}"
    assert api.patch(path, {"model": "M1", "note": "Try first."}).json["model"] == "M1"
    assert api.get(path).json["note"] == "Try first."
    assert api.get("/firmware-images", q="m1").json["items"] == [api.get(path).json]
    assert api.get("/firmware-images", q="other").json["items"] == []
    assert fetch(api, f"{path}/file") == (200, CONTENT)
    assert fetch(api, f"{path}/file", Range="bytes=5-9") == (206, CONTENT[5:10])
    assert fetch(api, f"{path}/file", Range="bytes=999999-")[0] == 416
    assert api.delete(path).status_code == 204
    assert [api.get(path).status_code, fetch(api, f"{path}/file")[0]] == [404, 404]
    assert list(settings.files_folder.glob("*/*")) == []


@pytest.mark.parametrize(
    ("content", "query"), [(b"", {}), (CONTENT, {"file_name": "../x"}), (CONTENT, {"vendor": "x" * 256})]
)
def test_what_cannot_be_taken_is_refused_and_leaves_nothing(
    api: Api, settings: Settings, content: bytes, query: dict[str, str]
) -> None:
    status, problem = upload(api, content, **query)
    assert status == 422
    assert problem["errors"]
    assert list(settings.files_folder.glob("*/*")) == []


def test_a_form_in_place_of_the_file_is_refused(api: Api, settings: Settings) -> None:
    form = {"file": (io.BytesIO(CONTENT), "fw.bin")}
    headers = {"Authorization": f"Bearer {api.token}"}
    answer = api.client.post("/api/v1/firmware-images", data=form, headers=headers)
    assert (answer.status_code, "Send the file itself" in answer.json["detail"]) == (415, True)
    assert list(settings.files_folder.glob("*/*")) == []


def test_an_image_that_jobs_need_is_only_deleted_anyway(api: Api, settings: Settings, store: Store) -> None:
    path = f"/firmware-images/{upload(api)[1]['id']}"
    store.write(lambda unit: charge_points.add(unit, "CP-1"))
    api.post("/firmware-jobs", {"stations": ["CP-1"], "image_id": 1, "starts_at": "2100-01-01T00:00:00Z"})
    refused = api.delete(path)
    assert (refused.status_code, "still need it: 1." in refused.json["detail"]) == (409, True)
    assert fetch(api, f"{path}/file") == (200, CONTENT)
    assert api.ask("DELETE", path, anyway="true").status_code == 204
    assert list(settings.files_folder.glob("*/*")) == []


def test_an_image_without_its_file_is_known_as_one(api: Api, settings: Settings) -> None:
    _, image = upload(api)
    assert image["has_file"] is True
    for path in settings.files_folder.glob("kept/*"):
        path.unlink()
    assert api.get(f"/firmware-images/{image['id']}").json["has_file"] is False


def test_a_viewer_looks_but_does_not_upload(as_role: Callable[[str], Api]) -> None:
    _, image = upload(as_role("operator"))
    viewer = as_role("viewer")
    assert upload(viewer)[0] == 403
    assert fetch(viewer, f"/firmware-images/{image['id']}/file") == (200, CONTENT)


def test_what_happened_at_addresses_is_listed(api: Api, store: Store, settings: Settings) -> None:
    station, until = store.write(lambda unit: charge_points.add(unit, "CP-1")), clock.now() + timedelta(hours=1)
    offer = store.write(lambda unit: file_links.expect_upload(unit, settings, station.id, expires_at=until))
    peer = Peer("FTP", "192.0.2.7")
    store.write(lambda unit: file_transfers.refused(unit, offer.link_id, peer, "No."))
    (event,) = api.get("/file-events", station="CP-1").json["items"]
    assert (event["station"], event["purpose"], event["what"], event["detail"]) == ("CP-1", "upload", "refused", "No.")
    assert api.get("/file-events").json["items"] == [event]


def test_files_of_stations_are_listed_fetched_and_deleted(
    app: Flask, api: Api, as_role: Callable[[str], Api], store: Store, settings: Settings
) -> None:
    incoming = file_limits.shelf(settings).begin(3)
    incoming.write(b"log")
    facts = {"size": 3, "sha256": incoming.sha256, "stored_as": incoming.keep(), "received_at": clock.now()}
    station = store.write(lambda unit: charge_points.add(unit, "CP-1"))
    row = store.write(lambda unit: ReceivedFile.create(charge_point=station, file_name="a.log", **facts))
    (listed,) = api.get("/received-files", station="cp-1").json["items"]
    assert (listed["station"], listed["file_name"], listed["size"]) == ("CP-1", "a.log", 3)
    assert api.get("/received-files").json["items"] == [listed]
    assert api.get("/received-files", station="other").status_code == 404
    path = f"/received-files/{row.id}"
    assert api.get(path).json == listed
    assert fetch(api, f"{path}/file") == (200, b"log")
    assert fetch(as_role("viewer"), f"{path}/file")[0] == 403
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert list(settings.files_folder.glob("*/*")) == []
