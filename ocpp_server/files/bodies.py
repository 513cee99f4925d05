"""A request's body as pieces in constant memory: raw, chunked, or the first file of a form."""

import re
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any
from urllib.parse import unquote

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, File, MultipartDecoder, NeedData
from werkzeug.wrappers import Request

from ocpp_server.files.native import TooSlow, within
from ocpp_server.shelf import TooLarge

#: A piece takes IDLE seconds at most: slower than 2 kB a second nobody is. All of it takes no longer than LONGEST.
PIECE_BYTES, IDLE, LONGEST = 131_072, 60.0, 6 * 3600.0
#: So much of a form may stand around the file, and so much is held while its next boundary is looked for, in bytes.
_AROUND = 262_144


class Malformed(ValueError):
    """The body is not what its headers say; the text says why."""


class Lost(Exception):
    """The peer has gone before the end."""


class Body:
    """The one file that a request brings; `file_name` is known once the first of its `pieces` has come."""

    def __init__(self, request: Request) -> None:
        self.file_name = _named_by(request.headers)
        self._stream: Any = request.environ["wsgi.input"]
        self._boundary = ""
        if request.mimetype == "multipart/form-data":
            self._boundary = request.mimetype_params.get("boundary", "")
            if not re.fullmatch(r"[\x21-\x7e ]{1,70}", self._boundary):
                raise Malformed("The form has no usable boundary.")

    def pieces(self, limit: int) -> Iterator[bytes]:
        """The file, of at most so many bytes. Raises TooLarge, TooSlow, Malformed and Lost."""
        pieces = self._read_all(limit)
        return self._first_file(pieces) if self._boundary else pieces

    def _read_all(self, limit: int) -> Iterator[bytes]:
        """The body as it comes, whatever it holds."""
        begin, size = time.monotonic(), 0
        while piece := self._read():
            size += len(piece)
            if size > limit + _AROUND:
                raise TooLarge(limit)
            if time.monotonic() - begin > LONGEST:
                raise TooSlow("The transfer took too long.")
            yield piece

    def _read(self) -> bytes:
        with within(IDLE):
            try:
                return self._stream.read(PIECE_BYTES)
            except OSError as error:
                raise Lost("The connection broke off before the end of the file.") from error

    def _first_file(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The content of the first part with a file name; what stands before it is passed over, the rest not read."""
        is_found = False
        for event in self._events(pieces):
            if isinstance(event, File):
                is_found, self.file_name = True, event.filename or self.file_name
            elif isinstance(event, Data) and is_found:
                yield event.data
                if not event.more_data:
                    return
        raise Malformed("The form holds no file.")

    def _events(self, pieces: Iterable[bytes]) -> Iterator[Any]:
        decoder = MultipartDecoder(self._boundary.encode(), max_form_memory_size=_AROUND)
        try:
            for piece in chain(pieces, (None,)):
                decoder.receive_data(piece)
                while not isinstance(event := decoder.next_event(), NeedData):
                    if isinstance(event, Epilogue):
                        return
                    yield event
        except ValueError as error:
            raise Malformed("The form ends before its last boundary, or is no form.") from error
        except RequestEntityTooLarge as error:
            raise Malformed("The form's next boundary, or the end of a part's headers, does not come.") from error


def announced_length(request: Request) -> int | None:
    """The bytes of the body as its headers say; None where they do not."""
    return request.content_length if not request.headers.get("Transfer-Encoding") else None


def has_body(request: Request) -> bool:
    """Whether the headers announce a body at all."""
    return bool(request.headers.get("Transfer-Encoding")) or request.content_length is not None


def _named_by(headers: Headers) -> str:
    """The file's name as some stations give it in a header of the request."""
    _, options = parse_options_header(headers.get("Content-Disposition"))
    return options.get("filename", "")


def file_name_of(path: str) -> str:
    """The part of the address behind the token, decoded once; empty where there is none."""
    return unquote(path, "utf-8", "replace")
