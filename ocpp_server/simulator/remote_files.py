"""Answers of the FirmwareManagement profile (OCPP 1.6 sections 5.9, 5.19) and the status messages that follow.

A location with http(s) or ftp is really fetched or uploaded to; any other (ftps) is only pretended.
"""

import asyncio
import ftplib
import io
import re
import urllib.request
import zipfile
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ocpp.routing import on
from ocpp.v16 import call, call_result
from ocpp.v16.enums import Action

from ocpp_server import clock
from ocpp_server.simulator.cards import parse_time
from ocpp_server.simulator.link import Link

if TYPE_CHECKING:
    from ocpp_server.simulator.station import Station

TRANSFER_SECONDS = 20.0  # simulated; of a pretended transfer, and of an installation
TIMEOUT = 30.0
#: What `_transfer` really does.
SPOKEN = ("http://", "https://", "ftp://")


class FileAnswers(Link):
    """Firmware comes in, diagnostics go out."""

    @on(Action.update_firmware)
    def on_update_firmware(
        self, location: str, retrieve_date: str, retries: int | None = None, retry_interval: int | None = None
    ) -> call_result.UpdateFirmware:
        self.afterwards(partial(self._update, location, retrieve_date, retries or 0, retry_interval or 10))
        return call_result.UpdateFirmware()

    @on(Action.get_diagnostics)
    def on_get_diagnostics(
        self,
        location: str,
        retries: int | None = None,
        retry_interval: int | None = None,
        start_time: str | None = None,
        stop_time: str | None = None,
    ) -> call_result.GetDiagnostics:
        file_name = f"diagnostics-{self.station.serial_number}-{clock.now():%Y%m%dT%H%M%S}.zip"
        self.afterwards(partial(self._upload, location, file_name, retries or 0, retry_interval or 10))
        return call_result.GetDiagnostics(file_name)

    async def _update(self, location: str, retrieve_date: str, retries: int, retry_interval: int) -> None:
        station = self.station
        await station.sleep_until(parse_time(retrieve_date))
        await _firmware(station, "Downloading")
        if not await _transfer(station, partial(_download, location), location, retries, retry_interval):
            await _firmware(station, "DownloadFailed")
            return
        await _firmware(station, "Downloaded")
        await station.until_idle()
        await _firmware(station, "Installing")
        await station.pause(TRANSFER_SECONDS)
        station.firmware = newer(station.firmware)
        await station.restart("Reboot")
        await station.until_online()
        await _firmware(station, "Installed")

    async def _upload(self, location: str, file_name: str, retries: int, retry_interval: int) -> None:
        station = self.station
        await _diagnostics(station, "Uploading")
        send = partial(_send, location, file_name, diagnostics(station))
        done = await _transfer(station, send, location, retries, retry_interval)
        await _diagnostics(station, "Uploaded" if done else "UploadFailed")


def newer(version: str) -> str:
    """The version with its last number counted up: 3.4.1 becomes 3.4.2."""
    return re.sub(r"\d+(?!.*\d)", lambda number: str(int(number.group()) + 1), version)


def diagnostics(station: "Station") -> bytes:
    """A zip of two texts: what the station is with how its connectors are, and its configuration."""
    lines = [f"{station.model.vendor} {station.model.name} {station.serial_number} firmware {station.firmware}"]
    for connector in station.connectors.values():
        lines.append(f"connector {connector.connector_id}: {connector.status}, {int(connector.register_wh)} Wh")
    keys = [f"{name}={key.value}" for name, key in station.configuration.keys.items() if not key.hidden]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, texts in (("logs/station.log", lines), ("configuration.txt", keys)):
            archive.writestr(name, "\n".join(texts) + "\n")
    return packed.getvalue()


async def _transfer(
    station: "Station", work: Callable[[], None], location: str, retries: int, retry_interval: int
) -> bool:
    if not location.lower().startswith(SPOKEN):
        await station.pause(TRANSFER_SECONDS)
        return True
    for attempt in range(retries + 1):
        try:
            await asyncio.to_thread(work)
        except (OSError, EOFError, ftplib.Error, ValueError):
            if attempt < retries:
                await asyncio.sleep(retry_interval)
        else:
            return True
    return False


def _download(location: str) -> None:
    if location.lower().startswith("ftp://"):
        with _ftp(location) as client:
            client.retrbinary(f"RETR {unquote(urlsplit(location).path)}", len)
        return
    with urllib.request.urlopen(location, timeout=TIMEOUT) as answer:  # noqa: S310 - http(s) was checked
        while answer.read(65_536):
            pass


def _send(location: str, file_name: str, content: bytes) -> None:
    """To the folder at this location, under a name of the station's own (section 6.25)."""
    address = location.rstrip("/") + "/" + file_name
    if location.lower().startswith("ftp://"):
        with _ftp(location) as client:
            client.storbinary(f"STOR {unquote(urlsplit(address).path)}", io.BytesIO(content))
        return
    request = urllib.request.Request(address, data=content, method="PUT")  # noqa: S310 - http(s) was checked
    request.add_header("Content-Type", "application/zip")
    with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310
        pass


def _ftp(location: str) -> ftplib.FTP:
    """Logged in with what the address says."""
    parts = urlsplit(location)
    client = ftplib.FTP(timeout=TIMEOUT)  # noqa: S321 - what the address asks for
    client.connect(parts.hostname or "", parts.port or ftplib.FTP_PORT)
    client.login(unquote(parts.username or ""), unquote(parts.password or ""))
    return client


async def _firmware(station: "Station", status: str) -> None:
    station.firmware_status = status if status not in {"Installed", "DownloadFailed"} else "Idle"
    await station.request(call.FirmwareStatusNotification(status))  # type: ignore[arg-type]


async def _diagnostics(station: "Station", status: str) -> None:
    station.diagnostics_status = status if status == "Uploading" else "Idle"
    await station.request(call.DiagnosticsStatusNotification(status))  # type: ignore[arg-type]
