"""One measurement: a load generator in a process of its own against a server that runs."""

import json
import subprocess
import sys
from dataclasses import dataclass

from tests.bench import processes
from tests.bench.targets import ROOT, Target


@dataclass(frozen=True)
class Load:
    """What to ask of a server: mode and number of stations, and for how long."""

    mode: str
    stations: int
    seconds: float = 10.0
    warm_up: float = 2.0

    @property
    def name(self) -> str:
        return f"{self.mode} {self.stations:,}"


def drive(target: Target, load: Load, journal: str = "") -> dict:
    """The figures of one run."""
    return finish(begin(target, load, journal))


def begin(target: Target, load: Load, journal: str = "") -> subprocess.Popen:
    """Start the load generator on a core of its own."""
    options = {
        "url": f"ws://127.0.0.1:{target.port}/ocpp/",
        "mode": load.mode,
        "stations": load.stations,
        "seconds": load.seconds,
        "warm-up": load.warm_up,
        "server": target.pid,
        "database": target.database_name,
        "metrics": target.metrics_url,
        "journal": journal,
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "tests.bench.load", *words]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    processes.pin(process.pid, 1)
    return process


def finish(process: subprocess.Popen) -> dict:
    """Wait for the load generator; what it printed."""
    text, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the load generator failed with {process.returncode}")
    return json.loads(text)
