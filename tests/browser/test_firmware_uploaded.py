"""An operator uploads firmware from the page: with scripts, and without any."""

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ocpp_server.models import FirmwareImage
from ocpp_server.server import Server
from ocpp_server.services.access import operators
from ocpp_server.services.file import file_limits
from ocpp_server.settings import Settings
from portal import file_uploads
from tests.browser.onlooker import Browser
from tests.conftest import PASSWORD

EMAIL = "otto@example.com"
HASH = operators.hash_password(PASSWORD)

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, firmware_max_size=3_000_000)


@pytest.fixture(params=[True, False], ids=["with-scripts", "without-scripts"])
def browser(server: Server, request: pytest.FixtureRequest) -> Iterator[Browser]:
    server.store.write(lambda unit: operators.add(unit, EMAIL, password_hash=HASH, role="operator", name="Otto"))
    with Browser(f"http://127.0.0.1:{server.port}", EMAIL, PASSWORD, scripts=request.param) as browser:
        yield browser


def test_an_empty_file_is_explained_and_a_real_one_kept(server: Server, browser: Browser, tmp_path: Path) -> None:
    content = random.Random(3).randbytes(3_000_000)
    (tmp_path / "empty.bin").write_bytes(b"")
    (tmp_path / "fw-2.4.bin").write_bytes(content)
    browser.open("/firmware")
    browser.press("Upload firmware")
    browser.choose("#file", tmp_path / "empty.bin")
    browser.press("Upload")
    browser.sees("Choose a file that is not empty.")
    browser.choose("#file", tmp_path / "fw-2.4.bin")
    browser.fill("#version", "2.4")
    browser.press("Upload")
    browser.sees("fw-2.4.bin is here. Stations can be given it now.")
    browser.sees("3,000,000 bytes")
    with server.store.reading():
        image = FirmwareImage.get()
    assert image.version == "2.4"
    assert file_limits.shelf(server.settings).path(image.stored_as).read_bytes() == content


@pytest.mark.parametrize("browser", [True], ids=["with-scripts"], indirect=True)
def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def come() -> None:
        raise AssertionError("it was sent")

    monkeypatch.setattr(file_uploads, "from_form", come)
    (tmp_path / "fw.bin").write_bytes(b"x" * 3_000_001)
    browser.open("/firmware/images/add")
    browser.choose("#file", tmp_path / "fw.bin")
    browser.press("Upload")
    browser.sees("A file has 3,000,000 bytes at most here.")
