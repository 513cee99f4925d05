"""Files by FTP, for stations that speak nothing else: with a real client against the real process."""

import ftplib
import io
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import gevent
import pytest

from ocpp_server.files import ftp_answers
from ocpp_server.models import ChargePoint, FileLink, ReceivedFile
from ocpp_server.services.file.file_links import Offer
from ocpp_server.settings import Settings
from tests.product import product
from tests.wire.transfers import Files
from tests.wire.yard import Yard, eventually

LIMIT = 3_000_000
IMAGE = os.urandom(1_000_000)
LOG = b"2026-11-22 all is well\r\n" * 10_000


@pytest.fixture
def settings(settings: Settings) -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    return replace(settings, ftp_port=port, ftp_passive_ports="20000-29999", received_max_size=LIMIT)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The FTP server looks after a fifth of a second whether a transfer is fast enough."""
    script = "import json, sys; from ocpp_server.ftp import __main__, session; session.Data.timeout = 0.2;"
    start = subprocess.Popen

    def popen(command: list[str], **more: Any) -> subprocess.Popen:
        return start([command[0], "-c", f"{script} __main__.main(json.loads(sys.argv[1]))", command[-1]], **more)

    monkeypatch.setattr(subprocess, "Popen", popen)


@pytest.fixture
def files(yard: Yard, quiet: None) -> Iterator[Files]:
    yield Files(yard, yard.row(ChargePoint).id)
    ftp_answers.guesses.clear()


@pytest.fixture
def log_in() -> Iterator[Callable[[Offer], ftplib.FTP]]:
    """A client that is logged in with what an offer says."""
    clients: list[ftplib.FTP] = []

    def log_in(offer: Offer) -> ftplib.FTP:
        parts = urlsplit(offer.urls["FTP"])
        assert parts.hostname is not None
        assert parts.port is not None
        clients.append(ftplib.FTP(timeout=10))
        clients[-1].connect(parts.hostname, parts.port)
        clients[-1].login(unquote(parts.username or ""), unquote(parts.password or ""))
        return clients[-1]

    yield log_in
    for client in clients:
        client.close()


def fetch(client: ftplib.FTP, name: str, **more: int) -> bytes:
    pieces: list[bytes] = []
    client.retrbinary(f"RETR {name}", pieces.append, **more)
    return b"".join(pieces)


def name_of(offer: Offer) -> str:
    return offer.urls["FTP"].rpartition("/")[2]


def test_a_station_fetches_its_firmware_and_resumes(files: Files, log_in: Callable[[Offer], ftplib.FTP]) -> None:
    offer = files.offer(IMAGE)
    client = log_in(offer)
    assert client.nlst() == [name_of(offer)] == ["fw_1.2.bin"]
    assert client.size(name_of(offer)) == len(IMAGE)
    assert fetch(client, name_of(offer)) == IMAGE
    assert fetch(client, "/" + name_of(offer), rest=400_000) == IMAGE[400_000:]
    eventually(lambda: files.events(offer) == ["fetched", "fetched"])
    link = files.yard.row(FileLink)
    assert (link.uses, link.transferred, link.protocol) == (2, len(IMAGE), "FTP")


def test_firmware_is_not_converted_whatever_the_type(files: Files, log_in: Callable[[Offer], ftplib.FTP]) -> None:
    offer = files.offer(b"a\nb\r\nc\n")
    client = log_in(offer)
    client.sendcmd("TYPE A")
    with client.transfercmd(f"RETR {name_of(offer)}") as data:
        assert data.recv(100) == b"a\nb\r\nc\n"


@pytest.mark.parametrize("passive", [True, False])
def test_a_station_sends_a_file(files: Files, log_in: Callable[[Offer], ftplib.FTP], passive: bool) -> None:
    offer = files.expect()
    client = log_in(offer)
    client.set_pasv(passive)
    assert client.storbinary("STOR diag 2026.log", io.BytesIO(LOG)).startswith("226")
    received = files.yard.row(ReceivedFile)
    assert (received.file_name, received.size, received.protocol) == ("diag 2026.log", len(LOG), "FTP")
    assert files.on_disk() == [LOG]
    assert files.events(offer) == ["began", "received"]


def test_a_link_takes_one_file_and_shows_none(files: Files, log_in: Callable[[Offer], ftplib.FTP]) -> None:
    offer = files.expect()
    client = log_in(offer)
    client.storbinary("STOR a.log", io.BytesIO(LOG))
    assert client.nlst() == []
    for command in ("STOR b.log", "APPE a.log", "STOU"):
        with pytest.raises(ftplib.error_perm, match="takes only one"):
            client.storbinary(command, io.BytesIO(LOG))
    with pytest.raises(ftplib.error_perm):
        fetch(client, "a.log")
    with pytest.raises(ftplib.error_perm, match="takes only one"):
        log_in(offer)


def test_nothing_can_be_changed_and_nothing_else_seen(files: Files, log_in: Callable[[Offer], ftplib.FTP]) -> None:
    offer, other = files.offer(IMAGE), files.offer(b"another")
    assert name_of(other)
    client = log_in(offer)
    name = name_of(offer)
    refused = [
        f"DELE {name}", f"RNFR {name}", "MKD x", "RMD /", f"MFMT 20200101000000 {name}", "CWD /etc", "SIZE /etc/passwd",
        f"SITE CHMOD 777 {name}", "MDTM ../../etc/passwd", f"STOR {name}", f"APPE {name}", "STOU", "RNTO x",
    ]  # fmt: skip
    for command in refused:
        with pytest.raises(ftplib.error_perm):
            client.sendcmd(command)
    for path in ("../../etc/passwd", "/etc/passwd", "..", "/", "x"):
        with pytest.raises(ftplib.error_perm):
            fetch(client, path)
    client.cwd("..")
    client.cwd("/")
    assert client.pwd() == "/"
    assert client.nlst() == [name]


@pytest.mark.parametrize("name", ["../../evil", "..\\evil", "a\0b", "a\x1b[2J"])
def test_a_climbing_name_is_refused(files: Files, log_in: Callable[[Offer], ftplib.FTP], name: str) -> None:
    offer = files.expect()
    client = log_in(offer)
    with pytest.raises(ftplib.error_perm, match="553 The file's name"):
        client.storbinary(f"STOR {name}", io.BytesIO(LOG))
    assert files.on_disk() == []
    assert files.events(offer) == ["refused"]


def test_a_download_tells_how_far_it_is(files: Files, log_in: Callable[[Offer], ftplib.FTP]) -> None:
    offer = files.offer(b"x" * 30_000_000)
    with log_in(offer).transfercmd(f"RETR {name_of(offer)}", rest=20_000_000) as data:
        data.recv(1000)
        eventually(lambda: files.yard.row(FileLink).transferred > 20_000_000)
        assert files.events(offer) == []


def test_an_upload_tells_how_far_it_is(files: Files, log_in: Callable[[Offer], ftplib.FTP]) -> None:
    offer = files.expect()
    with log_in(offer).transfercmd("STOR a.log") as data:
        data.sendall(LOG)
        eventually(lambda: files.yard.row(FileLink).transferred == len(LOG))
    eventually(lambda: files.events(offer) == ["began", "received"])


def test_who_sends_a_byte_now_and_then_is_cut_off(
    impatient: None, files: Files, log_in: Callable[[Offer], ftplib.FTP]
) -> None:
    offer = files.expect()
    client = log_in(offer)

    def drip() -> None:
        with client.transfercmd("STOR a.log") as data, suppress(OSError):
            while True:
                data.sendall(b"x")
                gevent.sleep(0.02)

    dripping = gevent.spawn(drip)
    eventually(lambda: files.events(offer) == ["began", "failed"])
    assert files.yard.row(FileLink).reason == "The file came too slowly."
    dripping.kill()


def test_a_file_without_end_is_cut_off(files: Files, log_in: Callable[[Offer], ftplib.FTP]) -> None:
    offer = files.expect()
    client = log_in(offer)
    with client.transfercmd("STOR a.log") as data, suppress(OSError):
        data.sendall(b"x" * 20_000_000)
    with pytest.raises(ftplib.error_perm, match="552 The file has more than 3000000 bytes"):
        client.getresp()
    eventually(lambda: files.events(offer) == ["began", "failed"])
    assert files.on_disk() == []


def test_an_announced_size_is_checked_first_and_last(files: Files, log_in: Callable[[Offer], ftplib.FTP]) -> None:
    offer = files.expect()
    client = log_in(offer)
    client.sendcmd(f"ALLO {LIMIT + 1}")
    with pytest.raises(ftplib.error_perm, match="3,000,000 bytes at most"):
        client.storbinary("STOR a.log", io.BytesIO(LOG))
    client.sendcmd("ALLO 1000000")
    with pytest.raises(ftplib.error_perm, match="Only 240000 of 1000000 bytes came"):
        client.storbinary("STOR a.log", io.BytesIO(LOG))
    client.sendcmd(f"ALLO {len(LOG)}")
    assert client.storbinary("STOR a.log", io.BytesIO(LOG)).startswith("226")


def test_who_leaves_in_the_middle_leaves_nothing_and_may_come_back(
    files: Files, log_in: Callable[[Offer], ftplib.FTP]
) -> None:
    offer = files.expect()
    client = log_in(offer)
    data = client.transfercmd("STOR a.log")
    data.sendall(LOG)
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    data.close()
    client.close()
    eventually(lambda: files.events(offer) == ["began", "failed"])
    assert files.on_disk() == []
    assert log_in(offer).storbinary("STOR a.log", io.BytesIO(LOG)).startswith("226")


def test_guessing_is_slowed_and_anonymous_is_nobody(files: Files, log_in: Callable[[Offer], ftplib.FTP]) -> None:
    offer = files.expect()

    def guess(user: str, password: str) -> str:
        with ftplib.FTP(timeout=10) as client:
            client.connect("127.0.0.1", files.yard.server.settings.ftp_port)
            with pytest.raises(ftplib.error_perm, match="530") as refusal:
                client.login(user, password)
            return str(refusal.value)

    tries = [("anonymous", "a@b"), (f"cy{offer.link_id}", "x" * 32), ("cy1\0", "\0"), ("é", "é"), ("root", "root")]
    # The server waits before each answer.
    answers = [gevent.spawn(guess, *credentials) for credentials in tries]
    assert {answer.get() for answer in answers} == {"530 Wrong user or password"}
    with pytest.raises(ftplib.error_perm, match="Too many wrong passwords"):
        log_in(offer)
    ftp_answers.guesses.clear()
    log_in(offer)


def test_an_expired_link_logs_nobody_in(files: Files, log_in: Callable[[Offer], ftplib.FTP]) -> None:
    with pytest.raises(ftplib.error_perm, match="expired"):
        log_in(files.expect(minutes=-1))


def test_it_is_started_again_when_it_dies(
    files: Files, log_in: Callable[[Offer], ftplib.FTP], caplog: pytest.LogCaptureFixture
) -> None:
    offer = files.expect()
    data = log_in(offer).transfercmd("STOR a.log")
    ftp = files.yard.server._ftp
    assert ftp is not None
    assert ftp.process_id is not None
    os.kill(ftp.process_id, signal.SIGKILL)
    data.close()
    eventually(lambda: files.events(offer) == ["began", "failed"])
    assert "started again" in caplog.text
    caplog.clear()
    assert log_in(offer).storbinary("STOR a.log", io.BytesIO(LOG)).startswith("226")


def test_it_ends_with_the_server_however_that_ends(tmp_path: Path, database_url: str, settings: Settings) -> None:
    with product(tmp_path, database_url, CSMS_FTP_PORT=str(settings.ftp_port)) as running:
        assert running.process is not None
        number = running.process.pid
        (child,) = map(int, Path(f"/proc/{number}/task/{number}/children").read_text().split())
        running.kill()
    eventually(lambda: not Path(f"/proc/{child}").exists(), 10)
