"""How often a password may be tried, from one address and for one account. Kept in memory: a restart forgets."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from ocpp_server import clock

#: So many names are remembered at most; the one that failed longest ago is forgotten first.
CAPACITY = 10_000


@dataclass
class _Failures:
    count: int
    last_at: datetime


class Throttle:
    """After `free` failures in a row each further try must wait, twice as long every time, `longest` at most."""

    def __init__(self, free: int, longest: timedelta = timedelta(minutes=15)) -> None:
        self.free = free
        self.longest = longest
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, name: str) -> timedelta:
        """How long this name still has to wait; zero when it may try."""
        failures = self._failures.get(name)
        if failures is None or failures.count < self.free:
            return timedelta(0)
        pause = min(self.longest, timedelta(seconds=2 ** min(failures.count - self.free + 1, 12)))
        return max(timedelta(0), failures.last_at + pause - clock.now())

    def fail(self, name: str) -> None:
        """Count a failure. Count before checking, so that tries at the same moment do not all pass."""
        failures = self._failures.pop(name, None)
        forgotten = failures is None or clock.now() - failures.last_at > 4 * self.longest
        count = 1 if failures is None or forgotten else failures.count + 1
        self._failures[name] = _Failures(count, clock.now())
        while len(self._failures) > CAPACITY:
            self._failures.popitem(last=False)

    def take_back(self, name: str) -> None:
        """The last failure was none."""
        if name in self._failures:
            self._failures[name].count -= 1

    def forget(self, name: str) -> None:
        """Start anew, after a success."""
        self._failures.pop(name, None)

    def clear(self) -> None:
        """Forget everything."""
        self._failures.clear()


class Seldom:
    """Lets a name pass once in a while: for what is worth a record, but not one each time."""

    def __init__(self, every: timedelta) -> None:
        self.every = every
        self._passed: OrderedDict[str, datetime] = OrderedDict()

    def lets_pass(self, name: str) -> bool:
        """Whether it is long enough ago that this name passed; then it has passed now."""
        now, before = clock.now(), self._passed.get(name)
        if before is not None and now - before < self.every:
            return False
        self._passed.pop(name, None)
        self._passed[name] = now
        while len(self._passed) > CAPACITY:
            self._passed.popitem(last=False)
        return True

    def clear(self) -> None:
        """Forget everything."""
        self._passed.clear()
