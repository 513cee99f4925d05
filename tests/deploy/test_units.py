"""The systemd units: systemd itself reads and rates them."""

import shutil
from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY, run, tool

SERVICES = ("chargeyard.service", "chargeyard-backup.service")
UNITS = (*SERVICES, "chargeyard-backup.timer")

#: Tenths of systemd's exposure level, which runs from 0 (safe) to 100.
EXPOSURE = 15


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units in a folder of their own; the programs they start, which must exist, lie beside them."""
    for program in (".venv/bin/python", "deploy/backup.sh", "deploy/README.md"):
        path = tmp_path / "chargeyard" / program
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", path)
    for name in UNITS:
        text = (DEPLOY / name).read_text()
        (tmp_path / name).write_text(text.replace("/opt/chargeyard", str(tmp_path / "chargeyard")))
    return tmp_path


@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_to_say_about_a_unit(units: Path, name: str) -> None:
    answer = run(tool("systemd-analyze", "systemd"), "verify", units / name)
    about_ours = [line for line in answer.stdout.splitlines() if "chargeyard" in line]
    assert about_ours == []
    assert answer.returncode == 0, answer.stdout


def test_systemd_would_have_said_something(units: Path) -> None:
    unit = units / "chargeyard.service"
    unit.write_text(unit.read_text().replace("RestartSec=", "RestartSecs="))
    answer = run(tool("systemd-analyze", "systemd"), "verify", unit)
    assert "Unknown key" in answer.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_locked_in(units: Path, name: str) -> None:
    analyze = tool("systemd-analyze", "systemd")
    answer = run(analyze, "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", units / name)
    assert answer.returncode == 0, answer.stdout


def test_the_timer_runs_once_a_day() -> None:
    text = (DEPLOY / "chargeyard-backup.timer").read_text()
    [moment] = [line.removeprefix("OnCalendar=") for line in text.splitlines() if line.startswith("OnCalendar=")]
    answer = run(
        tool("systemd-analyze", "systemd"), "calendar", "--base-time=2026-01-01 00:00:00", "--iterations=2", moment
    )
    assert answer.returncode == 0, answer.stdout
    assert "2026-01-01 03:15:00" in answer.stdout
    assert "2026-01-02 03:15:00" in answer.stdout
