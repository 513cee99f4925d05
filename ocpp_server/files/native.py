"""Disk work in threads of its own and time limits for slow peers: what file transfers need of gevent, nothing else."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent

from ocpp_server.threads import Threads


class TooSlow(Exception):
    """The peer neither sent nor took anything for too long."""


#: For files on their way.
in_thread = Threads(3).run
#: For looking into files, which may take many seconds: files on their way must not wait for it.
in_reading_thread = Threads(1).run


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TooSlow if what is inside takes longer."""
    with gevent.Timeout(seconds, TooSlow("Nothing came for too long.")):
        yield


class Patience:
    """Cuts a connection off whose reader takes nothing: `renew` before each piece, `end` at the end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout: Any = None

    def renew(self) -> None:
        self.end()
        # To pywsgi it looks as if the peer had gone, which it does not report as a fault of ours.
        self._timeout = gevent.Timeout.start_new(self._seconds, OSError(errno.EPIPE, "the reader takes nothing"))

    def end(self) -> None:
        if self._timeout is not None:
            self._timeout.close()
            self._timeout = None
