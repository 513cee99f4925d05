"""What a session sees: one folder, with the one file to fetch in it, or empty and to be written into once.

There is no path from here into the file system: every name is looked up in this folder, and nothing is created by a
name that came over the wire.
"""

import errno
import os
import stat
from typing import Any, BinaryIO

from pyftpdlib.exceptions import FilesystemError
from pyftpdlib.filesystems import AbstractedFS

from ocpp_server import file_names
from ocpp_server.ftp.asking import Asking, Refusal
from ocpp_server.shelf import DiskFull, Incoming, Shelf, TooLarge


class Upload:
    """A file that comes in. It is on record and safe once `finish` has returned; closed before, nothing is left."""

    def __init__(self, incoming: Incoming, asking: Asking, facts: dict[str, Any], name: str) -> None:
        self.name = name
        self.closed = False
        #: Why it was refused on the way.
        self.refusal = ""
        self._incoming = incoming
        self._asking = asking
        self._facts = facts

    def write(self, piece: bytes) -> None:
        try:
            self._incoming.write(piece)
        except (TooLarge, DiskFull) as error:
            is_large = isinstance(error, TooLarge)
            self.refusal = f"The file has {error}, and more may not come now." if is_large else str(error)
            raise OSError(errno.EFBIG, self.refusal) from error

    def finish(self, announced: int | None) -> None:
        """All has come. Raises Refusal."""
        self.closed = True
        try:
            if not self._incoming.size:
                raise Refusal("The file is empty.")
            if announced is not None and self._incoming.size < announced:
                raise Refusal(f"Only {self._incoming.size} of {announced} bytes came.")
            self._keep()
        except Refusal as refusal:
            self._give_up(str(refusal))
            raise

    def _keep(self) -> None:
        try:
            stored_as = self._incoming.keep()
        except (DiskFull, OSError) as error:
            raise Refusal(f"The file could not be stored: {error}") from error
        size, sha256 = self._incoming.size, self._incoming.sha256
        facts = {"file_name": self.name, "size": size, "sha256": sha256, "stored_as": stored_as, **self._facts}
        self._asking.ask("finish_upload", **facts)

    def close(self) -> None:
        """The connection ended before the file did."""
        if not self.closed:
            self.closed = True
            self._give_up(self.refusal or "The connection broke off before the end of the file.")

    def _give_up(self, reason: str) -> None:
        self._incoming.discard()
        self._asking.ask("fail_upload", reason=reason, **self._facts)


class Folder(AbstractedFS):
    """The file system of a session; `cmd_channel.link` is what its credentials open."""

    def __init__(self, root: str, cmd_channel: Any) -> None:
        super().__init__("/", cmd_channel)
        self._link = cmd_channel.link
        self._facts = {"link": self._link["id"], "address": cmd_channel.remote_ip}

    @property
    def _file(self) -> str:
        """The name of the file to fetch, as an address here would spell it; empty where there is none."""
        return file_names.plain(self._link.get("file_name", ""))

    def open(self, filename: str, mode: str) -> BinaryIO | Upload:
        """The file to fetch, or a new one to write. Raises FilesystemError."""
        try:
            return self._fetch(filename) if mode == "rb" else self._store(filename, mode)
        except Refusal as refusal:
            raise FilesystemError(str(refusal).rstrip(".")) from refusal

    def _fetch(self, filename: str) -> BinaryIO:
        if not self.isfile(filename):
            raise FilesystemError("There is no such file here")
        self.cmd_channel.asking.ask("begin_download", **self._facts)
        return self._shelf.path(self._link["stored_as"]).open("rb")

    def _store(self, filename: str, mode: str) -> Upload:
        if mode == "r+b":
            raise Refusal("An upload cannot be resumed here: send the whole file")
        name = file_names.display_name(filename)
        asking, announced = self.cmd_channel.asking, self.cmd_channel.announced
        limit = asking.ask("begin_upload", length=announced, **self._facts)["limit"]
        try:
            return Upload(self._shelf.begin(limit), asking, self._facts, name)
        except OSError as error:
            asking.ask("fail_upload", reason="The file could not be stored.", **self._facts)
            raise Refusal("The file could not be stored") from error

    @property
    def _shelf(self) -> Shelf:
        return self.cmd_channel.shelf

    def _check(self, path: str) -> None:
        if not self.lexists(path):
            raise FilesystemError("There is no such file here")

    # What pyftpdlib would ask the operating system.

    def validpath(self, path: str) -> bool:
        return True

    def realpath(self, path: str) -> str:
        return path

    def isdir(self, path: str) -> bool:
        return path == "/"

    def isfile(self, path: str) -> bool:
        return bool(self._file) and path == f"/{self._file}"

    def islink(self, path: str) -> bool:
        return False

    def lexists(self, path: str) -> bool:
        return self.isdir(path) or self.isfile(path)

    def chdir(self, path: str) -> None:
        if path != "/":
            raise FilesystemError("There is no such folder here")
        self.cwd = "/"

    def listdir(self, path: str) -> list[str]:
        self._check(path)
        return [self._file] if self._file else []

    listdirinfo = listdir

    def getsize(self, path: str) -> int:
        return self.stat(path).st_size

    def getmtime(self, path: str) -> float:
        return self.stat(path).st_mtime

    def stat(self, path: str) -> os.stat_result:
        self._check(path)
        mode, size = stat.S_IFREG | 0o444, self._link.get("size", 0)
        if path == "/":
            mode, size = stat.S_IFDIR | 0o555, 0
        changed = self._link["at"]
        return os.stat_result((mode, 1, 1, 1, 0, 0, size, changed, changed, changed))

    lstat = stat
