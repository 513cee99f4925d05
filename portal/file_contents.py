"""Reads what stations sent for the page that shows it: all disk and unpacking work in a native thread of its own."""

import errno
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ocpp_server.files.native import in_reading_thread
from ocpp_server.unpacking import archives, text
from ocpp_server.unpacking.archives import GZIP, PLAIN, Contents
from ocpp_server.unpacking.budget import Refused
from ocpp_server.unpacking.text import Page

LINES = 500
#: A look ends after so many seconds: others wait for the thread meanwhile.
_LONGEST = 20.0


@dataclass(frozen=True)
class View:
    """What is at a place within a file: an archive's `contents`, a text's `page`, or neither, with what `refused`
    says. `members` leads there, see unpacking/archives.py."""

    members: tuple[int, ...]
    contents: Contents | None = None
    page: Page | None = None
    refused: str = ""


def look(path: Path, members: tuple[int, ...], name: str, line: int, search: str) -> View:
    """What is there; of a text the page that begins with this line, or what the search finds from it on."""
    return in_reading_thread(_look, path, members, name, line, search)


def stream(path: Path, members: tuple[int, ...]) -> Iterator[bytes]:
    """The bytes of a file or a member. Raises Refused where it cannot even begin."""
    pieces = archives.read(path, *members)
    return _sent(in_reading_thread(next, pieces, b""), pieces)


def _sent(piece: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """This piece and those after it. What is refused midway breaks the connection: a part is not the whole."""
    while piece:
        yield piece
        try:
            piece = in_reading_thread(next, pieces, b"")
        except Refused as error:
            # To pywsgi it looks as if the peer had gone, which it does not report as a fault of ours.
            raise OSError(errno.EPIPE, f"refused midway: {error.reason}") from error


def _look(path: Path, members: tuple[int, ...], name: str, line: int, search: str) -> View:
    until = time.monotonic() + _LONGEST
    try:
        if len(members) < 2:
            contents = archives.look_into(path, *members, name=name, until=until)
            if contents.kind == GZIP:
                # One file, and nothing to choose from.
                return _text(path, (*members, 0), line, search, until)
            if contents.kind != PLAIN:
                return View(members, contents=contents)
        return _text(path, members, line, search, until)
    except Refused as error:
        return View(members, refused=error.reason)


def _text(path: Path, members: tuple[int, ...], line: int, search: str, until: float) -> View:
    pieces = archives.read(path, *members, until=until)
    start = next(pieces, b"")
    if not text.is_text(start[:8192]):
        return View(members)
    whole = chain([start], pieces)
    found = text.search(whole, search, line) if search else text.page(whole, line, LINES)
    return View(members, page=found)
