"""What a file holds, and the bytes of each of its members.

A member is named by its number within the file, `(3,)`; a member of an archive that lies within the archive by two,
`(3, 0)`; the file itself by none, `()`. Deeper than that nothing is unpacked.
"""

import io
import math
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from ocpp_server.unpacking import tar
from ocpp_server.unpacking.budget import (
    DAMAGED,
    LOCKED,
    MAX_MEMBERS,
    MAX_UNPACKED,
    NO_FILE,
    PIECE,
    TOO_DEEP,
    TOO_MANY,
    UNKNOWN_METHOD,
    UNSAFE_NAME,
    Budget,
    Refused,
)
from ocpp_server.unpacking.streams import GZIP_MAGIC, Reader, gunzip, pieces_of

ZIP, TAR, TAR_GZ, GZIP, PLAIN = "zip", "tar", "tar.gz", "gzip", "plain"
#: Python reads the index of a zip as a whole; larger ones are refused. An index needs some 50 bytes for a member.
_MAX_INDEX = 4 << 20
#: Where a zip ends, at most: its end record and a comment.
_END = 1 << 17
#: An archive within an archive is copied, up to this size, to where it has no name.
_MAX_INNER = 256 << 20
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_LOCKED_FLAG = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_UNIX = 3
_FILE_TYPES = {0, 0o100000}


@dataclass(frozen=True, slots=True)
class Entry:
    """One member. `size` in bytes, unpacked, as far as it is told; `refused` is why it cannot be opened, if so."""

    number: int
    name: str
    size: int | None
    refused: str = ""

    @property
    def is_packed(self) -> bool:
        """Whether it looks like something to look into."""
        return self.name.lower().endswith((".zip", ".gz", ".tgz", ".tar"))


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file is, and its members; `refused` is why the rest of them is not listed, if so."""

    kind: str
    entries: tuple[Entry, ...] = ()
    refused: str = ""


def look_into(path: Path, *members: int, name: str = "", until: float = math.inf) -> Contents:
    """The contents of a file, or of the archive that is this member of it. `name` is the file's own, for those that
    hold one nameless file; `until` is when it takes too long (monotonic). Raises Refused."""
    budget = Budget(path.stat().st_size, until)
    with _opened(path, members, budget) as file:
        return _contents(file, budget, name)


def read(path: Path, *members: int, until: float = math.inf) -> Iterator[bytes]:
    """The bytes of a member in pieces; without members those of the file as it is. Raises Refused."""
    budget = Budget(path.stat().st_size, until)
    if not members:
        with path.open("rb") as file:
            yield from budget.in_time(pieces_of(file))
        return
    with _opened(path, members[:-1], budget) as file:
        yield from budget.watch(_member(file, members[-1], until))


@contextmanager
def _opened(path: Path, members: Sequence[int], budget: Budget) -> Iterator[BinaryIO]:
    """The file, or an archive within it."""
    if len(members) > 1:
        raise Refused(TOO_DEEP)
    with path.open("rb") as file:
        if not members:
            yield file
            return
        with tempfile.TemporaryFile() as inner:
            budget.most = _MAX_INNER
            for piece in budget.watch(_member(file, members[0], budget.until)):
                inner.write(piece)
            inner.flush()
            budget.most = MAX_UNPACKED
            yield inner


def _kind(file: BinaryIO) -> str:
    file.seek(0)
    start = file.read(tar.BLOCK)
    if start.startswith(_ZIP_MAGIC):
        return ZIP
    if start.startswith(GZIP_MAGIC):
        try:
            return TAR_GZ if tar.is_header(Reader(gunzip(pieces_of(file))).take(tar.BLOCK)) else GZIP
        except Refused:
            return GZIP
    return TAR if tar.is_header(start) else PLAIN


def _contents(file: BinaryIO, budget: Budget, name: str) -> Contents:
    kind = _kind(file)
    if kind == GZIP:
        inner = name[:-3] if name.lower().endswith(".gz") else name
        return Contents(kind, (Entry(0, inner or "file", None),))
    if kind == PLAIN:
        return Contents(kind)
    entries: list[Entry] = []
    refused = ""
    try:
        for entry in _zip_entries(file) if kind == ZIP else _tar_entries(file, kind, budget):
            entries.append(entry)
    except Refused as error:
        refused = error.reason
    return Contents(kind, tuple(entries), refused)


def _member(file: BinaryIO, number: int, until: float) -> Iterator[bytes]:
    kind = _kind(file)
    if kind == ZIP:
        return _from_zip(file, number)
    if kind in (TAR, TAR_GZ):
        return _from_tar(file, kind, number, until)
    if kind == GZIP and number == 0:
        return gunzip(pieces_of(file))
    raise Refused(NO_FILE)


# -- tar -------------------------------------------------------------------------------------------------------


def _tar_members(file: BinaryIO, kind: str, budget: Budget) -> Iterator[tuple[tar.Member, Iterator[bytes]]]:
    pieces = pieces_of(file)
    return tar.members(Reader(budget.watch(gunzip(pieces)) if kind == TAR_GZ else budget.in_time(pieces)))


def _tar_entries(file: BinaryIO, kind: str, budget: Budget) -> Iterator[Entry]:
    for member, _ in _tar_members(file, kind, budget):
        yield Entry(member.number, _shown(member.name), member.size, _obstacle(member))


def _from_tar(file: BinaryIO, kind: str, number: int, until: float) -> Iterator[bytes]:
    file.seek(0, io.SEEK_END)
    for member, content in _tar_members(file, kind, Budget(file.tell(), until)):
        if member.number == number:
            _allow(_obstacle(member))
            yield from content
            return
    raise Refused(NO_FILE)


def _obstacle(member: tar.Member) -> str:
    return _unsafe(member.name) if member.is_file else NO_FILE


# -- zip -------------------------------------------------------------------------------------------------------


class _Measured(io.BufferedReader):
    """A file that does not give more at a time than an honest index needs."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = _END
        if size > _MAX_INDEX:
            raise Refused(TOO_MANY)
        return super().read(size)


