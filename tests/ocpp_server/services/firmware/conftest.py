"""A yard of stations that speak for themselves, and a firmware job over them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocpp_server.frames import CallError
from ocpp_server.jobs.firmware_jobs import carry_out_firmware_jobs
from ocpp_server.models import FirmwareJob, FirmwareUpdate
from ocpp_server.operations import firmware as operation
from ocpp_server.outgoing import Conclusion
from ocpp_server.services import commands
from ocpp_server.services.file import file_limits
from ocpp_server.services.firmware import firmware_images, firmware_jobs
from ocpp_server.services.firmware.plans import Plan
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.ocpp_server.conftest import Clock, Speaker

URL = "ftp://files.example/new.bin"


class Yard:
    """Stations CP-1 … CP-n, connected, and one job over them."""

    def __init__(self, store: Store, settings: Settings, time: Clock, another: Callable[..., Speaker]) -> None:
        self.store, self.settings, self.time, self._another = store, settings, time, another
        self.speakers: list[Speaker] = []
        self.job_id = 0

    def stations(self, count: int, *, connected: bool = True, **fields: Any) -> None:
        for number in range(len(self.speakers) + 1, len(self.speakers) + count + 1):
            speaker = self._another(f"CP-{number}", **fields)
            speaker.ask("BootNotification", BOOT | {"firmwareVersion": "1.0"})
            self.speakers.append(speaker)
            if connected:
                self.connect(number)

    def connect(self, number: int) -> None:
        self.speakers[number - 1].station.begin_connection(lambda: None, lambda reason: None)

    def disconnect(self, number: int) -> None:
        self.speakers[number - 1].station.end_connection()

    def plan(self, **fields: Any) -> None:
        ids = [speaker.station.id for speaker in self.speakers]
        plan = Plan(**{"location": URL, "version": "2.0", **fields})
        self.job_id = self.store.write(lambda unit: firmware_jobs.create(unit, plan, ids, by="Olga").id)
        self.run()

    def image(self) -> Path:
        """An image is kept here; where its file is."""
        facts = {"file_name": "new.bin", "size": 9, "sha256": "0", "stored_as": "x", "by": "Olga"}
        self.store.write(lambda unit: firmware_images.add(unit, **facts))
        path = file_limits.shelf(self.settings).path("x")
        path.parent.mkdir(parents=True)
        path.write_bytes(b"firmware!")
        return path

    def run(self) -> None:
        carry_out_firmware_jobs(self.store, self.settings)

    def do(self, what: Callable[..., Any]) -> Any:
        return self.store.write(lambda unit: what(unit, self.job_id))

    def taken(self, number: int, answer: Any = None) -> dict[str, Any]:
        """The station takes what was sent to it and answers; the payload of the request."""
        station = self.speakers[number - 1].station

        def work(unit: Any) -> dict[str, Any]:
            claimed = commands.claim(unit, station.id)
            assert claimed is not None, f"nothing was sent to {station.identity}"
            if isinstance(answer, CallError):
                commands.refused(unit, claimed, answer)
            else:
                commands.answered(unit, claimed, {})
                operation.taken(Conclusion(unit, station, claimed, {}))
            return claimed.payload

        return self.store.write(work)

    def says(self, number: int, *words: str) -> None:
        for word in words:
            assert self.speakers[number - 1].ask("FirmwareStatusNotification", {"status": word}) == {}

    def boots(self, number: int, version: str) -> None:
        self.speakers[number - 1].ask("BootNotification", BOOT | {"firmwareVersion": version})

    def updates(self, number: int) -> None:
        """A whole update that goes well."""
        self.taken(number)
        self.says(number, "Downloading", "Downloaded", "Installing", "Installed")
        self.boots(number, "2.0")

    def fails(self, number: int) -> None:
        self.taken(number)
        self.says(number, "Downloading", "DownloadFailed")

    @property
    def job(self) -> FirmwareJob:
        with self.store.reading():
            return FirmwareJob.get_by_id(self.job_id)

    def rows(self) -> list[FirmwareUpdate]:
        with self.store.reading():
            return list(FirmwareUpdate.select().where(FirmwareUpdate.job == self.job_id).order_by(FirmwareUpdate.id))

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.rows()]


BOOT = {"chargePointVendor": "Acme", "chargePointModel": "Box"}


@pytest.fixture
def yard(store: Store, settings: Settings, time: Clock, another: Callable[..., Speaker]) -> Yard:
    return Yard(store, settings, time, another)
