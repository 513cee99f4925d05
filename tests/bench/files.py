"""Large files by HTTP and FTP, there and back: are the bytes equal, does the memory stay flat, and do stations notice?

Each way first alone, as fast as it goes, with the memory of the server's processes watched; then to a station with a
line of 100 Mbit/s, while others go on as usual. Their times to the answer are set against those just before, when the
server transferred nothing: what disturbs the machine disturbs both.
"""

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ocpp_server import clock
from ocpp_server.models import ChargePoint, ReceivedFile
from ocpp_server.services.file import file_limits, file_links
from ocpp_server.services.file.file_links import Offer
from ocpp_server.services.firmware import firmware_images
from ocpp_server.settings import Settings
from ocpp_server.store import Store, Unit
from tests.bench import drive, processes, report
from tests.bench.drive import Load
from tests.bench.targets import ROOT, SQLITE, Target, Workshop

#: As seen by the station.
WAYS = (("HTTP", "fetch"), ("HTTP", "send"), ("FTP", "fetch"), ("FTP", "send"))
_WORDS = {"fetch": "firmware to a station", "send": "file from a station"}
_OTHERS = Load("open", 1_000, seconds=10, warm_up=5)
#: Bytes a second of a station's line, while others are watched.
_LINE = 12_500_000
#: Uploads at most while others are watched, as each needs a link of its own.
_LINKS = 20


@dataclass
class Row:
    """One way alone: bytes a second, whether the bytes were equal, and how far the memory rose (bytes)."""

    way: tuple[str, str]
    speed: float
    is_equal: bool
    server_growth: int
    ftp_growth: int


class Yard:
    """The server's folder: a large image, and links made beside the server, as its command line would."""

    def __init__(self, workshop: Workshop, url: str, megabytes: int) -> None:
        environ = {"CSMS_DATA_DIR": str(workshop.folder), "CSMS_DATABASE_URL": url, "CSMS_PORT": str(workshop.port)}
        self.settings = Settings.from_environ({**_limits(workshop.port), **environ})
        self.size = megabytes * 1_000_000
        self.image = workshop.folder / "image.bin"
        self.sha256 = self._make_image()

    def links(self, protocol: str, way: str, count: int) -> Iterator[str]:
        """Addresses by this protocol."""
        store = Store(self.settings.database)
        store.start()
        try:
            offers = store.write(lambda unit: [self._offer(unit, way) for _ in range(count)])
        finally:
            store.stop()
        yield from (offer.urls[protocol] for offer in offers)

    def received(self) -> list[str]:
        """The hashes of what came in, each of what is really on the disk; all of it is then deleted."""
        store = Store(self.settings.database)
        store.start()
        try:
            rows = store.write(lambda unit: list(ReceivedFile.select()))
            hashes = [_hash(self.shelf.path(row.stored_as)) for row in rows]
            for row in rows:
                self.shelf.remove(row.stored_as)
            store.write(lambda unit: ReceivedFile.delete().execute())
        finally:
            store.stop()
        return hashes

    @property
    def shelf(self):
        return file_limits.shelf(self.settings)

    def _make_image(self) -> str:
        digest = hashlib.sha256()
        with self.image.open("wb") as file:
            for _ in range(0, self.size, 1_000_000):
                piece = os.urandom(1_000_000)
                file.write(piece)
                digest.update(piece)
        return digest.hexdigest()

    def _offer(self, unit: Unit, way: str) -> Offer:
        station, until = ChargePoint.select().first().id, clock.now() + timedelta(hours=1)
        if way == "send":
            return file_links.expect_upload(unit, self.settings, station, expires_at=until)
        image = firmware_images.everything().first() or self._add(unit)
        return file_links.offer_download(unit, self.settings, image.id, station, expires_at=until)

    def _add(self, unit: Unit):
        incoming = self.shelf.begin(self.size)
        with self.image.open("rb") as file:
            while piece := file.read(1_000_000):
                incoming.write(piece)
        facts = {"size": self.size, "sha256": incoming.sha256, "stored_as": incoming.keep()}
        return firmware_images.add(unit, file_name="image.bin", by="bench", **facts)


def run(port: int, megabytes: int, rounds: int) -> str:
    """Measure; the page, with medians of the rounds."""
    os.environ.update(_limits(port))
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder, Workshop(Path(folder), port, 1_000) as workshop:
        url = workshop.fresh(SQLITE)
        yard = Yard(workshop, url, megabytes)
        with workshop.running(SQLITE, url) as target:
            alone = [_alone(yard, target, way) for way in WAYS]
            pairs = {way: [] for way in WAYS}
            for _ in range(rounds):
                for way in WAYS:
                    pairs[way].append((drive.drive(target, _OTHERS), _beside(yard, target, way)))
    return _page(alone, pairs, megabytes)


