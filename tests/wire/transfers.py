"""Files at real links of the running server, and HTTP spoken by hand."""

import hashlib
import socket
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from ocpp_server import clock
from ocpp_server.models import FileEvent, FirmwareImage
from ocpp_server.services.file import file_limits, file_links
from ocpp_server.services.file.file_links import Offer
from ocpp_server.services.firmware import firmware_images
from tests.wire.raw import Answer, read_head
from tests.wire.yard import Yard


class Files:
    """The yard's files, and the links that CP-1 is given."""

    def __init__(self, yard: Yard, charge_point_id: int) -> None:
        self.yard = yard
        self.settings = yard.server.settings
        self.shelf = file_limits.shelf(self.settings)
        self.charge_point_id = charge_point_id

    def add_image(self, content: bytes, file_name: str = "fw 1.2.bin") -> FirmwareImage:
        incoming = self.shelf.begin(len(content))
        incoming.write(content)
        stored_as = incoming.keep()
        facts = {"file_name": file_name, "size": len(content), "sha256": incoming.sha256, "stored_as": stored_as}
        return self.yard.store.write(lambda unit: firmware_images.add(unit, by="test", **facts))

    def offer(self, content: bytes, minutes: float = 60) -> Offer:
        image, until = self.add_image(content), self._in(minutes)
        return self.yard.store.write(
            lambda unit: file_links.offer_download(
                unit, self.settings, image.id, self.charge_point_id, expires_at=until
            )
        )

    def expect(self, minutes: float = 60) -> Offer:
        until = self._in(minutes)
        return self.yard.store.write(
            lambda unit: file_links.expect_upload(unit, self.settings, self.charge_point_id, expires_at=until)
        )

    def events(self, offer: Offer) -> list[str]:
        return [event.what for event in self.yard.rows(FileEvent, FileEvent.link == offer.link_id)]

    def on_disk(self) -> list[bytes]:
        """What is kept; nothing unfinished may be there beside it."""
        assert not list(self.shelf.folder.glob("incoming/*"))
        return [path.read_bytes() for path in self.shelf.folder.glob("kept/*")]

    @staticmethod
    def _in(minutes: float) -> Any:
        return clock.now() + timedelta(minutes=minutes)


def path_of(offer: Offer) -> str:
    return urlsplit(offer.location).path


def begin(port: int, method: str, target: str, headers: Sequence[str] = ()) -> socket.socket:
    """Send the head of a request."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=10)
    lines = [f"{method} {target} HTTP/1.1", "Host: yard.example", *headers, "", ""]
    sock.sendall("\r\n".join(lines).encode("latin-1"))
    return sock


def finish(sock: socket.socket) -> tuple[Answer, bytes]:
    """Read the answer, its body by its length."""
    answer = read_head(sock)
    body, length = answer.rest, int(answer.headers.get("content-length", 0))
    while len(body) < length:
        piece = sock.recv(65536)
        assert piece, f"only {len(body)} of {length} bytes came"
        body += piece
    return answer, body


def ask(port: int, method: str, target: str, headers: Sequence[str] = (), body: bytes = b"") -> tuple[Answer, bytes]:
    """One request and its answer, on a connection of its own."""
    headers = [*headers, f"Content-Length: {len(body)}"] if body else headers
    with begin(port, method, target, headers) as sock:
        sock.sendall(body)
        return finish(sock) if method != "HEAD" else (read_head(sock), b"")


def chunks(pieces: Iterable[bytes]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
