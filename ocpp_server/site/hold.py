"""What a station was told and what it may therefore draw: never less than the truth. Pure.

A lower limit counts only once the station has accepted it and its car had time to follow; a higher one counts from
the moment it is sent. A limit is lent: in the profile itself stands that after the lease the fail-safe one follows,
so a station whose server is gone comes back to it by itself. What rises by itself counts before it does.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

#: A car follows its limit within 5 s (IEC 61851), and its station takes a moment.
SETTLE = 6.0
#: So long (s) before something rises by itself it counts, so that the others have given way by then: until that is
#: noticed, told and followed.
LEAD = 90.0
#: By so much (s) a station's clock may differ: around the end of a lease it is open which step it follows.
CLOCKS = 60.0
#: After a refusal or silence it is tried again after so many s; after the last not before the station reconnects.
RETRIES = (15.0, 60.0, 300.0, 900.0)


@dataclass(frozen=True, slots=True)
class Lent:
    """A limit as its profile says it, in A for each phase: `amperes` until `ends` (s since 1970), then `fail_safe`."""

    amperes: float
    fail_safe: float
    ends: float = math.inf

    def at(self, now: float) -> float:
        return self.amperes if now < self.ends else self.fail_safe

    def covers(self, other: "Lent", now: float) -> bool:
        """Whether it is at no later moment the lower one."""
        return all(self.at(moment) >= other.at(moment) for moment in (now, max(now, self.ends), max(now, other.ends)))


@dataclass(slots=True)
class Hold:
    """The limit of one session. Amperes per phase; times in s since 1970."""

    held: Lent
    asked: Lent | None = None
    #: Whether the station has a limit for this very session; else it follows the connector's default.
    is_own: bool = False
    changed_at: float = 0.0
    failures: int = 0
    refused: bool = False
    retry_at: float = 0.0
    #: What the station may follow instead: what it was sent and never answered, or what it has where it lost ours.
    _perhaps: list[Lent] = field(default_factory=list)
    _before: float = 0.0

    def now(self, now: float) -> float:
        """The limit that the station has; the highest one where that is open."""
        return max([lent.at(now) for lent in self._each()])

    def wanted(self, now: float) -> float:
        """The limit that it has, or was sent last."""
        return self.now(now) if self.asked is None else self.asked.amperes

    def most(self, now: float) -> float:
        """The highest limit that it may follow at this moment."""
        settling = self._before if now < self.changed_at + SETTLE else 0.0
        asked = self.asked.at(now) if self.asked is not None else 0.0
        # When a lease ends, too, a car needs its time to follow.
        return max(self.now(now), self.now(now - SETTLE), settling, asked)

    def soon(self, now: float) -> float:
        """The highest limit that it may follow now or in a moment."""
        return max(self.most(now), self.most(now + LEAD))

    @property
    def falls_to(self) -> float:
        """The highest that it may follow in the end, if nobody tells it anything any more."""
        asked = self.asked.fail_safe if self.asked is not None else 0.0
        return max([asked, *(lent.fail_safe for lent in self._each())])

    @property
    def is_uncertain(self) -> bool:
        """Whether nobody knows which limit the station has."""
        return bool(self._perhaps)

    def is_left_alone(self, now: float) -> bool:
        """Whether the station refused, or did not answer, and it is not time to try again."""
        return self.asked is None and now < self.retry_at

    def is_settling(self, now: float) -> bool:
        """Whether its car may still follow what held before."""
        steps = (lent for lent in self._each() if lent.amperes != lent.fail_safe)
        return now < self.changed_at + 2 * SETTLE or any(abs(now - lent.ends) < CLOCKS for lent in steps)

    def is_settled(self, now: float) -> bool:
        """Whether what is measured now belongs to `now(now)`."""
        return self.asked is None and not self._perhaps and not self.is_settling(now)

    def ask(self, lent: Lent) -> None:
        """It is being sent another limit, or the same with a longer lease."""
        self.asked = lent

    def accept(self, now: float) -> None:
        """The station has it."""
        if self.asked is None:
            return
        if self.asked.at(now) != self.now(now):
            self._before, self.changed_at = self.most(now), now
        self.held, self.asked, self.is_own = self.asked, None, True
        self._perhaps.clear()
        self.failures, self.refused = 0, False

    def fail(self, now: float, *, refused: bool) -> None:
        """It refused, or did not answer: then it may have this one or any other that it may have had before."""
        if self.asked is None:
            return
        if not refused:
            self.may_follow(self.asked, now)
        self.asked, self.refused = None, refused
        self.retry_at = retry_at(self.failures, now)
        self.failures += 1

    def recall(self, lent: Lent) -> None:
        """The station has this one, by the record."""
        self.held, self.is_own = lent, True
        self._perhaps.clear()

    def may_follow(self, lent: Lent, now: float) -> None:
        """It may follow this one, too."""
        self._perhaps = [other for other in self._perhaps if not lent.covers(other, now)]
        if not any(other.covers(lent, now) for other in self._perhaps):
            self._perhaps.append(lent)

    def lose(self, instead: Lent, now: float) -> None:
        """The station holds ours no longer, and follows something else that is not higher than this."""
        self.may_follow(instead, now)
        self.is_own, self.retry_at = False, 0.0

    def retry(self) -> None:
        """Whatever failed before may be tried again."""
        self.failures, self.retry_at, self.refused = 0, 0.0, False

    def _each(self) -> Iterator[Lent]:
        yield self.held
        yield from self._perhaps


def retry_at(failures: int, now: float) -> float:
    """When to try again after so many failures before this one."""
    return now + RETRIES[failures] if failures < len(RETRIES) else math.inf
