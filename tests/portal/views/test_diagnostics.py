"""Asking for logs, a station's tab about firmware and logs, and the list of all requests."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import AuditEntry, ChargePoint, Command, DiagnosticsRequest, ReceivedFile
from ocpp_server.services.configuration import configuration
from ocpp_server.services.diagnostics import states
from ocpp_server.services.firmware import firmware_jobs, firmware_updates
from ocpp_server.services.firmware.plans import Plan
from ocpp_server.services.station import notices as station_notices
from ocpp_server.store import Store
from tests.portal.conftest import PARTIAL

Add = Callable[..., ChargePoint]


def all_rows(store: Store, table: type) -> list[Any]:
    with store.reading():
        return list(table.select().order_by(table.id))


def put(store: Store, **fields: Any) -> None:
    store.write(lambda unit: DiagnosticsRequest.update(**fields).execute())


def received(store: Store, station: ChargePoint, **fields: Any) -> ReceivedFile:
    facts = {"file_name": "log.zip", "size": 1234, "sha256": "ab", "stored_as": "x", "received_at": clock.now()}
    return store.write(lambda unit: ReceivedFile.create(charge_point=station, **{**facts, **fields}))


def test_the_log_is_asked_for_with_one_click(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    done = operator.post(f"/stations/{station.id}/diagnostics")
    assert (done.status_code, done.location) == (303, f"/stations/{station.id}/firmware")
    (request,) = all_rows(store, DiagnosticsRequest)
    assert (request.state, request.requested_by) == ("asked", "Operator (operator@example.com)")
    assert [row.action for row in all_rows(store, Command)] == ["GetDiagnostics"]
    assert "diagnostics.ask" in [entry.action for entry in all_rows(store, AuditEntry)]
    page = operator.get(done.location).text
    assert "The station is offline." in page
    assert "The station has not answered yet." in page


def test_the_time_is_read_in_the_viewers_zone(operator: FlaskClient, store: Store, add_station: Add) -> None:
    operator.set_cookie("tz", "Europe/Berlin")
    form = {"start_time": "2026-11-21T10:00", "stop_time": "2026-11-22T10:00"}
    operator.post(f"/stations/{add_station().id}/diagnostics", data=form)
    (request,) = all_rows(store, DiagnosticsRequest)
    assert request.start_time == datetime.fromisoformat("2026-11-21T09:00:00Z")


@pytest.mark.parametrize(
    ("spoken", "words"),
    [
        ("FTP", "only by FTP, which is switched off here. Set CSMS_FTP_PORT"),
        ("FTPS", "only by FTPS; here they come by HTTP."),
        ("FTP,HTTP", ""),
    ],
)
def test_a_station_that_cannot_send_its_log_here_is_known_before_it_is_asked(
    operator: FlaskClient, store: Store, add_station: Add, spoken: str, words: str
) -> None:
    station = add_station()
    address = f"/stations/{station.id}/firmware"
    assert "It says that it sends files only by" not in operator.get(address).text
    item = {"key": "SupportedFileTransferProtocols", "value": spoken, "readonly": True}
    store.write(lambda unit: configuration.report(unit, station.id, item, clock.now()))
    page = operator.get(address).text
    assert words in page
    assert ("It says that it sends files only by" in page) == bool(words)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"start_time": "soon"}, "This is not a time."),
        ({"start_time": "2026-11-22T10:00", "stop_time": "2026-11-21T10:00"}, "The end must come after"),
    ],
)
def test_a_wrong_time_is_explained(operator: FlaskClient, add_station: Add, form: dict[str, str], words: str) -> None:
    assert words in operator.post(f"/stations/{add_station().id}/diagnostics", data=form, follow_redirects=True).text


@pytest.mark.parametrize("state", states.STATES)
def test_every_state_has_its_words(operator: FlaskClient, store: Store, add_station: Add, state: str) -> None:
    station = add_station()
    operator.post(f"/stations/{station.id}/diagnostics")
    put(store, state=state)
    for address in (f"/stations/{station.id}/firmware", "/firmware/diagnostics"):
        assert f">{state}<" not in operator.get(address).text


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (states.UPLOAD_FAILED, "The station could not send its file."),
        (states.REFUSED, "The station answered with an error: because"),
        (states.NEVER_ARRIVED, "it never came. Ask again. because"),
        (states.NO_ANSWER, "Nothing was heard of it"),
        (states.OFFLINE, "The station was offline and was not asked."),
        (states.TAKEN_BACK, "The request was taken back"),
    ],
)
def test_every_end_has_its_sentence(
    operator: FlaskClient, store: Store, add_station: Add, reason: str, words: str
) -> None:
    operator.post(f"/stations/{add_station().id}/diagnostics")
    put(store, state="failed", reason=reason, detail="because")
    assert words in operator.get("/firmware/diagnostics").text


def test_the_tab_shows_what_came_and_what_the_station_said(
    operator: FlaskClient, viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    station = add_station()
    file = received(store, station)
    operator.post(f"/stations/{station.id}/diagnostics")
    put(store, state="arrived", received_file_id=file.id)
    store.write(lambda unit: firmware_jobs.create(unit, Plan(location="ftp://x", version="2.0"), [station.id], by="O"))
    store.write(lambda unit: station_notices.note(unit, station.id, "version", "1.9", clock.to_ms(clock.now())))
    store.write(lambda unit: firmware_updates.heard(unit, station.id, "Downloading", clock.to_ms(clock.now())))
    page = operator.get(f"/stations/{station.id}/firmware").text
    assert f'href="/firmware/received/{file.id}"' in page
    assert "1.2 kB" in page
    assert "Firmware 2.0" in page
    assert "<code>1.9</code>" in page
    assert "nobody asked here" in page
    seen = viewer.get(f"/stations/{station.id}/firmware").text
    assert "log.zip" in page
    assert "/firmware/received/" not in seen
    assert "Ask for the log" not in seen


def test_a_file_that_is_no_longer_kept_is_said_to_be(operator: FlaskClient, store: Store, add_station: Add) -> None:
    station = add_station()
    operator.post(f"/stations/{station.id}/diagnostics")
    put(store, state="arrived", received_file_id=99)
    assert "no longer kept" in operator.get(f"/stations/{station.id}/firmware").text


def test_the_list_is_filtered(operator: FlaskClient, viewer: FlaskClient, store: Store, add_station: Add) -> None:
    assert "No station was asked for its log yet" in viewer.get("/firmware/diagnostics").text
    for name in ("CP-1", "CP-2"):
        operator.post(f"/stations/{add_station(name).id}/diagnostics")
    store.write(lambda unit: unit.execute("UPDATE diagnostics_request SET state = 'failed' WHERE id = 1"))
    part = viewer.get("/firmware/diagnostics?show=bad", headers=PARTIAL).text
    assert ("CP-1" in part, "CP-2" in part) == (True, False)
    part = viewer.get("/firmware/diagnostics?q=CP-2", headers=PARTIAL).text
    assert ("CP-1" in part, "CP-2" in part) == (False, True)


def test_a_viewer_asks_nothing(viewer: FlaskClient, add_station: Add) -> None:
    assert viewer.post(f"/stations/{add_station().id}/diagnostics").status_code == 403
