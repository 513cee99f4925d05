"""A firmware job is planned and watched, a log is asked for and read, and the bundle for the maker is fetched."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ocpp_server.jobs.firmware_jobs import carry_out_firmware_jobs
from ocpp_server.server import Server
from ocpp_server.services.access import operators
from ocpp_server.services.station import charge_points
from tests.browser.onlooker import Browser
from tests.conftest import PASSWORD
from tests.fake_charge_point import FakeChargePoint

EMAIL = "otto@example.com"
HASH = operators.hash_password(PASSWORD)

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")


@pytest.fixture
def browser(server: Server) -> Iterator[Browser]:
    server.store.write(lambda unit: operators.add(unit, EMAIL, password_hash=HASH, role="operator", name="Otto"))
    with Browser(f"http://127.0.0.1:{server.port}", EMAIL, PASSWORD) as browser:
        yield browser


@pytest.fixture
def station(server: Server) -> Iterator[FakeChargePoint]:
    server.store.write(lambda unit: charge_points.add(unit, "CP-1", label="Gate"))
    station = FakeChargePoint(server.port).connect()
    station.boot(firmwareVersion="1.0")
    yield station
    station.close()


def taken(station: FakeChargePoint, action: str, payload: dict) -> dict:
    """The station answers the next CALL, which must be this one; what it asked for."""
    frame = station.unasked.popleft() if station.unasked else station.recv()
    assert frame[2] == action
    station.send_raw(json.dumps([3, frame[1], payload]))
    return frame[3]


def put(address: str, content: bytes) -> int:
    parts = urlsplit(address)
    connection = HTTPConnection(parts.netloc, timeout=10)
    connection.request("PUT", parts.path, content)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_job_is_watched_a_log_is_read_and_the_bundle_is_fetched(
    server: Server, browser: Browser, station: FakeChargePoint, tmp_path: Path
) -> None:
    browser.open("/firmware/jobs/new")
    browser.fill("#location", "ftp://files.example/new.bin")
    browser.fill("#version", "2.0")
    browser.press("Go on")
    browser.sees("1 station is online and can be asked.")
    browser.press("Begin")
    browser.sees("1 waiting")
    carry_out_firmware_jobs(server.store, server.settings)
    assert taken(station, "UpdateFirmware", {})["location"] == "ftp://files.example/new.bin"
    browser.sees("It has the request and will say when it begins to load.")
    for word, seen in (
        ("Downloading", "Loading"),
        ("Downloaded", "It installs when it can"),
        ("Installing", "It may be"),
    ):
        station.call("FirmwareStatusNotification", {"status": word})
        browser.sees(seen)
    station.boot(firmwareVersion="2.0")
    browser.sees("It started with version 2.0.")
    carry_out_firmware_jobs(server.store, server.settings)
    browser.sees("Done")

    browser.open("/stations/1/firmware")
    browser.press("Ask for the log")
    browser.sees("The station was asked for its log.")
    location = taken(station, "GetDiagnostics", {"fileName": "log.txt"})["location"]
    browser.sees("The station will send log.txt.")
    station.call("DiagnosticsStatusNotification", {"status": "Uploading"})
    browser.sees("The station is sending its file.")
    assert put(f"{location}log.txt", b"first line\nrelay 7 stuck\nlast line\n") == 201
    station.call("DiagnosticsStatusNotification", {"status": "Uploaded"})
    browser.sees("Here")
    browser.press("log.txt")
    browser.sees("last line")
    browser.fill("input[type=search]", "RELAY")
    browser.sees("relay")

    browser.open("/stations/1/firmware")
    browser.save("Download the bundle", tmp_path / "bundle.zip")
    conversation = zipfile.ZipFile(tmp_path / "bundle.zip").read("conversation.txt").decode()
    assert "<- FirmwareStatusNotification Request status Installing" in conversation
    assert location not in conversation