def _limits(port: int) -> dict[str, str]:
    """The settings that matter here."""
    most = str(10**11)
    return {
        "CSMS_FTP_PORT": str(port + 1),
        "CSMS_FTP_PASSIVE_PORTS": f"{port + 100}-{port + 199}",
        "CSMS_RECEIVED_MAX_SIZE": most,
        "CSMS_RECEIVED_PER_STATION": most,
        "CSMS_RECEIVED_TOTAL": most,
        "CSMS_DISK_RESERVE": "0",
    }


def _alone(yard: Yard, target: Target, way: tuple[str, str]) -> Row:
    protocol, direction = way
    (url,) = yard.links(protocol, direction, 1)
    ftp = _children(target.pid)
    with _highest(target.pid) as server, _highest(*ftp) as child:
        begin = time.monotonic()
        hashes = [_transfer(yard, url, direction, "--hash")]
        took = time.monotonic() - begin
    if direction == "send":
        hashes = yard.received()
    return Row(way, yard.size / took, hashes == [yard.sha256], server(), child())


def _beside(yard: Yard, target: Target, way: tuple[str, str]) -> dict:
    """The figures of the other stations, and how many transfers there were meanwhile."""
    protocol, direction = way
    urls = list(yard.links(protocol, direction, _LINKS))
    process = drive.begin(target, _OTHERS)
    time.sleep(_OTHERS.warm_up)
    count, begin = 0, time.monotonic()
    while process.poll() is None and urls:
        _transfer(yard, urls.pop(), direction, f"--rate={_LINE}")
        count += 1
    seconds = time.monotonic() - begin
    figures = drive.finish(process)
    yard.received()
    return {**figures, "transfers": count, "megabytes_per_second": count * yard.size / seconds / 1e6}


def _transfer(yard: Yard, url: str, direction: str, *more: str) -> str:
    """One transfer by a process of its own, on the load generator's core; what it printed."""
    words = [url, *([str(yard.image)] if direction == "send" else []), *more]
    command = [sys.executable, "-m", "tests.bench.transfer", *words]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    processes.pin(process.pid, 1)
    text, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{url} failed")
    return text.strip()


@contextmanager
def _highest(*pids: int) -> Iterator[Callable[[], int]]:
    """Watch the memory; how far it rose above where it was, in bytes."""
    before = sum(map(processes.rss_bytes, pids))
    highest, ended = [before], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            highest[0] = max(highest[0], sum(map(processes.rss_bytes, pids)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield lambda: highest[0] - before
    finally:
        ended.set()
        watcher.join()


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _page(alone: list[Row], pairs: dict[tuple[str, str], list[tuple[dict, dict]]], megabytes: int) -> str:
    head = (f"{megabytes} MB alone", "", "MB/s", "Bytes equal", "Server grew, MB", "FTP process grew, MB")
    rows = [
        (
            row.way[0],
            _WORDS[row.way[1]],
            f"{row.speed / 1e6:.0f}",
            "yes" if row.is_equal else "**no**",
            f"{row.server_growth / 1e6:.1f}",
            f"{row.ftp_growth / 1e6:.1f}",
        )
        for row in alone
    ]
    return f"{report.table(head, rows)}\n\n{_stations(pairs)}\n"


def _stations(pairs: dict[tuple[str, str], list[tuple[dict, dict]]]) -> str:
    head = ("Other stations, meanwhile", "", "Transfers", "MB/s", "p50 ms", "p99 ms", "p50 to calm", "p99 to calm")
    rows = []
    for (protocol, direction), found in pairs.items():
        transfers = sum(busy["transfers"] for _, busy in found)
        speed = statistics.median(busy["megabytes_per_second"] for _, busy in found)
        times = [statistics.median(_time(busy, share) for _, busy in found) for share in ("p50", "p99")]
        ratios = [
            statistics.median(_time(busy, share) / _time(calm, share) for calm, busy in found)
            for share in ("p50", "p99")
        ]
        figures = (f"{value:.1f}" for value in times), (f"{value:.2f}" for value in ratios)
        rows.append((protocol, _WORDS[direction], str(transfers), f"{speed:.0f}", *figures[0], *figures[1]))
    return report.table(head, rows)


def _time(figures: dict, share: str) -> float:
    """Of MeterValues: by far the most frequent."""
    return figures["actions"]["MeterValues"][share]
