"""Filling a connection fairly: the one who has least is raised first, until a bound or a wish stops it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ocpp_server.site.grid import Ledger, Usage


@dataclass(slots=True)
class Share:
    """What one load has while it is filled, and the most that it can use; tenths of an ampere."""

    usage: Usage
    has: int
    most: int

    def can_grow(self, ledger: Ledger) -> bool:
        return self.has < self.most and ledger.room(self.usage) >= 1


def fill(ledger: Ledger, shares: Sequence[Share]) -> None:
    """Raise the shares to the max-min fair level. What cannot be divided equally goes to the first ones."""
    active = [share for share in shares if share.can_grow(ledger)]
    while active:
        low = min(share.has for share in active)
        lowest = [share for share in active if share.has == low]
        step = min(_next_level(active, low) - low, _step(ledger, lowest))
        for share in lowest:
            amount = step or min(1, ledger.room(share.usage))
            if amount > 0:
                ledger.take(share.usage, amount)
                share.has += amount
        active = [share for share in active if share.can_grow(ledger)]


def _next_level(active: Iterable[Share], low: int) -> int:
    """Where the lowest ones meet a wish of their own or the next ones."""
    return min(share.most if share.has == low else share.has for share in active)


def _step(ledger: Ledger, lowest: Iterable[Share]) -> int:
    """How far all of them can rise together."""
    counts: dict[int, int] = {}
    for share in lowest:
        for number, count in share.usage:
            counts[number] = counts.get(number, 0) + count
    return min((ledger.left[number] // count for number, count in counts.items()), default=10**9)
