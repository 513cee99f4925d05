"""The pages of firmware images and of files that stations sent."""

import hashlib
import io
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from ocpp_server import clock
from ocpp_server.models import AuditEntry, FirmwareImage, FirmwareJob, FirmwareUpdate, ReceivedFile
from ocpp_server.services.file import file_limits, file_links, file_transfers
from ocpp_server.services.file.file_transfers import Peer
from ocpp_server.services.firmware import firmware_images, firmware_jobs
from ocpp_server.services.firmware.plans import Plan
from ocpp_server.shelf import Shelf
from portal import context
from tests.portal.conftest import PARTIAL

#: Incompressible and longer than any buffer, as firmware is.
CONTENT = random.Random(1).randbytes(900_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def image(store, settings):
    incoming = file_limits.shelf(settings).begin(len(CONTENT))
    incoming.write(CONTENT)
    facts = {"size": len(CONTENT), "sha256": DIGEST, "stored_as": incoming.keep()}
    return store.write(lambda unit: firmware_images.add(unit, file_name="fw.bin", by="Anna", model="M1", **facts))


@pytest.fixture
def received(store, settings, add_station):
    station = add_station("CP-1", label="Gate")
    incoming = file_limits.shelf(settings).begin(3)
    incoming.write(b"log")
    facts = {"size": 3, "sha256": incoming.sha256, "stored_as": incoming.keep(), "received_at": clock.now()}
    return store.write(
        lambda unit: ReceivedFile.create(charge_point=station, file_name="<b>diag.log", protocol="HTTP", **facts)
    )


def upload(client, content=CONTENT, name="fw 2.0.bin", accept="text/html", **fields):
    boundary, body = encode_multipart({**fields, "file": FileStorage(io.BytesIO(content), name)})
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post("/firmware/images/add", data=body, content_type=kind, headers={"Accept": accept})


def kept(settings):
    """What is on the disk; nothing unfinished may be there."""
    folder = settings.files_folder
    assert not list(folder.glob("incoming/*"))
    return [path.read_bytes() for path in folder.glob("kept/*")]


def rows(store, model):
    with store.reading():
        return list(model.select())


def test_an_empty_list_says_what_to_do_next(operator, viewer):
    page = operator.get("/firmware").text
    assert "No firmware yet" in page
    assert 'href="/firmware/images/add"' in page
    assert 'href="/firmware/images/add"' not in viewer.get("/firmware").text
    assert "No files yet" in viewer.get("/firmware/received").text


def test_an_image_is_uploaded_and_described(operator, store, settings):
    answer = upload(operator, vendor="Acme", model="M1", version="2.0", name="fw 2.0.bin")
    assert answer.status_code == 303
    page = operator.get(answer.location).text
    for text in ("fw 2.0.bin is here", DIGEST, "900 kB", "900,000 bytes", "Acme", "M1", "2.0"):
        assert text in page
    assert kept(settings) == [CONTENT]
    (entry,) = [entry for entry in rows(store, AuditEntry) if entry.action == "firmware.add"]
    assert (entry.target, f"sha256={DIGEST}" in entry.detail) == ("fw 2.0.bin", True)


def test_the_script_is_told_where_to_go_so_that_the_message_is_shown_there(operator):
    answer = upload(operator, accept="text/plain")
    assert (answer.status_code, answer.text) == (201, "")
    assert "fw 2.0.bin is here" in operator.get(answer.location).text


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "fw.bin", "Choose a file that is not empty."),
        (CONTENT, "../../fw.bin", "The file&#39;s name cannot be used. Rename it."),
        (CONTENT * 2, "fw.bin", "A file has 1,000,000 bytes at most here."),
    ],
)
def test_a_file_that_cannot_be_taken_is_explained_and_leaves_nothing(
    operator, app, settings, store, content, name, words
):
    app.extensions["chargeyard"] = context.Context(store, replace(settings, firmware_max_size=1_000_000))
    answer = upload(operator, content, name)
    assert answer.status_code == 422
    assert words in answer.text
    assert kept(settings) == []


