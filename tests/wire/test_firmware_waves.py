"""Two hundred stations are updated in waves, some of them badly, and Chargeyard is restarted in the middle of it."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import gevent
import pytest
import websocket
from gevent.pool import Group

import app as entry
from ocpp_server import clock, handshake, stations
from ocpp_server.jobs.firmware_jobs import carry_out_firmware_jobs
from ocpp_server.models import FirmwareJob, FirmwareUpdate
from ocpp_server.server import Server
from ocpp_server.services.firmware import firmware_jobs
from ocpp_server.services.firmware.plans import Plan
from ocpp_server.services.station import charge_points
from ocpp_server.settings import Settings
from tests.fake_charge_point import FakeChargePoint

COUNT = 200
#: One in twenty goes wrong, each in a way of its own; by number of the station.
FAILURES = dict.fromkeys(range(20, 60, 10), "DownloadFailed")
FAILURES |= dict.fromkeys((70, 80, 150), "InstallationFailed") | {90: "error", 100: "error", 160: "silent"}
ENDS = {"DownloadFailed": "failed", "InstallationFailed": "failed", "error": "unsupported", "silent": "silent"}
GONE = (ConnectionError, OSError, websocket.WebSocketException)


class Central:
    """The server, as stations find it: at another port after it was restarted."""

    def __init__(self, settings: Settings) -> None:
        self.settings = replace(settings, spontaneous_calls=False)
        self._start()

    def _start(self) -> None:
        self.server = Server(self.settings, entry.create_portal)
        self.server.start()
        self.port = self.server.port

    def restart(self) -> None:
        self.server.stop()
        stations.clear()
        self._start()

    def job(self) -> FirmwareJob:
        with self.server.store.reading():
            return FirmwareJob.get()

    def updates(self) -> list[FirmwareUpdate]:
        with self.server.store.reading():
            return list(FirmwareUpdate.select().order_by(FirmwareUpdate.charge_point))

    def counts(self) -> Counter[str]:
        """How many stations are in which state."""
        with self.server.store.reading():
            rows = self.server.store.query("SELECT state, count(*) FROM firmware_update GROUP BY state")
        return Counter(dict(rows))

    def run_until(self, condition: Callable[[], Any]) -> None:
        """Let the job go on until this holds."""
        for _ in range(600):
            carry_out_firmware_jobs(self.server.store, self.settings)
            if condition():
                return
            gevent.sleep(0.1)
        pytest.fail(f"this never came true: {self.counts()}")


class Station:
    """One station, which finds its way back whenever the connection is lost."""

    def __init__(self, central: Central, number: int) -> None:
        self.central, self.number = central, number
        self.asked = 0
        self.point = FakeChargePoint(0, f"CP-{number:03}")

    def run(self) -> None:
        self._persist(self._connect)
        self._boot("1.0")
        while True:
            self._persist(self._take_request)
            self._update()

    def _update(self) -> None:
        failure = FAILURES.get(self.number)
        if failure in ("error", "silent"):
            return
        self._say("Downloading")
        if failure == "DownloadFailed":
            return self._say(failure)
        self._say("Downloaded")
        self._say("Installing")
        self._persist(self._connect)
        if failure:
            self._boot("1.0")
            return self._say(failure)
        if self.number % 2:
            self._boot("2.0")
            return self._say("Installed")
        self._say("Installed")
        return self._boot("2.0")

    def _take_request(self) -> None:
        frame = self.point.unasked.popleft() if self.point.unasked else self.point.recv()
        while frame[0] != 2 or frame[2] != "UpdateFirmware":
            frame = self.point.recv()
        self.asked += 1
        is_refused = FAILURES.get(self.number) == "error"
        with suppress(*GONE):
            self.point.send_raw(json.dumps([4, frame[1], "NotSupported", "", {}] if is_refused else [3, frame[1], {}]))

    def _say(self, word: str) -> None:
        self._persist(lambda: self.point.call("FirmwareStatusNotification", {"status": word}))

    def _boot(self, version: str) -> None:
        self._persist(lambda: self.point.boot(firmwareVersion=version))

    def _connect(self) -> None:
        self.point.vanish()
        self.point.port = self.central.port
        self.point.connect()

    def _persist(self, what: Callable[[], Any]) -> None:
        while True:
            try:
                what()
                return
            except websocket.WebSocketTimeoutException:
                continue
            except GONE:
                self._come_back()

    def _come_back(self) -> None:
        while True:
            try:
                return self._connect()
            except GONE:
                gevent.sleep(0.05)


@pytest.fixture
def central(settings: Settings) -> Iterator[Central]:
    central = Central(settings)
    yield central
    clock.use(None)
    central.server.stop()
    stations.clear()
    handshake.guesses.clear()


def test_two_hundred_stations_in_waves_with_failures_and_a_restart(central: Central) -> None:
    plan = Plan(location="ftp://files.example/new.bin", version="2.0", waves=(1, 10), stop_percent=10)

    def begin(unit: Any) -> None:
        points = [charge_points.add(unit, f"CP-{number:03}") for number in range(1, COUNT + 1)]
        firmware_jobs.create(unit, plan, [point.id for point in points], by="tests")

    central.server.store.write(begin)
    yard = [Station(central, number) for number in range(1, COUNT + 1)]
    running = Group()
    for station in yard:
        running.start(gevent.Greenlet(station.run))

    def count(*states: str) -> int:
        counts = central.counts()
        return sum(counts[state] for state in states)

    central.run_until(lambda: count("confirmed") >= 60)
    assert count("waiting") > 0, "it is over before it could be restarted"
    central.restart()
    central.run_until(lambda: count("confirmed", "failed", "unsupported") == COUNT - 1)
    assert central.job().state == "running"
    real = clock.now()
    clock.use(lambda: real + timedelta(hours=3))
    central.run_until(lambda: central.job().state == "done")
    clock.use(None)
    running.kill()
    for station in yard:
        station.point.vanish()

    wanted = [ENDS[FAILURES[number]] if number in FAILURES else "confirmed" for number in range(1, COUNT + 1)]
    updates = central.updates()
    assert [update.state for update in updates] == wanted
    assert {station.asked for station in yard} == {1}, "each station is asked once, never twice"
    assert Counter(update.wave for update in updates) == {1: 1, 2: 10, 3: COUNT - 11}
    assert {update.attempts for update in updates} == {1}
    assert [update.version_after for update in updates if update.state == "confirmed"] == ["2.0"] * (COUNT - 10)
