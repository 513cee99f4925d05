"""The README tells the truth about the settings."""

import re
from dataclasses import fields
from pathlib import Path

from ocpp_server.settings import Settings

README = (Path(__file__).parent.parent / "README.md").read_text()


def shown(default: object) -> str:
    text = {True: "yes", False: "no"}.get(default, str(default)) if isinstance(default, bool) else str(default)
    return f"`{text}`" if text else ""


def test_the_readme_lists_every_setting_with_its_default_and_meaning():
    for item in fields(Settings):
        row = f"| `{item.metadata['variable']}` | {shown(item.default)} | {item.metadata['meaning']} |"
        assert row in README


def test_the_readme_lists_no_setting_that_does_not_exist():
    known = {item.metadata["variable"] for item in fields(Settings)}
    assert set(re.findall(r"^\| `(CSMS_\w+)`", README, re.MULTILINE)) == known
