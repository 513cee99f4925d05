"""The session on a connector of a site: what it was told, what it takes, and whether its station obeys. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ocpp_server.site.belief import LOW_SECONDS, Belief
from ocpp_server.site.hold import Hold
from ocpp_server.site.turns import Turn

#: A station may draw so much (A), or this part, above its limit: meters err.
TOLERANCE, TOLERANCE_PART = 1.0, 0.1
#: So many readings in a row above the limit, and it does not obey; as many below, and it obeys again.
PROOFS = 2
#: A reading (s) older than this says nothing about now.
STALE = 600.0


@dataclass(slots=True)
class Session:
    """The session on a connector. Times in s since 1970; currents in A for each phase of the station."""

    transaction_id: int
    started_at: float
    belief: Belief
    hold: Hold
    turn: Turn
    is_proven: bool = True
    energy_wh: float = 0.0
    currents: tuple[float, ...] | None = None
    measured_at: float = 0.0
    disobeys: bool = False
    #: By how many phases its last limit was shared, as it was told a station that takes W.
    shared_by: int = 0
    #: Since when the station says that the car itself does not want to charge (SuspendedEV).
    suspended_since: float | None = None
    _proofs: int = 0

    def measure(self, currents: Sequence[float], now: float, *, is_total: bool, is_sure: bool) -> bool:
        """A reading arrived; whether it changes what is believed of the car or its station."""
        before = self._believed(now)
        self.currents, self.measured_at, self.is_proven = tuple(currents), now, True
        self.belief.see(currents, is_sure=is_sure)
        if not self.hold.is_settling(now):
            # Whatever the station holds, more than the most that it may follow is too much.
            limit = self.hold.most(now)
            self._judge(max(currents, default=0.0) > limit + max(TOLERANCE, limit * TOLERANCE_PART))
        if self.hold.is_settled(now) and not self.disobeys:
            self.belief.take_note(currents, self.hold.now(now), now, is_total=is_total)
        return self._believed(now) != before

    def _believed(self, now: float) -> tuple:
        # What it draws is counted where it does not obey, so then each reading matters.
        draws = self.currents if self.disobeys else None
        belief = self.belief
        car = belief.most, belief.phases, belief.sure_phases, belief.is_asleep(now)
        return self.disobeys, draws, self.is_proven, *car

    def _judge(self, is_above: bool) -> None:
        self._proofs = self._proofs + 1 if is_above != self.disobeys else 0
        if self._proofs >= PROOFS:
            self.disobeys, self._proofs = is_above, 0

    def rest(self, now: float) -> None:
        """A car that may charge and has said for a while that it does not want to is asleep."""
        held_back = self.hold.now(now) < self.belief.minimum or not self.hold.is_settled(now)
        if self.suspended_since is None or held_back or self.belief.is_asleep(now):
            return
        if now - max(self.suspended_since, self.hold.changed_at) >= LOW_SECONDS:
            self.belief.fall_asleep(now)

    def measured(self, now: float) -> float | None:
        """The highest phase's current, if a reading is fresh enough to say so."""
        if self.currents is None or now - self.measured_at > STALE:
            return None
        return max(self.currents, default=0.0)

    def possible(self, now: float) -> float:
        """The most that it may draw now or in a moment: what it was told, or what it takes though it was not."""
        soon = self.hold.soon(now)
        # That it obeys again is seen only in later readings, however late they come.
        return max(soon, *self.currents) if self.disobeys and self.currents else soon
