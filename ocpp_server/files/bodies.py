"""A request's body as pieces in constant memory: raw, chunked, or the first file of a form."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, File, MultipartDecoder, NeedData
from werkzeug.wrappers import Request

from ocpp_server.files.native import within

#: A piece takes IDLE seconds at most: slower than 2 kB a second nobody is. All of it takes no longer than LONGEST.
PIECE_BYTES, IDLE, LONGEST = 131_072, 60.0, 6 * 3600.0


class Malformed(ValueError):
    """The body is not what its headers say; the text says why."""


class Lost(Exception):
    """The peer has gone before the end."""


class Body:
    """The one file that a request brings: iterate over its pieces; `file_name` is known once the first has come."""

    def __init__(self, request: Request) -> None:
        self.file_name = _named_by(request.headers)
        self._stream: Any = request.environ["wsgi.input"]
        self._boundary = ""
        if request.mimetype == "multipart/form-data":
            self._boundary = request.mimetype_params.get("boundary", "")
            if not re.fullmatch(r"[\x21-\x7e ]{1,70}", self._boundary):
                raise Malformed("The form has no usable boundary.")

    def __iter__(self) -> Iterator[bytes]:
        return self._first_file() if self._boundary else self._raw()

    def _raw(self) -> Iterator[bytes]:
        while piece := self._read():
            yield piece

    def _read(self) -> bytes:
        with within(IDLE):
            try:
                return self._stream.read(PIECE_BYTES)
            except OSError as error:
                raise Lost("The connection broke off before the end of the file.") from error

    def _first_file(self) -> Iterator[bytes]:
        """The content of the first part with a file name; what else a form holds is passed over."""
        is_wanted = is_found = False
        for event in self._events():
            if isinstance(event, File):
                is_wanted = not is_found
                if is_wanted:
                    is_found, self.file_name = True, event.filename or self.file_name
            elif isinstance(event, Data):
                if is_wanted:
                    yield event.data
            else:
                is_wanted = False
        if not is_found:
            raise Malformed("The form holds no file.")

    def _events(self) -> Iterator[Any]:
        decoder = MultipartDecoder(self._boundary.encode())
        try:
            while True:
                piece = self._read()
                decoder.receive_data(piece or None)
                while not isinstance(event := decoder.next_event(), NeedData):
                    if isinstance(event, Epilogue):
                        return
                    yield event
        except ValueError as error:
            raise Malformed("The form ends before its last boundary, or is no form.") from error


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
