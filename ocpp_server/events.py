"""What changed, by name: published after the commit, read by whoever shows it.

An event is only a name (`charge-point-17`), never content: permissions and language belong to the reader, who
fetches what it wants to see through its own view.

Names in use: `charge-points` (any station's state), `charge-point-<id>`, `messages-<id>` (its frame log),
`transactions` (a session began, ended or was changed), `transaction-<id>` (also each meter value), `id-tags`,
`inbox`, `local-lists` (any station's list of cards), `local-list-<charge point id>`,
`charging` (schedules, and any station's profiles), `charging-<charge point id>`.
"""

from collections.abc import Iterable

from gevent.event import Event


class Subscription:
    """The names of interest that were published since they were last taken. Bounded by the number of topics."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self._names: set[str] = set()
        self._event = Event()

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


def publish(names: set[str]) -> None:
    """Tell every subscriber; called by the store once a unit is committed."""
    for subscription in tuple(_subscriptions):
        subscription.deliver(names)


def subscribe(topics: Iterable[str]) -> Subscription:
    subscription = Subscription(topics)
    _subscriptions.add(subscription)
    return subscription


def unsubscribe(subscription: Subscription) -> None:
    _subscriptions.discard(subscription)
