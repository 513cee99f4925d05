"""The folder of files: what is complete is there whole under a name of ours; what is not, nobody sees.

Plain and blocking. Whoever has greenlets to serve calls it through files/native.py.
"""

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

#: So much is on its way to the disk at most: whoever commits beside it waits no longer than for this.
_SYNC_BYTES = 4_194_304
#: An unfinished file that nobody has written to for this long has been forgotten, in seconds.
_STALE = 6 * 3600.0


class TooLarge(Exception):
    """More came than there may; `limit` in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


class DiskFull(Exception):
    """The disk has no room, or only what is held in reserve."""


@dataclass(frozen=True)
class Shelf:
    """The files below one folder; `reserve` are the bytes of disk that are always left free."""

    folder: Path
    reserve: int = 0

    def path(self, stored_as: str) -> Path:
        """Where a finished file is."""
        return self.folder / "kept" / stored_as

    def has(self, stored_as: str) -> bool:
        """Whether that finished file is there: it is not where a backup was restored without the folder."""
        return self.path(stored_as).is_file()

    def free(self) -> int:
        """The bytes that are free on the folder's disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        status = os.statvfs(self.folder)
        return status.f_bavail * status.f_frsize

    def room(self) -> int:
        """The bytes that may still be written."""
        return max(0, self.free() - self.reserve)

    def begin(self, limit: int) -> "Incoming":
        """Start a file of at most so many bytes."""
        return Incoming(self, limit)

    def remove(self, *stored_as: str) -> None:
        """Delete files; one that is gone already is no matter."""
        for name in stored_as:
            self.path(name).unlink(missing_ok=True)

    def sweep(self, known: Iterable[str]) -> int:
        """Delete what no row names and what was left unfinished, unless it is young; how many files that were."""
        known, removed, before = set(known), 0, time.time() - _STALE
        for path in [*self.folder.glob("kept/*"), *self.folder.glob("incoming/*")]:
            with suppress(FileNotFoundError):
                is_named = path.parent.name == "kept" and path.name in known
                if not is_named and path.stat().st_mtime < before:
                    path.unlink()
                    removed += 1
        return removed

    def clear_incoming(self) -> None:
        """At the start: whatever was under way then has lost its sender."""
        for path in self.folder.glob("incoming/*"):
            path.unlink(missing_ok=True)


class Incoming:
    """A file that is being written. End it with `keep` or `discard`."""

    def __init__(self, shelf: Shelf, limit: int) -> None:
        self._shelf = shelf
        self.limit = limit
        self.stored_as = secrets.token_hex(16)
        self.size = 0
        self._hash = hashlib.sha256()
        self._unsynced = 0
        folder = shelf.folder / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / self.stored_as
        self._file = self.path.open("xb")

    @property
    def sha256(self) -> str:
        """The hash of what was written so far."""
        return self._hash.hexdigest()

    def write(self, piece: bytes) -> None:
        """Take the next piece. Raises TooLarge, or DiskFull."""
        if self.size + len(piece) > self.limit:
            raise TooLarge(self.limit)
        with _disk():
            self._file.write(piece)
            self._hash.update(piece)
            self.size += len(piece)
            self._unsynced += len(piece)
            if self._unsynced >= _SYNC_BYTES:
                self._sync()

    def _sync(self) -> None:
        self._unsynced = 0
        self._file.flush()
        os.fdatasync(self._file.fileno())
        if not self._shelf.room():
            raise DiskFull("The disk of the server is full.")

    def keep(self) -> str:
        """Complete: safe on the disk and in its place. The name it is stored as. Raises DiskFull."""
        with _disk():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            target = self._shelf.path(self.stored_as)
            target.parent.mkdir(parents=True, exist_ok=True)
            self.path.rename(target)
            _sync_folder(target.parent)
        return self.stored_as

    def discard(self) -> None:
        """Forget it; also after `keep`, where its row could not be written."""
        with suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)
        self._shelf.remove(self.stored_as)


@contextmanager
def _disk() -> Iterator[None]:
    """Tells a full disk from other errors."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("The disk of the server is full.") from error
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
