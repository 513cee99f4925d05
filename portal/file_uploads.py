"""A file that an operator sends, by a form or as the body itself: written to its place in pieces as it comes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from ocpp_server import file_names
from ocpp_server.files.bodies import PIECE_BYTES
from ocpp_server.files.native import in_thread
from ocpp_server.services.errors import Invalid
from ocpp_server.services.file import file_limits
from ocpp_server.shelf import DiskFull, Incoming, TooLarge
from portal import context

#: Fields beside the file have so many bytes at most (the parser's own buffer counts too), and no form more parts.
_FIELD_BYTES, _PARTS = 262_144, 20


@dataclass
class Upload:
    """What came: a file, not yet in its place, and the fields of the form that it came with."""

    incoming: Incoming
    file_name: str
    fields: dict[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Put the file in its place; what its row says of it."""
        stored_as = in_thread(self.incoming.keep)
        incoming = self.incoming
        return {
            "file_name": self.file_name,
            "size": incoming.size,
            "sha256": incoming.sha256,
            "stored_as": stored_as,
        }


class _Sink:
    """Where the form parser writes a file to."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming

    def write(self, piece: bytes) -> None:
        in_thread(self._incoming.write, piece)

    def seek(self, position: int) -> None:
        """The parser goes back to the start once it has written; nobody reads from here."""


@contextmanager
def from_form() -> Iterator[Upload]:
    """The file and the fields of a form. Raises Invalid for `file`; leaves nothing behind where the block fails."""
    if request.mimetype != "multipart/form-data":
        raise Invalid("file", "Choose a file that is not empty.")
    with _incoming() as incoming:
        parser = FormDataParser(
            stream_factory=lambda *_, **__: _Sink(incoming),  # type: ignore[arg-type,return-value]
            max_form_memory_size=_FIELD_BYTES,
            max_form_parts=_PARTS,
        )
        _, fields, files = parser.parse_from_environ(request.environ)
        sent = files.get("file")
        if sent is None or len(list(files.items(multi=True))) != 1 or not incoming.size:
            raise Invalid("file", "Choose a file that is not empty.")
        yield Upload(incoming, _name(sent.filename or ""), {name: text for name, text in fields.items()})


@contextmanager
def from_body(file_name: str) -> Iterator[Upload]:
    """The body of the request is the file. Raises Invalid; leaves nothing behind where the block fails."""
    name = _name(file_name)
    with _incoming() as incoming:
        while piece := request.environ["wsgi.input"].read(PIECE_BYTES):
            in_thread(incoming.write, piece)
        if not incoming.size:
            raise Invalid("file", "Send a file that is not empty.")
        yield Upload(incoming, name)


@contextmanager
def _incoming() -> Iterator[Incoming]:
    context.let_go()
    limit = file_limits.image_limit(context.settings())
    if (request.content_length or 0) > limit.size + _FIELD_BYTES * _PARTS:
        raise limit.refusal
    incoming = in_thread(file_limits.shelf(context.settings()).begin, limit.size)
    try:
        yield incoming
    except BaseException as error:
        in_thread(incoming.discard)
        if isinstance(error, TooLarge):
            raise limit.refusal from error
        if isinstance(error, DiskFull):
            raise file_limits.no_room() from error
        if isinstance(error, RequestEntityTooLarge):
            raise Invalid("file", "The fields beside the file are too long.") from error
        raise


def _name(told: str) -> str:
    try:
        return file_names.display_name(told, "firmware.bin")
    except file_names.UnusableName as error:
        raise Invalid("file", "The file's name cannot be used. Rename it.") from error