def test_a_disk_that_fills_up_meanwhile_is_named_as_what_it_is(operator, settings, monkeypatch):
    rooms = iter([10**9])
    monkeypatch.setattr("ocpp_server.shelf._SYNC_BYTES", 1)
    monkeypatch.setattr(Shelf, "room", lambda self: next(rooms, 0))
    answer = upload(operator)
    assert answer.status_code == 422
    assert "The disk of the server has no room for this file." in answer.text.partition("invalid-feedback")[2]
    assert kept(settings) == []


def test_words_that_are_too_long_leave_no_file(operator, settings):
    answer = upload(operator, vendor="x" * 256)
    assert (answer.status_code, "255 characters at most" in answer.text) == (422, True)
    assert upload(operator, note="x" * 300_000).status_code == 422
    assert kept(settings) == []


def test_a_form_without_a_file_is_explained(operator, settings):
    answer = operator.post("/firmware/images/add", data={"name": "x"})
    assert (answer.status_code, "Choose a file" in answer.text) == (422, True)
    assert kept(settings) == []


def test_the_list_shows_each_image_and_is_searched(operator, image):
    page = operator.get("/firmware").text
    for text in ("fw.bin", "M1", "900 kB", DIGEST[:12], "Anna"):
        assert text in page
    found = operator.get("/firmware?q=m1", headers=PARTIAL).text
    assert "fw.bin" in found
    assert "<html" not in found
    assert "No image fits" in operator.get("/firmware?q=nothing").text


def test_an_image_is_downloaded_whole_and_in_part(viewer, image):
    answer = viewer.get(f"/firmware/images/{image.id}/file", buffered=True)
    assert (answer.data, answer.headers["Content-Disposition"]) == (CONTENT, "attachment; filename*=UTF-8''fw.bin")
    part = viewer.get(f"/firmware/images/{image.id}/file", headers={"Range": "bytes=9-17"}, buffered=True)
    assert (part.status_code, part.data) == (206, CONTENT[9:18])
    assert viewer.get(f"/firmware/images/{image.id}/file", headers={"Range": "bytes=999999-"}).status_code == 416


def test_what_is_said_about_an_image_is_changed(operator, viewer, image, store):
    answer = operator.post(f"/firmware/images/{image.id}", data={"name": "", "version": " 2.1 ", "note": "Try first."})
    assert answer.status_code == 303
    (changed,) = rows(store, FirmwareImage)
    assert (changed.name, changed.version, changed.note, changed.model) == ("fw.bin", "2.1", "Try first.", "M1")
    assert operator.post(f"/firmware/images/{image.id}", data={"name": "x" * 256}).status_code == 422
    page = viewer.get(f"/firmware/images/{image.id}").text
    assert "Try first." in page
    assert "Delete image" not in page


def test_an_image_is_deleted_after_a_question(operator, image, settings):
    question = operator.get(f"/firmware/images/{image.id}/delete").text
    assert "900 kB" in question
    assert operator.post(f"/firmware/images/{image.id}/delete").status_code == 303
    assert kept(settings) == []
    assert operator.get(f"/firmware/images/{image.id}").status_code == 404
    assert operator.get(f"/firmware/images/{image.id}/file").status_code == 404


