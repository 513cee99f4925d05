"""`/files/<token>/<name>`: where stations fetch firmware (GET, HEAD, ranges) and send files (PUT, POST).

An application of its own beside the portal's: no log-in, no cookie, no limit of the portal's. A token in the path is
all the right there is, so it is never logged. Refusals are one sentence of plain text.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Request, Response

from ocpp_server.files import bodies, downloads
from ocpp_server.files.downloads import Watched
from ocpp_server.files.reception import NOTE_EVERY, receive
from ocpp_server.models import FileLink, FirmwareImage
from ocpp_server.models.files import DOWNLOAD, UPLOAD
from ocpp_server.services.file import file_limits, file_links, file_transfers
from ocpp_server.services.file.file_transfers import Peer, Refused
from ocpp_server.services.firmware import firmware_images
from ocpp_server.settings import Settings
from ocpp_server.store import Store

log = logging.getLogger(__name__)

PREFIX = "/files/"
#: A station may fetch a file in so many ranges at a time.
_AT_ONCE = 4


def is_file_request(environ: dict[str, Any]) -> bool:
    """Whether a request is for a file that a station fetches or sends."""
    return environ["PATH_INFO"].startswith(PREFIX)


class FileApplication:
    """The WSGI application."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self._running: dict[int, int] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = None
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        token, name = _parts(request)
        link: FileLink | None = None
        try:
            with self.store.reading():
                link = file_links.find(token)
            if link is None:
                raise Refused(404, "There is nothing at this address.")
            return self._serve(request, link, name)
        except Refused as refused:
            if not refused.is_noted:
                self._record(request, link, refused)
            return _refusal(refused)

    def _serve(self, request: Request, link: FileLink, name: str) -> Response:
        if request.method in ("GET", "HEAD"):
            return self._send(request, file_transfers.admit(link, DOWNLOAD))
        if request.method in ("PUT", "POST"):
            return self._receive(request, file_transfers.admit(link, UPLOAD), name)
        raise Refused(405, "Only GET, HEAD, PUT and POST mean something here.")

    # -- a station fetches ---------------------------------------------------------------------------------

    def _send(self, request: Request, link: FileLink) -> Response:
        if self._running.get(link.id, 0) >= _AT_ONCE:
            raise Refused(409, "This file is being fetched too many times at once.", retry_after=30)
        with self.store.reading():
            image = firmware_images.find(link.image_id)
        if image is None:
            raise Refused(410, "The file is no longer here.")
        try:
            response = self._file(request, image)
        except FileNotFoundError as error:
            log.error("the firmware image %s is gone from the disk", image.id)
            raise Refused(410, "The file is no longer here.") from error
        except RequestedRangeNotSatisfiable as error:
            raise Refused(416, f"The file has {image.size} bytes.") from error
        if request.method == "GET" and response.status_code in (200, 206):
            self._watch(request, response, link, image.size)
        return response

    def _file(self, request: Request, image: FirmwareImage) -> Response:
        path = file_limits.shelf(self.settings).path(image.stored_as)
        at = image.uploaded_at
        return downloads.response(request, path, file_name=image.file_name, size=image.size, sha256=image.sha256, at=at)

    def _watch(self, request: Request, response: Response, link: FileLink, size: int) -> None:
        start = response.content_range.start or 0
        peer, noted = _peer(request), time.monotonic()
        self._running[link.id] = self._running.get(link.id, 0) + 1

        def on_progress(sent: int) -> None:
            nonlocal noted
            if time.monotonic() - noted > NOTE_EVERY:
                noted = time.monotonic()
                self.store.post(lambda unit: file_transfers.progress(unit, link.id, peer, start + sent))

        def on_end(sent: int, is_complete: bool) -> None:
            self._running[link.id] -= 1
            if not self._running[link.id]:
                del self._running[link.id]
            until, is_whole = start + sent, is_complete and start + sent >= size
            if is_whole or not is_complete:
                detail = f"bytes {start} to {until} of {size}"
                self.store.post(
                    lambda unit: file_transfers.downloaded(
                        unit, link.id, peer, until=until, is_whole=is_whole, detail=detail
                    )
                )

        response.response = Watched(iter(response.response), on_progress, on_end)  # type: ignore[arg-type]

    # -- a station sends -----------------------------------------------------------------------------------

    def _receive(self, request: Request, link: FileLink, name: str) -> Response:
        if not bodies.has_body(request):
            raise Refused(411, "The request says neither how long the file is nor that it comes in chunks.")
        try:
            body = bodies.Body(request)
        except bodies.Malformed as error:
            raise Refused(400, str(error)) from error
        length = bodies.announced_length(request)
        received = receive(self.store, self.settings, link.id, _peer(request), body, name, length)
        text = f"Received {received.file_name}: {received.size} bytes, SHA-256 {received.sha256}.\n"
        return Response(text, 201, content_type="text/plain; charset=utf-8")

    def _record(self, request: Request, link: FileLink | None, refused: Refused) -> None:
        peer = _peer(request)
        log.info("refused %s of a file to %s: %s", request.method, peer.address, refused.text)
        if link is not None:
            link_id = link.id
            self.store.post(lambda unit: file_transfers.refused(unit, link_id, peer, refused.text))
        elif file_transfers.strangers.lets_pass(peer.address):
            self.store.post(lambda unit: file_transfers.stranger(unit, peer, refused.text))


def _parts(request: Request) -> tuple[str, str]:
    """The token, and the name that follows it in the address, decoded once."""
    path = request.environ.get("RAW_PATH") or quote(request.environ["PATH_INFO"].encode("latin-1"))
    token, _, name = path.partition("?")[0].removeprefix(PREFIX).partition("/")
    return token, bodies.file_name_of(name)


def _peer(request: Request) -> Peer:
    return Peer(request.scheme.upper(), request.remote_addr or "")


def _refusal(refused: Refused) -> Response:
    response = Response(f"{refused.text}\n", refused.status, content_type="text/plain; charset=utf-8")
    if refused.retry_after:
        response.headers["Retry-After"] = str(refused.retry_after)
    # The body of the request may not have been read, and nobody knows where the next request would begin.
    response.headers["Connection"] = "close"
    if refused.status == 405:
        response.headers["Allow"] = "GET, HEAD, PUT, POST"
    return response
