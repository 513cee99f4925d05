"""What the units forbid is nothing that the programs do: strace watches them at work."""

import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.deploy.tools import DEPLOY, TOP, environment, free_port, run, tool

#: SQLite gives its files to the database's owner, but only where root runs it, as in CI; the units do not.
ONLY_AS_ROOT = {"fchown"}


def settings_of(unit: str, name: str) -> list[str]:
    """Each value of a setting in a unit, in order."""
    lines = (DEPLOY / unit).read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


def members(group: str) -> set[str]:
    """The system calls of one of systemd's groups, with those of the groups in it."""
    answer = run(tool("systemd-analyze", "systemd"), "syscall-filter", "--no-pager", group)
    assert answer.returncode == 0, answer.stdout
    names = [line.strip() for line in answer.stdout.splitlines()[1:] if line.strip() and "#" not in line]
    return {call for name in names for call in (members(name) if name.startswith("@") else {name})}


def allowed(unit: str) -> set[str]:
    """The system calls that a unit's filter lets through."""
    calls: set[str] = members("@default")
    for value in settings_of(unit, "SystemCallFilter"):
        named = set().union(*map(members, value.removeprefix("~").split()))
        calls = calls - named if value.startswith("~") else calls | named
    return calls


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture(scope="module")
def served(data: Path) -> str:
    """The trace of a server that starts, answers, and is asked to end."""
    trace, port = data / "served", str(free_port())
    command = [tool("strace", "strace"), "-f", "-qq", "-o", str(trace), sys.executable, "app.py", "serve"]
    settings = environment(CSMS_DATA_DIR=str(data), CSMS_PORT=port)
    process = subprocess.Popen(command, cwd=TOP, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _wait_until_healthy(process, port)
        run("pkill", "--parent", str(process.pid))
        process.wait(30)
    finally:
        process.kill()
        process.communicate()
    return trace.read_text()


def _wait_until_healthy(process: subprocess.Popen, port: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except URLError:
            time.sleep(0.1)
    process.kill()
    pytest.fail(f"the server does not answer: {process.communicate()[0].decode()}")


@pytest.fixture(scope="module")
def backed_up(served: str, data: Path) -> str:
    """The trace of a backup of what that server left."""
    assert served
    trace = data / "backed-up"
    settings = environment(CSMS_DATA_DIR=str(data), CHARGEYARD_PYTHON=sys.executable)
    answer = run(tool("strace", "strace"), "-f", "-qq", "-o", trace, DEPLOY / "backup.sh", env=settings)
    assert answer.returncode == 0, answer.stdout
    return trace.read_text()


@pytest.fixture(params=[("chargeyard.service", "served"), ("chargeyard-backup.service", "backed_up")])
def watched(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A unit and the trace of its program."""
    unit, trace = request.param
    return unit, request.getfixturevalue(trace)


def test_every_system_call_that_it_needs_is_allowed(watched: tuple[str, str]) -> None:
    unit, trace = watched
    calls = set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)", trace, re.MULTILINE))
    assert len(calls) > 30, "strace saw too little"
    assert calls - allowed(unit) - ONLY_AS_ROOT == set()


def test_it_needs_no_other_kind_of_socket(watched: tuple[str, str]) -> None:
    unit, trace = watched
    families = set(re.findall(r"socket\((AF_\w+)", trace))
    assert families <= set(settings_of(unit, "RestrictAddressFamilies")[0].split())


def test_it_makes_no_memory_writable_and_executable(watched: tuple[str, str]) -> None:
    unit, trace = watched
    assert settings_of(unit, "MemoryDenyWriteExecute") == ["yes"]
    assert re.findall(r"mmap\(.*PROT_WRITE\|PROT_EXEC.*|mprotect\(.*PROT_EXEC.*", trace) == []
