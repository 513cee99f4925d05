"""Reads what stations sent for the page that shows it: all disk and unpacking work in native threads."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ocpp_server.files.native import in_thread
from ocpp_server.unpacking import archives, text
from ocpp_server.unpacking.archives import GZIP, PLAIN, Contents
from ocpp_server.unpacking.budget import Refused
from ocpp_server.unpacking.text import Page

LINES = 500


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
    return in_thread(_look, path, members, name, line, search)


def stream(path: Path, members: tuple[int, ...]) -> Iterator[bytes]:
    """The bytes of a file or a member, each piece read in a thread. What is refused midway ends it early."""
    pieces = archives.read(path, *members)
    while piece := in_thread(_next, pieces):
        yield piece


def _next(pieces: Iterator[bytes]) -> bytes:
    try:
        return next(pieces, b"")
    except Refused:
        return b""


def _look(path: Path, members: tuple[int, ...], name: str, line: int, search: str) -> View:
    try:
        if len(members) < 2:
            contents = archives.look_into(path, *members, name=name)
            if contents.kind == GZIP and not members:
                # One file, and nothing to choose from.
                return _text(path, (0,), line, search)
            if contents.kind == GZIP:
                return _text(path, (*members, 0), line, search)
            if contents.kind != PLAIN:
                return View(members, contents=contents)
        return _text(path, members, line, search)
    except Refused as error:
        return View(members, refused=error.reason)


def _text(path: Path, members: tuple[int, ...], line: int, search: str) -> View:
    pieces = archives.read(path, *members)
    start = next(pieces, b"")
    if not text.is_text(start[:8192]):
        return View(members)
    whole = chain([start], pieces)
    found = text.search(whole, search, line) if search else text.page(whole, line, LINES)
    return View(members, page=found)
