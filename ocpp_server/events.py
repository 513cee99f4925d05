"""What changed, by name: published after the commit, read by whoever shows it.

An event is only a name (`charge-point-17`), never content: permissions and language belong to the reader, who
fetches what it wants to see through its own view.

Names in use: `charge-points` (any station's state), `charge-point-<id>`, `messages-<id>` (its frame log),
`transactions` (a session began, ended or was changed), `transaction-<id>` (also each meter value), `id-tags`,
`inbox`, `local-lists` (any station's list of cards), `local-list-<charge point id>`,
`charging` (schedules, and any station's profiles), `charging-<charge point id>`.
"""

import time
from collections.abc import Iterable

from gevent.event import Event


class Subscription:
    """The names of interest that were published since they were last taken. Bounded by the number of topics."""

    def __init__(self, topics: Iterable[str], missed: Iterable[str] = ()) -> None:
        self.topics = frozenset(topics)
        self._names: set[str] = set()
        self._event = Event()
        self.deliver(set(missed))

    def deliver(self, names: set[str]) -> None:
        wanted = self.topics & names
        if wanted:
            self._names |= wanted
            self._event.set()

    def wait(self, timeout: float | None = None) -> set[str]:
        """The names published since the last call; empty when nothing came within the time-out (seconds)."""
        self._event.wait(timeout)
        self._event.clear()
        names, self._names = self._names, set()
        return names


_subscriptions: set[Subscription] = set()


class _Record:
    """The names that were published last, each with the number of its latest publication, the oldest first."""

    LIMIT = 10_000

    def __init__(self) -> None:
        # Beyond all numbers of an earlier process, which a page may still know.
        self.number = time.time_ns()
        #: Of what has a number up to this one, nothing is known any more.
        self._forgotten = self.number
        self._numbers: dict[str, int] = {}

    def add(self, names: set[str]) -> None:
        self.number += 1
        for name in names:
            self._numbers.pop(name, None)
            self._numbers[name] = self.number
        while len(self._numbers) > self.LIMIT:
            self._forgotten = self._numbers.pop(next(iter(self._numbers)))

    def since(self, number: int, topics: frozenset[str]) -> Iterable[str]:
        """Those of the topics that were published after this number; all of them where that is not known."""
        if not self._forgotten <= number <= self.number:
            return topics
        return [topic for topic in topics if self._numbers.get(topic, 0) > number]


_record = _Record()


def number() -> int:
    """How often was published: what is read from now on is no older than this."""
    return _record.number


def publish(names: set[str]) -> None:
    """Tell every subscriber; called by the store once a unit is committed."""
    if not names:
        return
    _record.add(names)
    for subscription in tuple(_subscriptions):
        subscription.deliver(names)


def subscribe(topics: Iterable[str], since: int | None = None) -> Subscription:
    """Hear of these names from now on, and of those that were published after the number `since`."""
    wanted = frozenset(topics)
    subscription = Subscription(wanted, () if since is None else _record.since(since, wanted))
    _subscriptions.add(subscription)
    return subscription


def unsubscribe(subscription: Subscription) -> None:
    _subscriptions.discard(subscription)
