"""The real server with real sockets: stations of the simulator on one connection, and the server killed under them.

A process of its own for the stations, which are asyncio; the server is started as people start it and ended by SIGKILL.
Time is real here: a few minutes, short leases, cars that charge at their real pace.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocpp_server.simulator.car import CarModel, Supply
from ocpp_server.simulator.connector import Car
from ocpp_server.simulator.models import StationModel
from ocpp_server.simulator.station import Station

ROOT = Path(__file__).resolve().parents[2]
POST = StationModel("Voltara", "Wallbox 22", "3.4.2", Supply(22_000, 3))
CARS = (CarModel(77_000, 11_000, 3, 0), CarModel(52_000, 22_000, 3, 0), CarModel(38_000, 7_400, 1, 0))
#: Seconds: between two readings; how long a limit is lent.
INTERVAL, LEASE = 5, 120


@dataclass
class Product:
    """The server in a folder of its own, with a token of its API."""

    port: int
    folder: Path
    token: str = ""
    process: subprocess.Popen | None = None

    def environment(self) -> dict[str, str]:
        settings = {"CSMS_DATA_DIR": str(self.folder), "CSMS_PORT": str(self.port), "CSMS_HOST": "127.0.0.1"}
        return {**os.environ, **settings}

    def start(self) -> None:
        log = (self.folder / "server.log").open("ab")
        command = [sys.executable, "app.py", "serve"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment(), stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2).close()
                return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError("the server did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def prepare(self) -> None:
        """A token; to be called before `start`."""
        command = [sys.executable, "app.py", "token", "create", "simulation", "--role", "operator"]
        done = subprocess.run(command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, check=True)
        self.token = done.stdout.split()[-1]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        address = f"http://127.0.0.1:{self.port}/api/v1{path}"
        with urllib.request.urlopen(
            urllib.request.Request(address, data, headers, method=method), timeout=30
        ) as answer:
            return json.loads(answer.read() or b"null")


@dataclass
class Outcome:
    """Each second: the seconds since the begin, A on each phase, whether the server lived."""

    samples: list[tuple[float, tuple[float, ...], bool]] = field(default_factory=list)
    profiles: int = 0

    def longest_above(self, limit: float) -> float:
        longest = begin = 0.0
        for at, sums, _ in self.samples:
            begin = begin if max(sums) > limit and begin else at if max(sums) > limit else 0.0
            longest = max(longest, at - begin if begin else 0.0)
        return longest


def play(posts: int, limit_a: float, seconds: float, kill_at: float, port: int = 18_089) -> Outcome:
    """So many stations with cars that come and go; the server dies at `kill_at` and does not come back."""
    with tempfile.TemporaryDirectory() as folder:
        product = Product(port, Path(folder))
        product.prepare()
        product.start()
        try:
            return asyncio.run(_play(product, posts, limit_a, seconds, kill_at))
        finally:
            product.kill()


async def _play(product: Product, posts: int, limit_a: float, seconds: float, kill_at: float) -> Outcome:
    names = [f"POST-{number:02}" for number in range(posts)]
    for name in names:
        product.ask("POST", "/stations", {"identity": name, "registration": "accepted"})
    product.ask("POST", "/id-tags", {"id_tag": "CARD", "status": "accepted"})
    turned = ("123", "231", "312")
    members = [{"station": name, "connector_id": 1, "phases": turned[number % 3]} for number, name in enumerate(names)]
    circuits = [{"name": "Main", "limit": limit_a, "reserve_a": 3}]
    product.ask("POST", "/sites", {"name": "Yard", "circuits": circuits, "members": members, "lease_s": LEASE})
    stations = [_station(name, product.port, number) for number, name in enumerate(names)]
    running = [station.spawn(station.run()) for station in stations]
    drivers = [asyncio.ensure_future(_drive(station, random.Random(station.identity))) for station in stations]
    try:
        return await _watch(product, stations, seconds, kill_at)
    finally:
        for task in (*drivers, *running):
            task.cancel()
        await asyncio.gather(*drivers, *running, *(station.close() for station in stations), return_exceptions=True)


def _station(name: str, port: int, seed: int) -> Station:
    station = Station(name, f"ws://127.0.0.1:{port}/ocpp/", POST, 1, automatic=True, seed=seed, response_timeout=5)
    for key, value in (("MeterValueSampleInterval", INTERVAL), ("MeterValuesSampledData", "Current.Import,SoC")):
        station.configuration.set(key, str(value))
    return station


async def _drive(station: Station, rng: random.Random) -> None:
    """Cars come and go at one post, whether or not there is a server."""
    await station.until_online()
    await asyncio.sleep(rng.uniform(15, 60))
    while True:
        if rng.random() < 0.85:
            car = Car(rng.choices(CARS, (5, 2, 3))[0], rng.uniform(10, 60))
            await station.plug_in(1, car)
            station.spawn(station.start(1, "CARD"))
            await asyncio.sleep(rng.uniform(150, 420))
            station.spawn(station.stop(1, "Local", "CARD"))
            await asyncio.sleep(1)
            station.spawn(station.unplug(1))
        await asyncio.sleep(rng.uniform(10, 60))


async def _watch(product: Product, stations: list[Station], seconds: float, kill_at: float) -> Outcome:
    outcome, begin, lives = Outcome(), time.monotonic(), True
    while (at := time.monotonic() - begin) < seconds:
        if lives and at >= kill_at:
            product.kill()
            lives = False
        sums = [0.0, 0.0, 0.0]
        for number, station in enumerate(stations):
            connector = station.connectors[1]
            station.catch_up(connector)
            currents = connector.reading().currents if connector.transaction and connector.power_watts else ()
            for phase, amperes in enumerate(currents):
                sums[(number + phase) % 3] += amperes
        outcome.samples.append((at, tuple(sums), lives))
        await asyncio.sleep(1)
    outcome.profiles = sum(len(station.profiles.installed) for station in stations)
    return outcome
