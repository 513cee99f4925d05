"""Starts the FTP server (the package ocpp_server.ftp), answers what it asks, and starts it again should it die.

The port is listened on here, so that it stays ours while the process is being replaced.
"""

import json
import logging
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent

from ocpp_server.files.ftp_answers import Answers
from ocpp_server.settings import Settings
from ocpp_server.store import Store

log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[2]
#: Seconds before it is started again: the first time, and at most.
_PAUSE, _LONGEST_PAUSE = 0.2, 60.0
#: Seconds that it may take to end.
_PATIENCE = 3.0


class FtpServer:
    """The FTP server as the rest of the program sees it. Raises OSError where the port cannot be listened on."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._answers = Answers(store, settings)
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        address = (settings.host, settings.ftp_port)
        try:
            self._listener = socket.create_server(address, family=family, backlog=100)
        except OSError as error:
            raise OSError(error.errno, f"{error.strerror} (port {settings.ftp_port} for FTP)") from error
        self._process: subprocess.Popen | None = None
        self._keeper = gevent.spawn(self._keep)

    @property
    def port(self) -> int:
        """The port of the control connections."""
        return self._listener.getsockname()[1]

    @property
    def process_id(self) -> int | None:
        """Of the process that serves now."""
        return self._process.pid if self._process is not None else None

    def stop(self) -> None:
        """End the process; what was under way is lost, and on record as such."""
        self._keeper.kill()
        self._listener.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._answers.give_up("Chargeyard was stopped meanwhile.")

    def _keep(self) -> None:
        pause = _PAUSE
        while True:
            lived = self._run_once()
            pause = _PAUSE if lived else min(2 * pause, _LONGEST_PAUSE)
            log.error("the FTP server has ended by itself; it is started again in %s s", pause)
            self._answers.give_up("The FTP server had to be started again.")
            gevent.sleep(pause)

    def _run_once(self) -> bool:
        """Run it to its end; whether it has asked anything, so that it must have worked."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._process = self._spawn(theirs)
            lived = False
            with suppress(OSError), ours.makefile("rb") as questions:
                for line in questions:
                    lived = True
                    ours.sendall(json.dumps(self._answers.answer(json.loads(line))).encode() + b"\n")
        self._process.wait()
        return lived

    def _spawn(self, theirs: socket.socket) -> subprocess.Popen:
        settings = self._settings
        first, last = settings.ftp_ports
        told: dict[str, Any] = {
            "listener": self._listener.fileno(),
            "server": theirs.fileno(),
            "folder": str(settings.files_folder.absolute()),
            "reserve": settings.disk_reserve,
            "first_port": first,
            "last_port": last,
            "address": settings.ftp_address,
        }
        command = [sys.executable, "-m", "ocpp_server.ftp", json.dumps(told)]
        inherited = (told["listener"], told["server"])
        return subprocess.Popen(command, cwd=_ROOT, pass_fds=inherited)  # noqa: S603 - our own module
