"""Firmware jobs on their pages: planned, looked at, steered."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import AuditEntry, ChargePoint, FirmwareJob, FirmwareUpdate
from ocpp_server.services.configuration import configuration
from ocpp_server.services.file import file_links, file_transfers
from ocpp_server.services.file.file_transfers import Peer
from ocpp_server.services.firmware import firmware_images, firmware_jobs, states
from ocpp_server.services.firmware.plans import Plan
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from portal import context
from tests.charging import session
from tests.ocpp_server.conftest import NOON
from tests.portal.conftest import PARTIAL

Add = Callable[..., ChargePoint]
FORM = {"location": "ftp://files.example/new.bin", "version": "2.0", "waves": "1, 10", "stop_percent": "10"}


def job_of(store: Store, *stations: ChargePoint, **fields: Any) -> FirmwareJob:
    plan = Plan(**{"location": "ftp://files.example/new.bin", "version": "2.0", **fields})
    ids = [station.id for station in stations]
    return store.write(lambda unit: firmware_jobs.create(unit, plan, ids, by="Olga"))


def put(store: Store, **fields: Any) -> None:
    """Every station of every job is in this state."""
    store.write(lambda unit: FirmwareUpdate.update(**fields).execute())


def all_rows(store: Store, table: type) -> list[Any]:
    with store.reading():
        return list(table.select().order_by(table.id))


def test_without_jobs_the_page_says_what_one_is(viewer: FlaskClient, operator: FlaskClient) -> None:
    assert "No firmware job yet" in viewer.get("/firmware/jobs").text
    assert "/firmware/jobs/new" not in viewer.get("/firmware/jobs").text
    assert "/firmware/jobs/new" in operator.get("/firmware/jobs").text


def test_without_stations_a_job_sends_to_add_one_and_a_filter_to_change_it(operator: FlaskClient) -> None:
    page = operator.get("/firmware/jobs/new").text
    assert "No stations yet" in page
    assert 'href="/stations/add"' in page
    assert "No station fits" in operator.get("/firmware/jobs/new?q=gate").text


def test_the_menu_leads_there(viewer: FlaskClient) -> None:
    page = viewer.get("/firmware/jobs").text
    assert "logs</span>" in page
    assert 'href="/firmware/jobs" aria-current="page"' in page


def test_stations_are_chosen_by_filter_and_by_hand(operator: FlaskClient, store: Store, add_station: Add) -> None:
    for number, model in enumerate(["Box", "Box", "Pole"]):
        station = add_station(f"CP-{number}")
        facts = {"vendor": "Acme", "model": model, "firmware_version": "1.0"}
        store.write(lambda unit, s=station, f=facts: ChargePoint.update(**f).where(ChargePoint.id == s.id).execute())
    page = operator.get("/firmware/jobs/new").text
    assert page.count('name="station"') == 3
    assert '<option value="Pole">' in page
    part = operator.get("/firmware/jobs/new?model=Box&q=cp", headers=PARTIAL).text
    assert part.count('name="station"') == 2
    assert "<form" not in part
    assert 'name="by_model" value="Box"' in part


def test_the_summary_tells_what_will_happen_in_numbers(operator: FlaskClient, store: Store, add_station: Add) -> None:
    stations = [add_station(f"CP-{number}") for number in range(4)]
    store.write(lambda unit: session(stations[0], clock.now(), hours=None))
    store.write(lambda unit: unit.execute("UPDATE charge_point SET firmware_version = '2.0' WHERE id = 2"))
    store.write(lambda unit: unit.execute("UPDATE charge_point SET registration = 'pending' WHERE id = 3"))
    sql = (
        "INSERT INTO configuration_key (charge_point_id, key, value, readonly, known, awaits_reboot, seen_at)"
        " VALUES (4, ?, ?, FALSE, TRUE, FALSE, 0)"
    )
    store.write(lambda unit: unit.execute(sql, "SupportedFeatureProfiles", "Core,RemoteTrigger"))
    store.write(lambda unit: unit.execute(sql, "SupportedFileTransferProtocols", "HTTP, HTTPS"))
    form = FORM | {"check": "1", "station": [str(station.id) for station in stations], "respects_sessions": "1"}
    page = operator.post("/firmware/jobs/new", data=form).text
    assert "Update 4 stations?" in page
    assert "4 stations are offline" in page
    assert "1 station charges now and is asked afterwards." in page
    assert "1 station runs this version already and is skipped." in page
    assert "1 station is not accepted and waits until it is." in page
    assert "1 station does not list Firmware Management" in page
    assert "1 station does not say that it can load files this way: CP-3." in page
    assert "1 station first, then 10, then the rest" in page
    assert all_rows(store, FirmwareJob) == []
    harsh = {name: value for name, value in form.items() if name != "respects_sessions"}
    assert "The update may end that session." in operator.post("/firmware/jobs/new", data=harsh).text


def test_a_confirmed_job_is_planned_and_on_record(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    form = FORM | {"confirmed": "1", "station": str(station.id), "title": "Spring", "by_model": "Box"}
    done = operator.post("/firmware/jobs/new", data=form)
    assert (done.status_code, done.location) == (303, "/firmware/jobs/1")
    (job,) = all_rows(store, FirmwareJob)
    assert (job.title, job.waves, job.stop_percent, job.target) == ("Spring", "1 10", 10, "1 station: Box")
    assert job.created_by == "Operator (operator@example.com)"
    assert not job.respects_sessions
    entry = all_rows(store, AuditEntry)[-1]
    assert (entry.action, entry.target) == ("firmware.plan", "firmware job 1")
    page = operator.get(done.location).text
    assert "Spring" in page
    assert "1 waiting" in page


def test_an_image_brings_its_version(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    facts = {"file_name": "box-3.bin", "size": 5_000_000, "sha256": "ab", "stored_as": "x", "by": "Olga"}
    store.write(lambda unit: firmware_images.add(unit, version="3.0", **facts))
    assert "box-3.bin 3.0 (5 MB)" in operator.get("/firmware/jobs/new").text
    form = {"image_id": "1", "station": str(station.id)}
    page = operator.post("/firmware/jobs/new", data=form | {"check": "1"}).text
    assert "box-3.bin 3.0, 5 MB" in page
    assert "only stations on this machine can load the image" in page
    operator.post("/firmware/jobs/new", data=form | {"confirmed": "1"})
    (job,) = all_rows(store, FirmwareJob)
    assert (job.image_id, job.version, job.location) == (1, "3.0", "")
    assert "This image was deleted" in operator.post("/firmware/jobs/new", data={"image_id": "7", "check": "1"}).text


def of_model(store: Store, station: ChargePoint, vendor: str | None, model: str | None) -> str:
    facts = {"vendor": vendor, "model": model}
    store.write(lambda unit: ChargePoint.update(**facts).where(ChargePoint.id == station.id).execute())
    return str(station.id)


def test_stations_of_another_maker_or_model_are_named_before_the_job(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    kinds = [("ACME ", "box"), ("Acme", "Pole"), ("Other", "Box"), (None, None)]
    ids = [of_model(store, add_station(f"CP-{n}"), *kind) for n, kind in enumerate(kinds)]
    facts = {"file_name": "box.bin", "size": 5, "sha256": "ab", "stored_as": "x", "by": "Olga"}
    store.write(lambda unit: firmware_images.add(unit, vendor="Acme", model="Box", **facts))
    form = {"image_id": "1", "check": "1"}
    page = operator.post("/firmware/jobs/new", data=form | {"station": ids}).text
    assert "The image is for Acme Box. 2 stations say that they are others and may become useless: CP-1, CP-2." in page
    fitting = operator.post("/firmware/jobs/new", data=form | {"station": [ids[0], ids[3]]}).text
    assert "may become useless" not in fitting
    assert "alert-warning" in fitting  # of the address, so that the page is the one with warnings


def test_stations_of_several_kinds_are_told_where_nobody_said_for_which_the_firmware_is(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    kinds = [("Acme", "Box"), ("Acme", "Box"), ("Acme", "Pole"), (None, None)]
    ids = [of_model(store, add_station(f"CP-{n}"), *kind) for n, kind in enumerate(kinds)]
    facts = {"file_name": "box.bin", "size": 5, "sha256": "ab", "stored_as": "x", "by": "Olga"}
    store.write(lambda unit: firmware_images.add(unit, **facts))
    store.write(lambda unit: firmware_images.add(unit, vendor="Acme", **facts))

    def page(stations: list[str], **form: str) -> str:
        return operator.post("/firmware/jobs/new", data=form | {"check": "1", "station": stations}).text

    words = "These stations are of 2 kinds, and one firmware hardly fits them all: Acme Box, Acme Pole."
    assert words in page(ids, image_id="1")
    assert words in page(ids, **FORM)
    assert "kinds" not in page([ids[0], ids[1], ids[3]], image_id="1")
    assert "kinds" not in page(ids, image_id="2")


def speaks(store: Store, station: ChargePoint, protocols: str) -> str:
    item = {"key": "SupportedFileTransferProtocols", "value": protocols, "readonly": True}
    store.write(lambda unit: configuration.report(unit, station.id, item, clock.now()))
    return str(station.id)


def test_stations_that_cannot_load_an_image_from_here_are_named_before_the_job(
    operator: FlaskClient, app: Flask, store: Store, settings: Settings, add_station: Add
) -> None:
    spoken = ["FTP", "http", "FTPS", "ftp, FTPS"]
    ids = [speaks(store, add_station(f"CP-{n}"), protocols) for n, protocols in enumerate(spoken)]
    ids.append(str(add_station("CP-9").id))
    facts = {"file_name": "box.bin", "size": 5, "sha256": "ab", "stored_as": "x", "by": "Olga"}
    store.write(lambda unit: firmware_images.add(unit, **facts))
    form = {"image_id": "1", "check": "1", "station": ids}
    page = operator.post("/firmware/jobs/new", data=form).text
    assert "2 stations load files only by FTP, which is switched off here: CP-0, CP-3. Set CSMS_FTP_PORT" in page
    assert "1 station does not say that it can load files this way: CP-2." in page
    app.extensions["chargeyard"] = context.Context(store, replace(settings, ftp_port=2121))
    page = operator.post("/firmware/jobs/new", data=form).text
    assert "only by FTP" not in page
    assert "1 station does not say that it can load files this way: CP-2." in page


def test_of_many_stations_the_first_are_named(operator: FlaskClient, store: Store, add_station: Add) -> None:
    ids = [of_model(store, add_station(f"CP-{number}"), "Other", None) for number in range(10, 33)]
    facts = {"file_name": "box.bin", "size": 5, "sha256": "ab", "stored_as": "x", "by": "Olga"}
    store.write(lambda unit: firmware_images.add(unit, vendor="Acme", **facts))
    page = operator.post("/firmware/jobs/new", data={"image_id": "1", "check": "1", "station": ids}).text
    assert "The image is for Acme. 23 stations say" in page
    assert "CP-29 and 3 more." in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"location": ""}, "Choose an image"),
        ({"waves": "some"}, "Write the sizes of the first waves"),
        ({"stop_percent": "x"}, "This must be a whole number."),
        ({"starts_at": "soon"}, "This is not a time."),
        ({"window_from": "22:00"}, "Write a time of day like 22:00; both are needed, or none."),
        ({"station": []}, "Choose at least one station."),
    ],
)
def test_a_mistake_is_explained_at_the_form(
    operator: FlaskClient, add_station: Add, fields: dict[str, Any], words: str
) -> None:
    form = FORM | {"check": "1", "station": [str(add_station().id)]} | fields
    answer = operator.post("/firmware/jobs/new", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="2.0"' in answer.text


def test_changing_it_brings_the_form_back_as_it_was(operator: FlaskClient, add_station: Add) -> None:
    add_station("CP-1")
    form = FORM | {"edit": "1", "station": [str(add_station("CP-2").id)], "title": "Spring"}
    page = operator.post("/firmware/jobs/new", data=form).text
    assert 'value="Spring"' in page
    assert page.count('name="station"') == 1


def test_stations_come_along_from_elsewhere(operator: FlaskClient, add_station: Add) -> None:
    page = operator.post("/firmware/jobs/new", data={"station": str(add_station().id)}).text
    assert page.count('name="station"') == 1
    assert 'value="1, 10"' in page


def test_the_list_of_stations_leads_to_a_job(operator: FlaskClient, add_station: Add) -> None:
    station = add_station("CP-1")
    add_station("CP-2")
    assert '<option value="firmware-job">' in operator.get("/stations").text
    chosen = {"operation": "firmware-job", "station": str(station.id), "query": ""}
    sent_on = operator.post("/batches/new", data=chosen)
    assert (sent_on.status_code, sent_on.location) == (307, "/firmware/jobs/new")
    form = operator.post(sent_on.location, data=chosen).text
    assert form.count('name="station"') == 1
    assert "New firmware job" in form


def test_the_page_of_a_job_shows_each_station_with_its_reason(
    viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    job = job_of(store, add_station("CP-1"), add_station("CP-2"))
    store.write(
        lambda unit: (
            FirmwareUpdate.update(state="failed", reason="download_failed", wave=1, asked_at=clock.now())
            .where(FirmwareUpdate.id == 1)
            .execute()
        )
    )
    page = viewer.get(f"/firmware/jobs/{job.id}").text
    assert "It could not load the file. Check that it reaches the address, then retry." in page
    assert "It is offline. It is asked once it is back." in page
    assert "Wave 1" in page
    assert "update-failed" in page
    assert "1 waiting, 1 failed" in page
    assert "Retry" not in page
    assert "CP-2" not in viewer.get(f"/firmware/jobs/{job.id}?kind=bad", headers=PARTIAL).text


def test_a_busy_station_leads_to_the_update_that_it_has_to_finish(
    viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    first, second = job_of(store, station), job_of(store, station)

    def work(unit: Any) -> None:
        FirmwareUpdate.update(state="downloading", is_current=True).where(FirmwareUpdate.job == first).execute()
        FirmwareUpdate.update(reason="busy").where(FirmwareUpdate.job == second).execute()

    store.write(work)
    page = viewer.get(f"/firmware/jobs/{second.id}").text
    assert "It is busy with another update" in page
    assert f'<a href="/firmware/jobs/{first.id}">That update</a>' in page


def test_while_a_station_loads_the_bytes_are_counted(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    facts = {"file_name": "x", "size": 5_000_000, "sha256": "ab", "stored_as": "x", "by": "Olga"}

    def work(unit: Any) -> None:
        image = firmware_images.add(unit, **facts)
        job = firmware_jobs.create(unit, Plan(image_id=image.id), [station.id], by="Olga")
        offer = file_links.offer_download(unit, Settings(), image.id, station.id, expires_at=clock.now())
        file_transfers.progress(unit, offer.link_id, Peer("HTTP", "::1"), 2_000_000)
        FirmwareUpdate.update(state="downloading", link_id=offer.link_id).where(FirmwareUpdate.job == job).execute()

    store.write(work)
    assert "2 MB of 5 MB." in viewer.get("/firmware/jobs/1").text


def test_a_stopped_job_needs_attention(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    job_of(store, add_station(), title="Spring")
    assert "has stopped" not in viewer.get("/").text
    store.write(lambda unit: FirmwareJob.update(state="stopped", stop_reason="failures").execute())
    assert '<a href="/firmware/jobs/1">Spring</a> has stopped' in viewer.get("/").text


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("failures", "More than 10 % of this wave failed."),
        ("window", "The time window is over."),
        ("image", "The firmware image was deleted, or its file is missing."),
        ("location", "The address cannot be told to stations"),
    ],
)
def test_a_job_that_stopped_by_itself_says_why(
    viewer: FlaskClient, store: Store, add_station: Add, reason: str, words: str
) -> None:
    job = job_of(store, add_station())
    store.write(lambda unit: FirmwareJob.update(state="stopped", stop_reason=reason).execute())
    assert words in viewer.get(f"/firmware/jobs/{job.id}").text


@pytest.mark.parametrize("state", states.STATES)
def test_every_state_has_its_words(viewer: FlaskClient, store: Store, add_station: Add, state: str) -> None:
    job = job_of(store, add_station())
    put(store, state=state)
    page = viewer.get(f"/firmware/jobs/{job.id}").text
    assert f">{state}<" not in page


@pytest.mark.parametrize(
    "reason",
    [
        *(states.DOWNLOAD_FAILED, states.INSTALLATION_FAILED, states.WRONG_VERSION, states.REFUSED, states.NO_ANSWER),
        *(states.OLD_VERSION, states.NOT_BACK, states.BUSY, states.CLOSED),
        states.NOTHING_TO_COMPARE,
        *(states.NEVER_ASKED, states.REPLACED, states.UP_TO_DATE, states.TAKEN_BACK, states.DELETED),
    ],
)
def test_every_reason_has_its_sentence(viewer: FlaskClient, store: Store, add_station: Add, reason: str) -> None:
    job = job_of(store, add_station())
    put(store, state="failed", reason=reason, detail="NotSupported: 50 % & <b>")
    page = viewer.get(f"/firmware/jobs/{job.id}").text
    assert f">{reason}<" not in page
    assert "<b>" not in page


def test_what_is_unproven_is_not_counted_as_updated(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    job = job_of(store, add_station("CP-1"), add_station("CP-2"))
    put(store, state="unproven")
    store.write(lambda unit: FirmwareUpdate.update(state="confirmed").where(FirmwareUpdate.id == 1).execute())
    page = viewer.get(f"/firmware/jobs/{job.id}").text
    assert "1 updated, 1 unproven" in page
    assert "no start has proven it. It is offline now." in page
    assert "CP-1" not in viewer.get(f"/firmware/jobs/{job.id}?kind=unproven", headers=PARTIAL).text


def test_a_job_is_paused_resumed_cancelled_and_deleted(operator: FlaskClient, store: Store, add_station: Add) -> None:
    job_of(store, add_station())
    for action, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        done = operator.post(f"/firmware/jobs/1/{action}")
        assert (done.status_code, done.location) == (303, "/firmware/jobs/1")
        assert all_rows(store, FirmwareJob)[0].state == state
    assert "That is not possible any more" in operator.post("/firmware/jobs/1/pause", follow_redirects=True).text
    assert operator.post("/firmware/jobs/1/delete").location == "/firmware/jobs"
    assert all_rows(store, FirmwareJob) == []
    actions = [entry.action for entry in all_rows(store, AuditEntry) if entry.action.startswith("firmware.")]
    assert actions == ["firmware.pause", "firmware.resume", "firmware.cancel", "firmware.pause", "firmware.delete"]


def test_who_cancels_a_job_is_told_what_becomes_of_its_image(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    facts = {"file_name": "x", "size": 5, "sha256": "ab", "stored_as": "x", "by": "Olga"}
    store.write(lambda unit: firmware_images.add(unit, **facts))
    job_of(store, station, image_id=1, location="")
    page = operator.post("/firmware/jobs/1/cancel", follow_redirects=True).text
    assert "Stations that have not begun to load cannot load the image any more." in page


def test_a_stopped_job_says_why_and_its_failures_are_retried(
    operator: FlaskClient, store: Store, add_station: Add
) -> None:
    job_of(store, add_station())
    put(store, state="failed", reason="download_failed")
    store.write(lambda unit: FirmwareJob.update(state="stopped", stop_reason="failures").execute())
    page = operator.get("/firmware/jobs/1").text
    assert "More than 10 % of this wave failed." in page
    assert "Retry that station" in page
    operator.post("/firmware/jobs/1/retry")
    assert all_rows(store, FirmwareJob)[0].state == "running"
    assert all_rows(store, FirmwareUpdate)[0].state == "waiting"


@pytest.mark.parametrize("action", ["resume", "retry"])
def test_a_job_whose_window_is_over_goes_on_with_another_end_or_none(
    operator: FlaskClient, store: Store, add_station: Add, action: str
) -> None:
    job_of(store, add_station())

    def answer(**form: str) -> str:
        put(store, state="failed", reason="download_failed")
        over = {"state": "stopped", "stop_reason": "window", "ends_at": clock.now()}
        store.write(lambda unit: FirmwareJob.update(**over).execute())
        return operator.post(f"/firmware/jobs/1/{action}", data=form, follow_redirects=True).text

    page = answer()
    assert "Until then the job can ask nobody: give it a later end, or go on without one." in page
    assert "Go on until then" in page
    assert "Retry that station until then" in page
    assert "This is not a time." in answer(ends_at="soon")
    assert all_rows(store, FirmwareJob)[0].state == "stopped"
    assert "Go on until then" not in answer(ends_at="2100-01-01T02:00")
    assert clock.iso(all_rows(store, FirmwareJob)[0].ends_at) == "2100-01-01T02:00:00Z"
    answer(without_end="1", ends_at="2100-01-01T02:00")
    (job,) = all_rows(store, FirmwareJob)
    assert (job.state, job.ends_at) == ("running", None)


def test_a_job_is_planned_at_hours_of_the_viewers_zone(operator: FlaskClient, store: Store, add_station: Add) -> None:
    operator.set_cookie("tz", "Europe/Berlin")
    assert "by the clocks of Europe/Berlin" in operator.get("/firmware/jobs/new").text
    form = FORM | {"station": str(add_station().id), "window_from": "22:00", "window_to": "05:00"}
    page = operator.post("/firmware/jobs/new", data=form | {"check": "1"}).text
    assert "22:00 to 05:00 (Europe/Berlin)" in page
    assert 'name="window_from" value="22:00"' in page
    operator.post("/firmware/jobs/new", data=form | {"confirmed": "1"})
    (job,) = all_rows(store, FirmwareJob)
    assert (job.window_from, job.window_to, job.zone) == ("22:00", "05:00", "Europe/Berlin")
    assert "22:00 to 05:00 (Europe/Berlin)" in operator.get("/firmware/jobs/1").text


def test_before_a_job_it_is_said_when_its_hours_begin(operator: FlaskClient, store: Store, add_station: Add) -> None:
    clock.use(lambda: NOON)
    operator.set_cookie("tz", "Europe/Berlin")
    form = FORM | {"station": str(add_station().id), "check": "1", "window_from": "22:00", "window_to": "05:00"}

    def begins(**fields: str) -> tuple[str, bool]:
        page = operator.post("/firmware/jobs/new", data=form | fields).text
        words = re.search("<dt>Begins</dt><dd>(.*?)</dd>", page)
        assert words is not None
        return re.sub("<[^>]*>", "", words[1]), "Plan the job" in page

    assert begins() == ("22 Nov 2026 22:00", True)
    assert begins(starts_at="2026-11-23T12:00") == ("23 Nov 2026 22:00", True)
    assert begins(starts_at="2026-11-23T23:00") == ("23 Nov 2026 23:00", True)
    assert begins(window_from="12:00") == ("at once", False)


def test_outside_of_its_hours_a_job_says_from_when_on_it_asks(
    viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    clock.use(lambda: NOON)
    job = job_of(store, add_station(), window_from="22:00", window_to="05:00", zone="Europe/Berlin")
    store.write(lambda unit: FirmwareJob.update(state="running").execute())
    viewer.set_cookie("tz", "Europe/Berlin")
    assert "It asks stations from 22 Nov 22:00 on." in viewer.get(f"/firmware/jobs/{job.id}").text
    clock.use(lambda: NOON + timedelta(hours=9))
    assert "It asks stations from" not in viewer.get(f"/firmware/jobs/{job.id}").text


def test_a_password_in_an_address_is_never_shown(operator: FlaskClient, store: Store, add_station: Add) -> None:
    job = job_of(store, add_station(), location="ftp://me:secret@files.example/x")
    assert "secret" not in operator.get(f"/firmware/jobs/{job.id}").text


def test_a_viewer_changes_nothing(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    job = job_of(store, add_station())
    assert viewer.get("/firmware/jobs/new").status_code == 403
    for action in ("pause", "resume", "cancel", "retry", "delete"):
        assert viewer.post(f"/firmware/jobs/{job.id}/{action}").status_code == 403
    assert viewer.post("/firmware/jobs/new", data=FORM).status_code == 403
    assert viewer.get("/firmware/jobs/99").status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_stations(
    viewer: FlaskClient, store: Store, add_station: Add, queries: Callable[[], Any]
) -> None:
    stations = [add_station(f"CP-{number}") for number in range(30)]
    few, many = job_of(store, *stations[:2]), job_of(store, *stations)
    viewer.get(f"/firmware/jobs/{few.id}")
    counts = []
    for job in (few, many):
        with queries() as statements:
            viewer.get(f"/firmware/jobs/{job.id}")
        counts.append(len(statements))
    assert counts[0] == counts[1]
