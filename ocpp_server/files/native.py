"""Disk work in threads of its own and time limits for slow peers: what file transfers need of gevent, nothing else."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import gevent
from gevent.threadpool import ThreadPool

P = ParamSpec("P")
T = TypeVar("T")

#: Not the hub's own pool: the database commits there, and must never wait for files.
_THREADS = 3
_pool: ThreadPool | None = None


class TooSlow(Exception):
    """The peer neither sent nor took anything for too long."""


def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what blocks in a native thread, so that stations are served meanwhile."""
    global _pool
    if _pool is None:
        _pool = ThreadPool(_THREADS)
    result, error = _pool.apply(_outcome, (function, args, kwargs))
    if error is not None:
        raise error
    return result


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
