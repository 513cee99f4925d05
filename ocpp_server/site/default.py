"""The default profile of a connector: what its sessions follow while they have no limit of their own. Pure.

It is what remains when Chargeyard is gone, so here, too, nothing counts as less than it may be.
"""

from dataclasses import dataclass
from typing import NamedTuple

from ocpp_server.site.hold import retry_at

#: Who was asked in vain so often is not counted on any more.
IN_VAIN = 2


class Steps(NamedTuple):
    """A per phase: what a session begins with, and what it has once the site's `wait` is over."""

    first: float
    then: float


_NONE = Steps(0.0, 0.0)


@dataclass(slots=True)
class Default:
    """What a station has accepted, None: nothing, and what it is being sent. Times in s since 1970."""

    installed: Steps | None = None
    asked: Steps | None = None
    failures: int = 0
    retry_at: float = 0.0
    #: The most of what was sent and never answered.
    _perhaps: Steps = _NONE

    def most(self, maximum: float) -> Steps:
        """The most that a session may follow; without a default it is `maximum`."""
        if self.installed is None:
            return Steps(maximum, maximum)
        known = (self.installed, self._perhaps, self.asked or _NONE)
        return Steps(max(steps.first for steps in known), max(steps.then for steps in known))

    def is_due(self, wanted: Steps, now: float) -> bool:
        """Whether the station is to be sent this one."""
        is_there = self.installed == wanted and self._perhaps == _NONE
        return not is_there and self.asked is None and now >= self.retry_at

    def accept(self) -> None:
        """The station has it."""
        if self.asked is not None:
            self.installed, self.asked, self._perhaps, self.failures = self.asked, None, _NONE, 0

    def fail(self, now: float, *, refused: bool) -> None:
        """It refused, or did not answer: then it may have either."""
        if self.asked is not None and not refused:
            self.may_have(self.asked)
        self.asked = None
        self.retry_at = retry_at(self.failures, now)
        self.failures += 1

    def may_have(self, steps: Steps) -> None:
        """The station may have this one, too."""
        self._perhaps = Steps(max(self._perhaps.first, steps.first), max(self._perhaps.then, steps.then))

    def recall(self, steps: Steps | None) -> None:
        """The station has this one, by the record."""
        self.installed, self._perhaps = steps, _NONE

    def retry(self) -> None:
        """Whatever failed before may be tried again."""
        self.failures, self.retry_at = 0, 0.0
