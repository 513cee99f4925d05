"""Whose turn it is, where not all minimum currents fit: in slots of time, the longest waiting first. Pure.

Who charges keeps its place until its slot is over, so nobody flaps. Then the one who has waited longest takes the
place of the one who has charged longest. Who has waited for two slots goes before those within theirs, so a car that
needs three phases is not starved by cars that slip into gaps on one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

#: Who waited for so many slots goes first.
OVERDUE_SLOTS = 2.0


@dataclass(slots=True)
class Turn:
    """One car's place in the queue. One of the two times is set: since when it charges, or waits (s since 1970)."""

    running_since: float | None = None
    waiting_since: float | None = None
    #: Must not be paused: some stations end the session then (quirk 43).
    is_kept: bool = False

    def run(self, now: float) -> None:
        if self.running_since is None:
            self.running_since, self.waiting_since = now, None

    def wait(self, now: float) -> None:
        if self.waiting_since is None:
            self.running_since, self.waiting_since = None, now

    def leave(self) -> None:
        """It neither charges nor waits."""
        self.running_since = self.waiting_since = None

    def rank(self, now: float, slot: float) -> tuple[int, float]:
        """The smaller, the earlier in turn. `slot` in s."""
        if self.is_kept:
            return 0, self.running_since or self.waiting_since or now
        if self.running_since is not None:
            is_over = now - self.running_since >= slot
            return (4, -self.running_since) if is_over else (2, self.running_since)
        since = now if self.waiting_since is None else self.waiting_since
        return (1 if now - since >= OVERDUE_SLOTS * slot else 3), since


def next_in(turn: Turn, everyone: Iterable[Turn], now: float, slot: float) -> float:
    """About how long (s) one who waits will wait: until as many slots are over as there are cars before it."""
    everyone = list(everyone)
    since = now if turn.waiting_since is None else turn.waiting_since
    before = sum(other.waiting_since is not None and other.waiting_since < since for other in everyone)
    ends = sorted(
        max(0.0, other.running_since + slot - now)
        for other in everyone
        if other.running_since is not None and not other.is_kept
    )
    if not ends:
        return slot
    rounds, place = divmod(before, len(ends))
    return ends[place] + rounds * slot
