"""What is measured: the product as shipped on either database, and the yardsticks. Each is a process of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.bench import processes

ROOT = Path(__file__).parent.parent.parent
POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1")
SQLITE, POSTGRES, BARE, ASYNCIO = "sqlite", "postgresql", "bare", "asyncio"
NAMES = {
    SQLITE: "Chargeyard, SQLite",
    POSTGRES: "Chargeyard, PostgreSQL",
    BARE: "bare flask-sock",
    ASYNCIO: "ocpp on asyncio",
}
OURS = (SQLITE, POSTGRES)
_SCRIPTS = {BARE: "tests.bench.bare_responder", ASYNCIO: "tests.bench.asyncio_central_system"}
_TEMPLATE, _DATABASE = f"chargeyard_bench_{os.getpid()}_template", f"chargeyard_bench_{os.getpid()}"


@dataclass
class Target:
    """A server that runs."""

    kind: str
    port: int
    pid: int
    database_url: str = ""

    @property
    def is_ours(self) -> bool:
        return self.kind in OURS

    @property
    def database_name(self) -> str:
        """What its PostgreSQL processes are recognised by."""
        return _DATABASE if self.kind == POSTGRES else ""

    @property
    def metrics_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/metrics" if self.is_ours else ""


class Workshop:
    """A folder with one prepared database of each engine, of which every measurement gets a fresh copy."""

    def __init__(self, folder: Path, port: int, stations: int) -> None:
        self.folder = folder
        self.port = port
        self.stations = stations
        self._prepared: set[str] = set()

    def __enter__(self) -> "Workshop":
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if POSTGRES in self._prepared:
            for name in (_DATABASE, _TEMPLATE):
                _administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @contextmanager
    def running(self, kind: str, url: str | None = None) -> Iterator[Target]:
        """Start a server with this or a fresh database, if it has one, and stop it in the end."""
        target, process = self.start(kind, self.fresh(kind) if url is None else url)
        try:
            yield target
        finally:
            end(process)

    def fresh(self, kind: str) -> str:
        """The URL of a database in which nothing has happened yet; empty for a yardstick."""
        if kind not in OURS:
            return ""
        if kind not in self._prepared:
            self._prepare(kind)
            self._prepared.add(kind)
        if kind == POSTGRES:
            _administer(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
            _administer(f"CREATE DATABASE {_DATABASE} TEMPLATE {_TEMPLATE}")
            return f"{POSTGRESQL}/{_DATABASE}"
        for leftover in self.folder.glob("run.db*"):
            leftover.unlink()
        shutil.copy(self.folder / "template.db", self.folder / "run.db")
        return f"sqlite:///{self.folder / 'run.db'}"

    def start(self, kind: str, url: str) -> tuple[Target, subprocess.Popen]:
        """Start a server on a database as it is."""
        if kind in OURS:
            command = [sys.executable, str(ROOT / "app.py"), "serve"]
        else:
            command = [sys.executable, "-m", _SCRIPTS[kind], str(self.port)]
        own = {"CSMS_PORT": str(self.port), "CSMS_DATA_DIR": str(self.folder), "CSMS_DATABASE_URL": url}
        with open(self.folder / "server.log", "ab") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=log, stderr=log)
        processes.pin(process.pid, 0)
        _await_port(self.port, process)
        return Target(kind, self.port, process.pid, url), process

    def _prepare(self, kind: str) -> None:
        url = f"sqlite:///{self.folder / 'template.db'}"
        if kind == POSTGRES:
            _administer(f"DROP DATABASE IF EXISTS {_TEMPLATE} WITH (FORCE)")
            _administer(f"CREATE DATABASE {_TEMPLATE}")
            url = f"{POSTGRESQL}/{_TEMPLATE}"
        command = [sys.executable, "-m", "tests.bench.prepare", url, str(self.stations)]
        subprocess.run(command, cwd=ROOT, check=True)


def end(process: subprocess.Popen) -> None:
    """Ask a server to stop; after ten seconds it is not asked any more."""
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
        return
    process.kill()
    process.wait()


def has_postgresql() -> bool:
    with suppress(psycopg.OperationalError):
        psycopg.connect(f"{POSTGRESQL}/postgres", connect_timeout=3).close()
        return True
    return False


def _administer(statement: str) -> None:
    with psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True) as connection:
        connection.execute(statement)


def _await_port(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended at once: {' '.join(process.args)}")
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise RuntimeError("the server does not listen")
