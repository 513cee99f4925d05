"""What a station was told and what it may therefore draw: never less than the truth. Pure.

A lower limit counts only once the station has accepted it and its car had time to follow; a higher one counts from
the moment it is sent. A limit is lent: in the profile itself stands that after the lease the fail-safe one follows,
so a station whose server is gone comes back to it by itself.
"""

import math
from dataclasses import dataclass

#: A car follows its limit within 5 s (IEC 61851), and its station takes a moment.
SETTLE = 6.0
#: After a refusal or silence it is tried again after so many s; after the last not before the station reconnects.
RETRIES = (15.0, 60.0, 300.0, 900.0)


@dataclass(slots=True)
class Hold:
    """The limit of one session. Amperes per phase; times in s since 1970."""

    amperes: float
    fail_safe: float
    lease_ends: float
    asked: float | None = None
    changed_at: float = 0.0
    failures: int = 0
    refused: bool = False
    #: Nobody knows whether the last one arrived: `amperes` is then the higher of the two.
    is_uncertain: bool = False
    retry_at: float = 0.0
    _before: float = 0.0
    _asked_lease_ends: float = 0.0

    def now(self, now: float) -> float:
        """The limit that the station has."""
        return self.amperes if now < self.lease_ends else self.fail_safe

    def wanted(self, now: float) -> float:
        """The limit that it has, or was sent last."""
        return self.now(now) if self.asked is None else self.asked

    def most(self, now: float) -> float:
        """The highest limit that it may follow at this moment."""
        settling = self._before if now < self.changed_at + SETTLE else 0.0
        return max(self.now(now), settling, self.asked or 0.0)

    def is_refused(self, now: float) -> bool:
        """Whether the station refuses limits, and it is not time to try again."""
        return self.refused and now < self.retry_at

    def is_settled(self, now: float) -> bool:
        """Whether what is measured now belongs to `now(now)`."""
        is_known = self.asked is None and not self.is_uncertain
        return is_known and self.changed_at + 2 * SETTLE <= now < self.lease_ends

    def ask(self, amperes: float, lease_ends: float) -> None:
        """It is being sent another limit, or the same with a longer lease."""
        self.asked, self._asked_lease_ends = amperes, lease_ends

    def accept(self, now: float) -> None:
        """The station has it."""
        if self.asked is None:
            return
        if self.asked != self.now(now):
            self._before, self.changed_at = self.most(now), now
        self.amperes, self.lease_ends, self.asked = self.asked, self._asked_lease_ends, None
        self.failures, self.refused, self.is_uncertain = 0, False, False

    def fail(self, now: float, *, refused: bool) -> None:
        """It refused, or did not answer: then it may have either, for as long as the longer lease."""
        if self.asked is None:
            return
        if not refused:
            self.amperes = max(self.now(now), self.asked)
            self.lease_ends = max(self.lease_ends, self._asked_lease_ends)
        self.asked, self.refused, self.is_uncertain = None, refused, self.is_uncertain or not refused
        self.retry_at = retry_at(self.failures, now)
        self.failures += 1

    def lose(self, instead: float) -> None:
        """The station holds it no longer, and follows something else that is not higher than this."""
        self.amperes, self.is_uncertain, self.retry_at = max(self.amperes, instead), True, 0.0

    def retry(self) -> None:
        """Whatever failed before may be tried again."""
        self.failures, self.retry_at, self.refused = 0, 0.0, False


def retry_at(failures: int, now: float) -> float:
    """When to try again after so many failures before this one."""
    return now + RETRIES[failures] if failures < len(RETRIES) else math.inf
