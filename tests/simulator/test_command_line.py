"""The simulator as the process that an operator starts."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def simulator(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ocpp_server.simulator", *arguments]


@contextmanager
def central_system(*arguments: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Its address, and the process, which prints the actions it receives."""
    command = [sys.executable, "-m", "tests.simulator.central_system", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(simulator(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_help_lists_the_options() -> None:
    result = run("--help")
    assert result.returncode == 0
    assert all(option in result.stdout for option in ("--url", "--stations", "--speed", "--busy", "--once", "--seed"))


def test_once_plays_a_session_on_every_station() -> None:
    with central_system() as (url, _):
        result = run("--url", url, "--stations", "9", "--once")
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith("9 of 9 sessions went well.\n")


def test_once_fails_if_a_card_is_refused() -> None:
    with central_system("BAD") as (url, _):
        result = run("--url", url, "--identity", "CP-7", "--id-tag", "BAD", "--once", "--quiet")
    assert result.returncode == 1
    assert result.stderr == "CP-7: authorization of BAD: Invalid\n"


def test_once_fails_if_nobody_listens() -> None:
    result = run("--url", "ws://127.0.0.1:9/", "--once", "--quiet")
    assert result.returncode == 1
    assert result.stderr.startswith("DEMO-001: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_yard_and_its_transactions(number: signal.Signals) -> None:
    with (
        central_system() as (url, central),
        subprocess.Popen(
            simulator("--url", url, "--busy", "1", "--speed", "600", "--seed", "1"),
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        ) as yard,
    ):
        assert central.stdout is not None
        assert yard.stderr is not None
        actions = iter(central.stdout.readline, "")
        assert next(action for action in actions if action == "MeterValues\n")
        yard.send_signal(number)
        assert next(action for action in actions if action == "StopTransaction\n")
        assert yard.wait(10) == 0
        assert "Traceback" not in yard.stderr.read()


def test_the_simulator_brings_no_gevent() -> None:
    check = "import sys, ocpp_server.simulator.__main__; sys.exit('gevent' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False).returncode == 0
