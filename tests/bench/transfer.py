"""Large files there and back, as cheaply as a client can: `python -m tests.bench.transfer URL [FILE]`.

With a FILE it is sent to the address, else what is there is fetched. Prints the SHA-256 where `--hash` asks for it.
`--rate` holds it to so many bytes a second, as a station's line would.
"""

import argparse
import ftplib
import hashlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

_BUFFER = 262_144
Take = Callable[[bytes], object]


class Pace:
    """Sleeps as long as it takes to be no faster than the rate; 0 is as fast as can be."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._begin = time.monotonic()
        self._bytes = 0

    def keep(self, piece: bytes) -> None:
        self._bytes += len(piece)
        if self._rate:
            time.sleep(max(0.0, self._begin + self._bytes / self._rate - time.monotonic()))


def fetch(url: str, take: Take, rate: float = 0) -> None:
    """Pass the bytes at an http or ftp address on."""
    pace = Pace(rate)

    def take_in_time(piece: bytes) -> None:
        take(piece)
        pace.keep(piece)

    _fetch(url, take_in_time)


def _fetch(url: str, take: Take) -> None:
    parts = urlsplit(url)
    if parts.scheme == "ftp":
        with _ftp(url) as client:
            client.retrbinary(f"RETR {parts.path}", take, blocksize=_BUFFER)
        return
    with _http(url, "GET", "") as sock, sock.makefile("rb", _BUFFER) as stream:
        headers = _head(stream)
        left = int(headers["content-length"])
        while left:
            piece = stream.read(min(_BUFFER, left))
            if not piece:
                raise RuntimeError(f"{left} bytes are missing")
            take(piece)
            left -= len(piece)


def send(url: str, path: Path, rate: float = 0) -> None:
    """Send a file to a folder's address, which must take it."""
    pace = Pace(rate)
    with path.open("rb") as file:
        if urlsplit(url).scheme == "ftp":
            with _ftp(url) as client:
                client.storbinary("STOR diagnostics.bin", file, blocksize=_BUFFER, callback=pace.keep)
            return
        with _http(url + "diagnostics.bin", "PUT", f"Content-Length: {path.stat().st_size}\r\n") as sock:
            for piece in _pieces(file):
                sock.sendall(piece)
                pace.keep(piece)
            with sock.makefile("rb") as stream:
                _head(stream)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_BUFFER):
        yield piece


def _ftp(url: str) -> ftplib.FTP:
    parts = urlsplit(url)
    client = ftplib.FTP(timeout=120)
    client.connect(parts.hostname or "", parts.port or 21)
    client.login(parts.username or "", parts.password or "")
    return client


def _http(url: str, method: str, headers: str) -> socket.socket:
    parts = urlsplit(url)
    sock = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=120)
    sock.sendall(f"{method} {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{headers}\r\n".encode())
    return sock


def _head(stream: socket.SocketIO) -> dict[str, str]:
    status = stream.readline()
    if not status.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
        raise RuntimeError(status.decode() + stream.read(1000).decode(errors="replace"))
    headers = {}
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return headers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("file", nargs="?", default="")
    parser.add_argument("--hash", action="store_true")
    parser.add_argument("--rate", type=float, default=0)
    arguments = parser.parse_args()
    if arguments.file:
        send(arguments.url, Path(arguments.file), arguments.rate)
        return
    digest = hashlib.sha256()
    fetch(arguments.url, digest.update if arguments.hash else len, arguments.rate)
    if arguments.hash:
        print(digest.hexdigest())


if __name__ == "__main__":
    main()