def test_an_image_that_jobs_need_is_only_deleted_once_that_is_known(operator, image, settings, store, add_station):
    stations = [add_station(name).id for name in ("CP-1", "CP-2", "CP-3")]
    tonight = Plan(image_id=image.id, title="Tonight <b>", starts_at=clock.now() + timedelta(hours=5))
    store.write(lambda unit: firmware_jobs.create(unit, tonight, stations, by="Olga"))
    store.write(
        lambda unit: (
            FirmwareUpdate.update(state="confirmed").where(FirmwareUpdate.charge_point == stations[0]).execute()
        )
    )
    address = f"/firmware/images/{image.id}/delete"
    for answer, status in ((operator.get(address), 200), (operator.post(address), 422)):
        assert answer.status_code == status
        assert '<a href="/firmware/jobs/1">Tonight &lt;b&gt;</a>: 2 stations have yet to load it' in answer.text
        assert "Delete it all the same" in answer.text
        assert "No job needs it" not in answer.text
    assert kept(settings) == [CONTENT]
    assert operator.post(address, data={"anyway": "1"}).status_code == 303
    assert kept(settings) == []
    with store.reading():
        job = FirmwareJob.get()
    assert (job.state, job.stop_reason) == ("stopped", "image"), "before its time comes"


@pytest.mark.parametrize(
    ("job_state", "update_state"), [("cancelled", "asked"), ("running", "installing"), ("stopped", "failed")]
)
def test_a_job_that_needs_no_more_of_an_image_holds_nobody_up(
    operator, image, store, add_station, job_state, update_state
):
    station = add_station().id
    store.write(lambda unit: firmware_jobs.create(unit, Plan(image_id=image.id), [station], by="Olga"))
    store.write(lambda unit: FirmwareJob.update(state=job_state).execute())
    store.write(lambda unit: FirmwareUpdate.update(state=update_state).execute())
    assert "No job needs it" in operator.get(f"/firmware/images/{image.id}/delete").text
    assert operator.post(f"/firmware/images/{image.id}/delete").status_code == 303


def test_files_of_stations_are_listed_downloaded_and_deleted(operator, viewer, received, settings, store):
    page = viewer.get("/firmware/received").text
    assert "&lt;b&gt;diag.log" in page
    assert "Gate" in page
    assert "3 B of 10 GB used" in page
    assert viewer.get("/firmware/received?q=gate").text.count("diag.log") > 0
    assert "No file fits" in viewer.get("/firmware/received?q=other").text
    assert viewer.get(f"/firmware/received/{received.id}/file").status_code == 403
    answer = operator.get(f"/firmware/received/{received.id}/file", buffered=True)
    assert (answer.data, answer.mimetype) == (b"log", "application/octet-stream")
    assert "Gate sent" in operator.get(f"/firmware/received/{received.id}/delete").text
    assert operator.post(f"/firmware/received/{received.id}/delete").status_code == 303
    assert (kept(settings), rows(store, ReceivedFile)) == ([], [])


def test_what_happened_at_addresses_is_listed_with_its_reason(viewer, store, settings, add_station):
    assert "No transfers yet" in viewer.get("/firmware/transfers").text
    station, until = add_station("CP-1", label="Gate"), clock.now() + timedelta(hours=1)
    offer = store.write(lambda unit: file_links.expect_upload(unit, settings, station.id, expires_at=until))
    peer = Peer("HTTP", "192.0.2.7")
    store.write(lambda unit: file_transfers.refused(unit, offer.link_id, peer, "A <b>reason</b>."))
    page = viewer.get("/firmware/transfers").text
    for text in ("Gate", "File from it", "Refused", "A &lt;b&gt;reason&lt;/b&gt;.", "192.0.2.7"):
        assert text in page
    assert "192.0.2.7" in viewer.get("/firmware/transfers?q=gate", headers=PARTIAL).text
    assert "Nothing that happened fits" in viewer.get("/firmware/transfers?q=other").text


def test_a_file_that_is_gone_from_the_disk_is_not_found_and_said_to_be_missing(operator, image, settings):
    address = f"/firmware/images/{image.id}"
    assert "missing" not in operator.get(address).text + operator.get("/firmware").text
    file_limits.shelf(settings).remove(image.stored_as)
    assert operator.get(f"{address}/file").status_code == 404
    found = operator.get("/firmware").text
    assert ("File missing" in found, f"{address}/file" in found) == (True, False)
    page = operator.get(address).text
    assert "The file of this image is missing on the server" in page
    assert "Install it" not in page
