"""Large files pass through in constant memory, by HTTP and FTP, there and back; `make bench` has the full size."""

import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ocpp_server import clock
from ocpp_server.models import ReceivedFile
from ocpp_server.services.file import file_limits, file_links
from ocpp_server.services.file.file_links import Offer
from ocpp_server.services.firmware import firmware_images
from ocpp_server.services.station import charge_points
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.bench import transfer
from tests.bench.processes import rss_bytes
from tests.product import Product, product

SIZE = 24_000_000
#: Less than a third of a file.
GROWTH = 7_000_000


@pytest.fixture
def settings(engine: str, settings: Settings) -> Settings:
    if engine != "sqlite":
        pytest.skip("the files pass by the database")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return replace(settings, ftp_port=probe.getsockname()[1])


@pytest.fixture
def running(tmp_path: Path, database_url: str, store: Store, settings: Settings) -> Iterator[Product]:
    with product(tmp_path, database_url, CSMS_FTP_PORT=str(settings.ftp_port)) as running:
        yield running


@pytest.fixture
def offers(running: Product, store: Store, settings: Settings) -> Callable[[bytes | None], Offer]:
    """Links made beside the server: of an image, or for a file to come."""
    settings = replace(settings, port=running.port)
    station = store.write(lambda unit: charge_points.add(unit, "CP-1").id)
    until = clock.now() + timedelta(hours=1)

    def offer(content: bytes | None) -> Offer:
        if content is None:
            return store.write(lambda unit: file_links.expect_upload(unit, settings, station, expires_at=until))
        incoming = file_limits.shelf(settings).begin(SIZE)
        incoming.write(content)
        facts = {"size": SIZE, "sha256": incoming.sha256, "stored_as": incoming.keep()}
        image = store.write(lambda unit: firmware_images.add(unit, file_name="fw.bin", by="test", **facts))
        return store.write(lambda unit: file_links.offer_download(unit, settings, image.id, station, expires_at=until))

    return offer


@pytest.mark.parametrize("protocol", ["HTTP", "FTP"])
def test_files_pass_there_and_back_in_constant_memory(
    running: Product,
    store: Store,
    offers: Callable[[bytes | None], Offer],
    tmp_path: Path,
    protocol: str,
) -> None:
    assert running.process is not None
    content = os.urandom(SIZE)
    path, digest = tmp_path / "there.bin", hashlib.sha256()
    path.write_bytes(content)
    download, upload = offers(content).urls[protocol], offers(None).urls[protocol]
    before = rss_bytes(running.process.pid)
    transfer.fetch(download, digest.update)
    transfer.send(upload, path)
    assert rss_bytes(running.process.pid) - before < GROWTH
    with store.reading():
        received = ReceivedFile.get()
    assert digest.hexdigest() == received.sha256 == hashlib.sha256(content).hexdigest()
