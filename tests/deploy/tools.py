"""What the checks of deploy/ share: where things are, the tools, free ports."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[2]
DEPLOY = TOP / "deploy"
POSTGRES = os.environ.get("TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1")


def unavailable(reason: str) -> None:
    """Skip with the reason; where CI runs, a check that cannot run has failed."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (deploy/ci-packages.txt lists what CI needs)")
    pytest.skip(reason)


def tool(name: str, package: str) -> str:
    """The path of a program from a Debian package."""
    found = shutil.which(name)
    if found is None:
        unavailable(f"{name} is not there: apt-get install {package}")
    return str(found)


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, its output in `stdout`."""
    options.setdefault("timeout", 60)
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)


def python(script: Path, *arguments: str) -> list[str]:
    """The command that runs one of our scripts with this interpreter; it imports what this tree holds."""
    return [sys.executable, str(script), *arguments]


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without Chargeyard's own settings, and with `changes`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CSMS_", "CHARGEYARD_"))}
    return {**kept, "PYTHONPATH": str(TOP), **changes}


def free_port() -> int:
    """A port of loopback on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop(process: subprocess.Popen) -> int:
    """Ask a program to end and wait for it; its exit status."""
    process.terminate()
    try:
        process.wait(30)
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    return int(process.returncode)
