"""The OCA's cases for Firmware Management and diagnostics, and ours (OCPP 1.6 sections 4.4, 4.5, 5.9 and 5.19)."""

from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.certification.conftest import IDENTITY
from tests.certification.csms import Csms
from tests.certification.station import CONNECTORS, Station
from tests.fake_charge_point import now

pytestmark = pytest.mark.profile("Firmware Management")

LOCATION, FOLDER = "ftp://files.example/firmware.bin", "ftp://files.example/logs/"


def latest_update(csms: Csms) -> dict:
    """How the station's newest update stands."""
    job = csms.api("GET", "/firmware-jobs?limit=1")["items"][0]
    return csms.api("GET", f"/firmware-jobs/{job['id']}/updates")["items"][0]


def latest_request(csms: Csms) -> dict:
    return csms.api("GET", f"/diagnostics?station={IDENTITY}&limit=1")["items"][0]


def update(csms: Csms, station: Station) -> None:
    """The operator asks, the station takes it."""
    sent = csms.send(IDENTITY, "UpdateFirmware", {"location": LOCATION, "retrieveDate": now()})
    asked = station.answers("UpdateFirmware", {})
    assert asked["location"] == LOCATION
    assert "retrieveDate" in asked
    assert sent.get()["result"] == {}


def says(station: Station, *words: str) -> None:
    for word in words:
        assert station.call("FirmwareStatusNotification", {"status": word}) == {}


def logs(station: Station, *words: str) -> None:
    for word in words:
        assert station.call("DiagnosticsStatusNotification", {"status": word}) == {}


def installs_and_boots(station: Station) -> None:
    says(station, "Downloading", "Downloaded")
    for connector_id in CONNECTORS:
        station.status("Unavailable", connector_id)
    says(station, "Installing")
    station.vanish()
    station.connect()
    station.booted()


def test_tc_044_1_csms_firmware_is_loaded_and_installed(csms: Csms, station: Station) -> None:
    station.boot(firmwareVersion="1.0")
    update(csms, station)
    installs_and_boots(station)
    says(station, "Installed")
    assert latest_update(csms)["state"] == "installed"
    station.boot(firmwareVersion="2.0")
    assert latest_update(csms)["state"] == "confirmed"


def test_tc_044_2_csms_firmware_cannot_be_loaded(csms: Csms, station: Station) -> None:
    update(csms, station)
    says(station, "Downloading", "DownloadFailed")
    found = latest_update(csms)
    assert (found["state"], found["reason"]) == ("failed", "download_failed")


def test_tc_044_3_csms_firmware_cannot_be_installed(csms: Csms, station: Station) -> None:
    update(csms, station)
    installs_and_boots(station)
    says(station, "InstallationFailed")
    found = latest_update(csms)
    assert (found["state"], found["reason"]) == ("failed", "installation_failed")


def get_diagnostics(csms: Csms, station: Station, answer: dict) -> None:
    sent = csms.send(IDENTITY, "GetDiagnostics", {"location": FOLDER})
    assert station.answers("GetDiagnostics", answer) == {"location": FOLDER}
    assert sent.get()["result"] == answer


def test_tc_045_1_csms_diagnostics_are_sent(csms: Csms, station: Station) -> None:
    get_diagnostics(csms, station, {"fileName": "log.zip"})
    logs(station, "Uploading")
    assert latest_request(csms)["state"] == "uploading"
    logs(station, "Uploaded")
    found = latest_request(csms)
    assert (found["state"], found["file_name"]) == ("delivered", "log.zip")


def test_tc_045_2_csms_diagnostics_cannot_be_sent(csms: Csms, station: Station) -> None:
    get_diagnostics(csms, station, {"fileName": "log.zip"})
    logs(station, "Uploading", "UploadFailed")
    found = latest_request(csms)
    assert (found["state"], found["reason"]) == ("failed", "upload_failed")


def test_x_f_01_csms_idle_after_a_trigger_says_nothing_of_the_last_job(csms: Csms, station: Station) -> None:
    update(csms, station)
    says(station, "Downloading", "DownloadFailed")
    get_diagnostics(csms, station, {"fileName": "log.zip"})
    logs(station, "Uploading", "Uploaded")
    for message in ("FirmwareStatusNotification", "DiagnosticsStatusNotification"):
        sent = csms.send(IDENTITY, "TriggerMessage", {"requestedMessage": message})
        station.answers("TriggerMessage", {"status": "Accepted"})
        assert sent.get()["result"] == {"status": "Accepted"}
        assert station.call(message, {"status": "Idle"}) == {}
    assert latest_update(csms)["state"] == "failed"
    assert latest_request(csms)["state"] == "delivered"


def test_x_f_02_csms_a_station_without_a_file_has_nothing_to_upload(csms: Csms, station: Station) -> None:
    get_diagnostics(csms, station, {})
    assert latest_request(csms)["state"] == "nothing"


def test_x_f_03_csms_a_status_without_a_request_is_answered_and_kept(csms: Csms) -> None:
    identity = "CERT-FIRMWARE"
    if identity not in [item["identity"] for item in csms.api("GET", "/stations?limit=500")["items"]]:
        csms.api("POST", "/stations", {"identity": identity, "registration": "accepted"})
    station = Station(csms.port, identity).connect()
    station.booted()
    says(station, "Downloading")
    logs(station, "Uploading")
    station.close()
    found = csms.api("GET", f"/stations/{identity}/notices?limit=2")["items"]
    assert [(item["kind"], item["word"], item["expected"]) for item in found] == [
        ("diagnostics", "Uploading", False),
        ("firmware", "Downloading", False),
    ]


def test_x_f_04_csms_the_file_comes_to_chargeyard_itself(csms: Csms, station: Station) -> None:
    made = csms.api("POST", f"/stations/{IDENTITY}/diagnostics", {"retries": 1})
    location = station.answers("GetDiagnostics", {"fileName": "log.txt"})["location"]
    logs(station, "Uploading")
    address = urlsplit(location)
    connection = HTTPConnection(address.netloc, timeout=10)
    connection.request("PUT", f"{address.path}log.txt", b"2026-11-22 started\n")
    assert connection.getresponse().status == 201
    connection.close()
    logs(station, "Uploaded")
    found = csms.api("GET", f"/diagnostics/{made['id']}")
    assert found["state"] == "arrived"
    assert found["received_file_id"] is not None
