"""Firmware that a station fetches and diagnostics that it uploads."""

import zipfile

from ocpp.v16 import call

from tests.simulator.central_system import CentralSystem
from tests.simulator.files import files, ftp_folder
from tests.simulator.play import on_asyncio
from tests.simulator.stations import booted, in_seconds


@on_asyncio
async def test_firmware_is_fetched_installed_and_reported_by_the_next_boot(central: CentralSystem) -> None:
    async with booted(central, speed=600) as station, files() as (url, requests):
        await central.ask(call.UpdateFirmware(url + "/image.bin", in_seconds(0)))
        await central.until(lambda: "Installed" in firmware(central))
        assert firmware(central) == ["Downloading", "Downloaded", "Installing", "Installed"]
        assert requests == ["GET /image.bin"]
        assert central.payloads("BootNotification")[-1]["firmwareVersion"] == station.firmware == "3.4.3"


@on_asyncio
async def test_firmware_that_is_not_there_fails_after_its_retries(central: CentralSystem) -> None:
    async with booted(central), files() as (url, requests):
        await central.ask(call.UpdateFirmware(url + "/missing", in_seconds(0), retries=1, retry_interval=1))
        await central.until(lambda: firmware(central) == ["Downloading", "DownloadFailed"])
        assert requests == ["GET /missing"] * 2


@on_asyncio
async def test_diagnostics_are_uploaded_under_the_name_that_was_answered(central: CentralSystem) -> None:
    async with booted(central), files() as (url, requests):
        name = (await central.ask(call.GetDiagnostics(url + "/logs"))).file_name
        await central.until(lambda: len(central.payloads("DiagnosticsStatusNotification")) == 2)
        statuses = [payload["status"] for payload in central.payloads("DiagnosticsStatusNotification")]
        assert statuses == ["Uploading", "Uploaded"]
        assert requests == [f"PUT /logs/{name}"]


@on_asyncio
async def test_files_go_there_and_back_by_ftp(central: CentralSystem) -> None:
    async with booted(central, speed=600) as station, ftp_folder() as (url, folder):
        (folder / "image.bin").write_bytes(b"firmware")
        name = (await central.ask(call.GetDiagnostics(f"{url}/"))).file_name
        await central.until(lambda: len(central.payloads("DiagnosticsStatusNotification")) == 2)
        with zipfile.ZipFile(folder / name) as sent:
            assert sent.namelist() == ["logs/station.log", "configuration.txt"]
            assert station.serial_number.encode() in sent.read("logs/station.log")
        await central.ask(call.UpdateFirmware(f"{url}/missing.bin", in_seconds(0)))
        await central.until(lambda: firmware(central) == ["Downloading", "DownloadFailed"])
        await central.ask(call.UpdateFirmware(f"{url}/image.bin", in_seconds(0)))
        await central.until(lambda: "Installed" in firmware(central))


def firmware(central: CentralSystem) -> list[str]:
    return [payload["status"] for payload in central.payloads("FirmwareStatusNotification")]
