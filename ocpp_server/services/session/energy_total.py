"""All energy that was ever charged, for a counter that is asked for again and again.

A session that has ended does not change, so only what began since the last time is added up, and what ran then.
"""

from collections.abc import Callable, Iterable

#: One statement, and so one moment: what ended since, and what runs.
_SINCE = (
    "SELECT NULL, sum(energy_wh), max(id) FROM charging_transaction WHERE id > ? AND stopped_at IS NOT NULL"
    " UNION ALL SELECT id, energy_wh, NULL FROM charging_transaction WHERE stopped_at IS NULL"
)
_OF = "SELECT sum(energy_wh) FROM charging_transaction WHERE id IN (%s)"
_AT_ONCE = 500

Rows = Callable[..., list[tuple]]


class EnergyTotal:
    """Of one database, in Wh. A session that was ended by hand and reopened counts as it was first counted."""

    def __init__(self) -> None:
        self._until = 0
        self._settled = 0.0
        #: Sessions up to `_until` that are not settled, because they ran.
        self._ran: set[int] = set()

    def now(self, rows: Rows) -> float:
        """The total; `rows` runs a statement with `?` placeholders (`store.query`)."""
        (_, ended_wh, newest), *others = sorted(rows(_SINCE, self._until), key=lambda row: row[0] is not None)
        running = {id_: wh for id_, wh, _ in others if id_ > self._until or id_ in self._ran}
        self._settled += (ended_wh or 0.0) + _energy(rows, self._ran - running.keys())
        self._until = max(self._until, newest or 0)
        self._ran = {id_ for id_ in running if id_ <= self._until}
        return self._settled + sum(running.values())


def _energy(rows: Rows, ids: Iterable[int]) -> float:
    wanted = list(ids)
    total = 0.0
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        total += rows(_OF % ", ".join("?" * len(some)), *some)[0][0] or 0.0
    return total
