"""One control connection and its data connections."""

import re
from typing import Any

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.exceptions import AuthenticationFailed
from pyftpdlib.handlers import DTPHandler, FTPHandler
from pyftpdlib.log import logger

from ocpp_server import file_names
from ocpp_server.ftp.asking import Asking, Refusal
from ocpp_server.ftp.folder import Folder, Upload
from ocpp_server.shelf import Shelf

#: Whoever fetches may look and read, whoever sends may look and write: nobody renames, deletes or makes folders.
_RIGHTS = {"download": "elr", "upload": "elwa"}
_NAMING = {"STOR", "APPE", "STOU", "RETR", "SIZE", "MDTM", "RNFR", "RNTO", "DELE", "MKD", "RMD"}
#: A peer that is silent for so long, or takes nothing, is cut off; in seconds.
_IDLE = 120
#: So is whoever moves fewer bytes than this meanwhile: slower than 2 kB a second nobody is.
_LEAST = 2000 * _IDLE
#: Seconds between two notes of how far a transfer is.
_NOTE_EVERY = 1.0


class Credentials(DummyAuthorizer):
    """Asks the server; each session has its own."""

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self._session = session

    def validate_authentication(self, username: str, password: str, handler: Any) -> None:
        facts = {"user": username, "password": password, "address": self._session.remote_ip}
        try:
            self._session.link = self._session.asking.ask("login", **facts)
        except Refusal as refusal:
            raise AuthenticationFailed(str(refusal).rstrip(".")) from refusal

    def get_home_dir(self, username: str) -> str:
        return "/"

    def get_msg_login(self, username: str) -> str:
        return "Welcome."

    def get_msg_quit(self, username: str) -> str:
        return "Goodbye."

    def has_perm(self, username: str, perm: str, path: str | None = None) -> bool:
        return perm in _RIGHTS[self._session.link["purpose"]]


class Data(DTPHandler):
    """A data connection. What came in is on record before its sender is told that all is well."""

    timeout = _IDLE
    _lastdata: int
    _notes: Any = None
    _noted = 0

    def __init__(self, sock: Any, cmd_channel: Any) -> None:
        super().__init__(sock, cmd_channel)
        if not self._closed:
            self._notes = self.ioloop.call_every(_NOTE_EVERY, self._note, _errback=self.handle_error)

    def _note(self) -> None:
        """Tell how far the transfer is, if it went on."""
        done = self.get_transmitted_bytes()
        if self.file_obj is not None and done > self._noted:
            self._noted = done
            self.cmd_channel.tell_progress(done)

    def handle_timeout(self) -> None:
        """Called every `timeout` seconds. pyftpdlib itself is content with a single byte."""
        done = self.get_transmitted_bytes()
        if done - self._lastdata < _LEAST:
            self._lastdata = done
            if isinstance(self.file_obj, Upload):
                self.file_obj.refusal = "The file came too slowly."
        super().handle_timeout()

    def recv(self, buffer_size: int) -> bytes:
        try:
            return self.socket.recv(buffer_size) or super().recv(buffer_size)
        except ConnectionError:
            # pyftpdlib takes a connection that was reset for the end of the file.
            self._resp = ("426 The connection broke off.", logger.info)
            self.close()
            return b""
        except BlockingIOError:
            return super().recv(buffer_size)

    def handle_error(self) -> None:
        refusal = getattr(self.file_obj, "refusal", "")
        if not refusal:
            super().handle_error()
            return
        self._resp = (f"552 {refusal}", logger.info)
        self.close()

    def close(self) -> None:
        if not self._closed and isinstance(self.file_obj, Upload) and self.transfer_finished:
            try:
                self.file_obj.finish(self.cmd_channel.announced)
            except Refusal as refusal:
                self._resp = (f"552 {refusal}", logger.info)
        if self._notes is not None and not self._notes.cancelled:
            self._notes.cancel()
        super().close()


class Session(FTPHandler):
    """A control connection. `asking` and `shelf` are set for all of them at the start."""

    asking: Asking
    shelf: Shelf
    _in_dtp_queue: Any
    banner = "Chargeyard"
    timeout = _IDLE
    max_login_attempts = 3
    auth_failed_timeout = 1
    dtp_handler = Data
    abstracted_fs = Folder

    def __init__(self, conn: Any, server: Any, ioloop: Any = None) -> None:
        self.link: dict[str, Any] = {}
        #: The size that the peer has announced, if it did (ALLO).
        self.announced: int | None = None
        self._fetched_from = 0
        super().__init__(conn, server, ioloop)
        self.authorizer = Credentials(self)
        # Firmware is no text, whatever a station says.
        self._current_type = "i"

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        if cmd in _NAMING:
            try:
                file_names.display_name(arg)
            except file_names.UnusableName as error:
                if self.authenticated:
                    self._tell("refused", reason=str(error))
                self.respond(f"553 {error}")
                return
        super().pre_process_command(line, cmd, arg)

    def ftp_TYPE(self, line: str) -> None:
        super().ftp_TYPE(line)
        self._current_type = "i"

    def ftp_ALLO(self, line: str) -> None:
        words = re.match(r"\d{1,15}", line)
        self.announced = int(words[0]) if words else None
        super().ftp_ALLO(line)

    def ftp_STOR(self, file: str, mode: str = "w") -> str | None:
        if self._in_dtp_queue is not None:
            # The one before never got a data connection.
            waiting, self._in_dtp_queue = self._in_dtp_queue, None
            waiting[0].close()
        return super().ftp_STOR(file, mode)

    def ftp_STOU(self, line: str) -> str | None:
        """Whatever the name: nothing here is overwritten."""
        if not self.authorizer.has_perm(self.username, "w"):
            self.respond("550 Not enough privileges.")
            return None
        return self.ftp_STOR(self.fs.ftp2fs(line or "file"))

    def ftp_RETR(self, file: str) -> str | None:
        self._fetched_from = self._restart_position
        return super().ftp_RETR(file)

    def on_file_sent(self, file: str) -> None:
        self._fetched(is_whole=True)

    def on_incomplete_file_sent(self, file: str) -> None:
        self._fetched(is_whole=False)

    def tell_progress(self, done: int) -> None:
        """So many bytes of the transfer at hand have passed."""
        self._tell("progress", transferred=self._fetched_from + done)

    def _fetched(self, *, is_whole: bool) -> None:
        sent = self.data_channel.get_transmitted_bytes() if self.data_channel is not None else 0
        self._tell("downloaded", start=self._fetched_from, until=self._fetched_from + sent, is_whole=is_whole)

    def _tell(self, what: str, **facts: Any) -> None:
        self.asking.ask(what, link=self.link["id"], address=self.remote_ip, **facts)

    def log_transfer(self, *args: Any, **kwargs: Any) -> None:
        """The server keeps the record."""
