"""A connector of a site, and the session on it, as the sharing of the site sees them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ocpp_server.site.allocation import Draw, Load
from ocpp_server.site.belief import LOW_SECONDS, Belief
from ocpp_server.site.hold import Hold
from ocpp_server.site.turns import Turn

#: A station may draw so much (A), or this part, above its limit: meters err.
TOLERANCE, TOLERANCE_PART = 1.0, 0.1
#: So many readings in a row above the limit, and it does not obey; as many below, and it obeys again.
PROOFS = 2
#: A reading (s) older than this says nothing about now.
STALE = 600.0
#: A StartTransaction that came so late (s) needs a sign that its session still runs (section 5.16.1).
LATE = 300.0

#: A session that ends so soon (s) after a pause may have ended because of it.
JUST = 120.0

#: charging station's id, connector's number
Key = tuple[int, int]


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
    #: Since when the station says that the car itself does not want to charge (SuspendedEV).
    suspended_since: float | None = None
    _proofs: int = 0

    def measure(self, currents: Sequence[float], now: float) -> bool:
        """A reading arrived; whether it changes what is believed of the car or its station."""
        before = self._believed(now)
        self.currents, self.measured_at, self.is_proven = tuple(currents), now, True
        if not self.hold.is_settled(now):
            self._proofs = 0
            return self._believed(now) != before
        limit = self.hold.now(now)
        self._judge(max(currents, default=0.0) > limit + max(TOLERANCE, limit * TOLERANCE_PART))
        if not self.disobeys:
            self.belief.take_note(currents, limit, now)
        return self._believed(now) != before

    def _believed(self, now: float) -> tuple:
        # What it draws is counted where it does not obey, so then each reading matters.
        draws = self.currents if self.disobeys else None
        return self.disobeys, draws, self.is_proven, self.belief.most, self.belief.phases, self.belief.is_asleep(now)

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


@dataclass(slots=True)
class Member:
    """A connector that hangs on a circuit of the site.

    `phases`: to which phases of the site the station's L1, L2 and L3 are wired, counted from 0. Amperes per phase.
    """

    key: Key
    circuit: int
    phases: tuple[int, ...] = (0, 1, 2)
    minimum: float = 6.0
    maximum: float = 32.0
    priority: int = 0
    #: Whether its sessions survive a limit of 0 (quirk 43).
    can_pause: bool = True
    #: Whether it takes a default that begins with 0 and rises later; else its cars begin with the fail-safe at once.
    can_wait: bool = True
    is_connected: bool = False
    #: Whether Chargeyard may send it limits unasked.
    may_be_asked: bool = True
    #: What it falls back to without Chargeyard, by plan; and what it has accepted, None: nothing.
    fail_safe: float = 0.0
    installed: float | None = None
    asked_default: float | None = None
    #: Until when a car that came unseen, while the station was out of reach, has nothing.
    quiet_until: float = 0.0
    default_retry_at: float = 0.0
    default_failures: int = 0
    session: Session | None = None
    #: How many of its sessions ended just as they were paused.
    ended_by_pause: int = 0

    @property
    def first(self) -> float:
        """What a session has before it is told anything, where the default is installed."""
        return 0.0 if self.can_pause and self.can_wait else self.fail_safe

    @property
    def is_controlled(self) -> bool:
        """Whether what it is given can be changed now."""
        return self.is_connected and self.may_be_asked

    @property
    def site_phases(self) -> tuple[int, ...]:
        """The phases of the site that its car uses, or could use."""
        if self.session is None:
            return self.phases
        return tuple(self.phases[phase] for phase in self.session.belief.phases)

    def is_just_paused(self, now: float) -> bool:
        """Whether its session was told to pause a moment ago."""
        if self.session is None:
            return False
        hold = self.session.hold
        return hold.now(now) == 0 and 0 <= now - hold.changed_at < JUST

    def settle(self, now: float) -> None:
        """Draw the conclusions that time brings."""
        if self.session is None:
            return
        self.session.rest(now)
        if self.session.belief.is_asleep(now):
            self.session.turn.leave()

    def load(self, now: float, tier: int) -> Load | None:
        """What it wants, if it wants anything and can be told what it gets."""
        session = self.session
        if session is None or not self.is_controlled or session.disobeys or not session.is_proven:
            return None
        if session.hold.is_refused(now) or session.belief.is_asleep(now):
            return None
        return Load(self.key, self.circuit, self.site_phases, self.minimum, session.belief.most, tier)

    def sleeper(self, now: float) -> Load | None:
        """The same for a car that takes nothing: its minimum, if nobody else wants it."""
        session = self.session
        if session is None or not self.is_controlled or not session.is_proven or session.hold.is_refused(now):
            return None
        if not session.belief.is_asleep(now) or session.disobeys:
            return None
        return Load(self.key, self.circuit, self.phases, self.minimum, self.minimum)

    def possible(self, now: float) -> Draw:
        """The most that it may draw at this moment, by all that is known."""
        return Draw(self.circuit, self.site_phases, self._possible(now))

    def _possible(self, now: float) -> float:
        session = self.session
        if not self.may_be_asked:
            return self.maximum
        if session is None:
            # One that is connected is noticed as soon as a car comes, and begins with nothing.
            return 0.0 if self.is_connected else self._unasked(now)
        measured = session.measured(now)
        if session.disobeys and measured is not None:
            return max(measured, session.hold.most(now))
        return session.hold.most(now)

    def _unasked(self, now: float) -> float:
        if self.installed is None:
            return self.maximum
        return min(self.first, self.installed) if now < self.quiet_until else self.installed
