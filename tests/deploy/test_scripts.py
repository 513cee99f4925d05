"""The shell scripts: shellcheck reads them, and other shells than bash accept them."""

from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY, run, tool

SCRIPTS = sorted(DEPLOY.glob("*.sh"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    answer = run(tool("shellcheck", "shellcheck"), "--shell=sh", script)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_can_be_started(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    assert script.read_text().startswith("#!/bin/sh\n")
