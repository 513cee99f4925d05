"""Native threads for what blocks, so that stations are served meanwhile."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from gevent.threadpool import ThreadPool

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """Threads for one kind of work, made when the first of it comes.

    Not those of the hub: the database commits there, and must wait for nothing else.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ThreadPool | None = None

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what blocks in one of these. Raises what it raises."""
        if self._pool is None:
            self._pool = ThreadPool(self._count)
        result, error = self._pool.apply(_outcome, (function, args, kwargs))
        if error is not None:
            raise error
        return result


def _outcome(function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Exception | None]:
    """gevent prints what a thread raises as if nobody would handle it."""
    try:
        return function(*args, **kwargs), None
    except Exception as error:
        return None, error
