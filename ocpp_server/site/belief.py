"""What a car is believed to want, from what it takes. Pure.

No station says how much a car can draw. It is believed to take all that it may be given, until it takes less than it
was given for a while; from then on a little more than it takes, until it takes that as well.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

#: A car this far below its limit (A) takes less than it was given; its meter may err by as much.
SLACK, SLACK_PART = 0.8, 0.05
#: So much (part of its limit) may be a meter's error or a higher voltage, and is no sign of another phase.
SPREAD_PART = 0.15
#: For so long (s) and so many readings, so that no cloud of noise and no soft start is taken for a wish.
LOW_SECONDS, LOW_READINGS = 60.0, 2
#: What it is given beyond what it takes, so that it can show that it wants more (A).
HEADROOM = 1.0
#: Below this a car takes nothing (A).
NOTHING = 0.5
#: Who is asleep is tried again after this time (s).
NAP = 3600.0
_FIRST_STEP, _FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0, 900.0


@dataclass(slots=True)
class Belief:
    """About one car. Phases are those of the station, counted from 0; times in s since 1970."""

    minimum: float
    maximum: float
    phases: tuple[int, ...]
    most: float = 0.0
    asleep_until: float = 0.0
    _all: tuple[int, ...] = ()
    _low_since: float | None = None
    _low_readings: int = 0
    _lowest: float = 0.0
    _fewer: tuple[int, ...] = ()
    #: So many phases share what it takes, as a meter showed that names them; 1 while none has.
    sure_phases: int = 1
    #: It uses at least so many, as far as totals tell.
    _spread: int = 1
    _step: float = _FIRST_STEP
    _pause: float = _FIRST_PAUSE
    _raise_after: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.most, self._all = self.maximum, self.phases

    def is_asleep(self, now: float) -> bool:
        """Whether it takes nothing though it may, so that others can have it."""
        return now < self.asleep_until

    def wake(self) -> None:
        """It was seen to charge."""
        self.asleep_until = 0.0

    def fall_asleep(self, now: float) -> None:
        """It takes nothing though it may: full, or its driver's timer holds it."""
        self.asleep_until = now + NAP
        self._forget_low()

    def see(self, currents: Sequence[float], *, is_sure: bool = True) -> None:
        """A reading (A for each phase of the station), whatever it was given. `is_sure`: it shows which phases carry
        current, and does not only say how much in all or at most."""
        taken = max(currents, default=0.0)
        if taken > NOTHING:
            self.wake()
            self._note_phases(currents, taken)
            # A trickle on one phase does not say how the car charges.
            if is_sure and taken >= self.minimum / 2:
                self.sure_phases = round(sum(currents) / taken)

    def take_note(self, currents: Sequence[float], given: float, now: float, *, is_total: bool = False) -> None:
        """The same while `given` held and was settled. `is_total`: how it spreads over the phases is not known."""
        taken = max(currents, default=0.0)
        highest = self._highest(sum(currents), given, len(currents)) if is_total else taken
        if given < self.minimum:
            self._forget_low()
        elif _is_below(highest, given):
            self._note_low(highest, now)
        else:
            self._forget_low()
            self._note_full(highest, now)

    def _highest(self, total: float, given: float, phases: int) -> float:
        """The most that one phase may carry of a total: what was more than fewer phases may have needs them all."""
        needed = math.ceil(total / (given + max(SLACK, given * SPREAD_PART))) if given else 1
        self._spread = min(phases, max(self._spread, needed))
        return total / self._spread

    def _note_low(self, taken: float, now: float) -> None:
        if self._low_since is None:
            self._low_since, self._lowest = now, taken
        self._low_readings += 1
        self._lowest = max(self._lowest, taken)
        if now - self._low_since < LOW_SECONDS or self._low_readings < LOW_READINGS:
            return
        if self._lowest <= NOTHING:
            self.fall_asleep(now)
            return
        self.most = min(self.maximum, max(self.minimum, self._lowest + HEADROOM))
        self._step, self._raise_after = _FIRST_STEP, now + self._pause
        self._pause = min(_LONGEST_PAUSE, self._pause * 2)
        self._forget_low()

    def _note_full(self, taken: float, now: float) -> None:
        """It takes all that it is believed to want, so it may want more: tried in growing steps, after a pause."""
        if not _is_below(taken, self.most) and self.most < self.maximum and now >= self._raise_after:
            self.most = min(self.maximum, self.most + self._step)
            self._step *= 2

    def _note_phases(self, currents: Sequence[float], taken: float) -> None:
        """A car may use fewer phases than its station; two readings say so, and one is enough for the contrary."""
        if len(currents) < len(self._all):
            return
        used = tuple(phase for phase in self._all if currents[phase] > NOTHING)
        if not set(used) <= set(self.phases):
            self.phases, self._fewer = self._all, ()
        elif taken >= self.minimum / 2 and set(used) < set(self.phases):
            if used == self._fewer:
                self.phases = used
            self._fewer = used

    def _forget_low(self) -> None:
        self._low_since, self._low_readings, self._lowest = None, 0, 0.0


def _is_below(taken: float, limit: float) -> bool:
    """Whether a car takes less than this, beyond a meter's error."""
    return taken < limit - max(SLACK, limit * SLACK_PART)
