"""Disk work in threads of its own and time limits for slow peers: what file transfers need of gevent, nothing else."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import gevent
from gevent.threadpool import ThreadPool

P = ParamSpec("P")
T = TypeVar("T")


class TooSlow(Exception):
    """The peer neither sent nor took anything for too long."""


class _Threads:
    """Native threads for one kind of work, made when the first of it comes."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ThreadPool | None = None

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what blocks in one of these, so that stations are served meanwhile."""
        if self._pool is None:
            self._pool = ThreadPool(self._count)
        result, error = self._pool.apply(_outcome, (function, args, kwargs))
        if error is not None:
            raise error
        return result


#: For files on their way. Not the hub's own pool: the database commits there, and must never wait for files.
in_thread = _Threads(3).run
#: For looking into files, which may take many seconds: files on their way must not wait for it.
in_reading_thread = _Threads(1).run


def _outcome(function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Exception | None]:
    """gevent prints what a thread raises as if nobody would handle it."""
    try:
        return function(*args, **kwargs), None
    except Exception as error:
        return None, error


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