@contextmanager
def _zip(file: BinaryIO) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """The archive and its files, folders left out."""
    measured = _Measured(io.FileIO(file.fileno(), closefd=False))
    try:
        with zipfile.ZipFile(measured) as archive:
            yield archive, [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(DAMAGED) from error
    finally:
        measured.detach()


def _zip_entries(file: BinaryIO) -> Iterator[Entry]:
    with _zip(file) as (_, infos):
        for number, info in enumerate(infos[:MAX_MEMBERS]):
            yield Entry(number, _shown(info.orig_filename), info.file_size, _zip_obstacle(info))
    if len(infos) > MAX_MEMBERS:
        raise Refused(TOO_MANY)


def _from_zip(file: BinaryIO, number: int) -> Iterator[bytes]:
    with _zip(file) as (archive, infos):
        if number >= min(len(infos), MAX_MEMBERS):
            raise Refused(NO_FILE)
        _allow(_zip_obstacle(infos[number]))
        with archive.open(infos[number]) as content:
            while piece := content.read(PIECE):
                yield piece


def _zip_obstacle(info: zipfile.ZipInfo) -> str:
    if info.create_system == _UNIX and (info.external_attr >> 16) & 0o170000 not in _FILE_TYPES:
        return NO_FILE
    if info.flag_bits & _LOCKED_FLAG:
        return LOCKED
    if info.compress_type not in _METHODS:
        return UNKNOWN_METHOD
    return _unsafe(info.orig_filename)


# -- names -----------------------------------------------------------------------------------------------------


def _unsafe(name: str) -> str:
    """A name that would lead out of any folder belongs to no log file, though nothing is ever written by it."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    leads_out = posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts or "\0" in name
    return UNSAFE_NAME if leads_out or not name.strip() else ""


def _shown(name: str) -> str:
    """A name to look at."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)[:500]


def _allow(obstacle: str) -> None:
    if obstacle:
        raise Refused(obstacle)
