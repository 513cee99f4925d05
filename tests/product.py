"""The product as people run it: `python app.py serve` in a process of its own, with a folder and a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent

ROOT = Path(__file__).parents[1]
_START_SECONDS = 30.0


class Product:
    """One installation: what is stopped or killed can be started again on the same data."""

    def __init__(self, folder: Path, database_url: str = "", **environ: str) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.charge_point_url = f"ws://127.0.0.1:{self.port}/ocpp"
        self._output = folder / "output.txt"
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CSMS_")},
            "CSMS_PORT": str(self.port),
            "CSMS_DATA_DIR": str(folder),
            "CSMS_DATABASE_URL": database_url,
            **environ,
        }
        self.process: subprocess.Popen | None = None
        self.output = ""

    def start(self, command: str = "serve") -> "Product":
        """Start it and wait until it serves."""
        with self._output.open("w") as output:
            self.process = self._spawn(command, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + _START_SECONDS
        while "Charge points:" not in self._read():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, f"it does not start: {self.output}"
            gevent.sleep(0.02)
        return self

    def terminate(self) -> int:
        """End it as a service manager does; the exit code. `output` is then all that it said."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess:
        """Run a command of the command line on this installation."""
        process = self._spawn(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(stdin, timeout=_START_SECONDS)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def _spawn(self, *arguments: str, **pipes: object) -> subprocess.Popen:
        command = [sys.executable, "app.py", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self._environ, text=True, **pipes)

    def _end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(timeout=_START_SECONDS)
        self.process = None
        self._read()
        return code

    def _read(self) -> str:
        self.output = self._output.read_text()
        return self.output


@contextmanager
def product(folder: Path, database_url: str = "", **environ: str) -> Iterator[Product]:
    """A started product; ended at the latest when the block is left."""
    installation = Product(folder, database_url, **environ)
    try:
        yield installation.start()
    finally:
        if installation.process is not None:
            installation.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
