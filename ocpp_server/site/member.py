"""A connector of a site as the sharing sees it: what it may draw, and what it falls back to. Pure."""

import math
from dataclasses import dataclass, field

from ocpp_server.site.allocation import Draw, Load
from ocpp_server.site.default import IN_VAIN, Default, Steps
from ocpp_server.site.hold import LEAD, Lent
from ocpp_server.site.others import Instead
from ocpp_server.site.session import Session

#: A StartTransaction that came so late (s) needs a sign that its session still runs (section 5.16.1).
LATE = 300.0

#: A session that ends so soon (s) after a pause may have ended because of it.
JUST = 120.0

#: charging station's id, connector's number
Key = tuple[int, int]


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
    #: Whether it takes limits in W only: what each phase may have follows from how many the car uses.
    takes_watts: bool = False
    #: Whether it takes a limit that changes by itself; else it is never given more than it may keep for ever.
    can_step: bool = True
    is_connected: bool = False
    #: Whether Chargeyard may send it limits unasked.
    may_be_asked: bool = True
    #: What it falls back to without Chargeyard, by plan; and what of that it has.
    fail_safe: float = 0.0
    default: Default = field(default_factory=Default)
    #: What holds in place of that default, and what its session is allowed now, by profiles of others than the site.
    instead: Instead | None = None
    cap: float | None = None
    #: Until when a car that came unseen, since the station was last heard of, has only what its session begins with.
    quiet_until: float = 0.0
    session: Session | None = None
    #: How many of its sessions ended just as they were paused.
    ended_by_pause: int = 0

    @property
    def wanted_default(self) -> Steps:
        """What its sessions are to follow before they are told anything."""
        can_rise = self.can_pause and self.can_wait and self.can_step
        return Steps(0.0 if can_rise else self.fail_safe, self.fail_safe)

    @property
    def sure_phases(self) -> int:
        """How many phases surely share what its car takes. Before the car is seen, all may go to one (errata 3.34)."""
        return self.session.belief.sure_phases if self.session is not None else 1

    @property
    def smallest(self) -> float:
        """The least with which its car charges."""
        return self._smallest(len(self.site_phases), self.sure_phases)

    @property
    def smallest_of_any(self) -> float:
        """The least with which any car charges here."""
        return self._smallest(len(self.phases), 1)

    def _smallest(self, phases: int, sure: int) -> float:
        """In W what may all go to the `sure` phases must be enough for all that are used."""
        return self.minimum * phases / sure if self.takes_watts else self.minimum

    @property
    def falls_to(self) -> float:
        """The most that it draws in the end, if Chargeyard is gone."""
        if not self.may_be_asked:
            return self.maximum
        default = self.told_nothing.then
        return default if self.session is None else max(default, self.session.hold.falls_to)

    @property
    def told_nothing(self) -> Steps:
        """The most that a session may follow that has no limit of its own."""
        default, instead = self.default.most(self.maximum), self.instead
        if instead is None:
            return default
        if instead.is_always:
            return Steps(instead.first, instead.then)
        return Steps(max(default.first, instead.first), max(default.then, instead.then))

    @property
    def must_pause(self) -> bool:
        """Whether others allow its session less than it charges with."""
        return self.cap is not None and self.cap < self.smallest and self.can_pause

    @property
    def second_step(self) -> float:
        """What a limit that is sent now falls back to: what was planned, but no more than it was given before, nor than
        others allow.

        A higher fail-safe limit has to be paid for by others; that is looked after where the default is sent.
        """
        installed = self.default.installed
        planned = self.fail_safe if installed is None else min(self.fail_safe, installed.then)
        if self.cap is None:
            return planned
        return min(planned, self.cap if self.can_pause else max(self.cap, self.smallest))

    @property
    def _for_ever(self) -> float:
        """What it may keep if it is told a limit that does not change by itself; nothing where a car needs more."""
        return self.second_step if self.second_step >= self.smallest else 0.0

    def falls_back(self, amperes: float) -> float:
        """What follows a limit of so many A that is sent now."""
        return self.second_step if self.can_step else amperes

    @property
    def is_out_of_reach(self) -> bool:
        """Whether what it falls back to cannot be changed now."""
        in_vain = self.default.failures >= IN_VAIN or (
            self.session is not None and self.session.hold.failures >= IN_VAIN
        )
        return in_vain or not self.is_controlled or self.instead is not None

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
        self.session.turn.is_kept = not self.can_pause
        self.session.rest(now)
        if self.session.belief.is_asleep(now) or self.must_pause:
            self.session.turn.leave()

    def follow_default(self, wait: float, now: float) -> None:
        """Another default was sent, or it is lost: a session without a limit of its own follows it."""
        session = self.session
        if session is not None and not session.hold.is_own:
            lent = self.first_limit(session.started_at, wait)
            if not session.hold.held.covers(lent, now):
                session.hold.may_follow(lent, now)

    def first_limit(self, started_at: float, wait: float) -> Lent:
        """What holds for a session that is told nothing: the default, or all that the connector can give."""
        return Lent(*self.told_nothing, started_at + wait)

    def load(self, now: float, tier: int) -> Load | None:
        """What it wants, if it wants anything and can be told what it gets."""
        session = self.session
        if session is None or self.must_pause or not self._can_be_told(session, now):
            return None
        if not session.belief.is_asleep(now):
            most = min(session.belief.most, math.inf if self.cap is None else self.cap)
            most = most if self.can_step else min(most, self._for_ever)
            return Load(self.key, self.circuit, self.site_phases, self.smallest, most, tier)
        if self.can_pause:
            return None
        return Load(self.key, self.circuit, self.site_phases, self.smallest, self.smallest, tier)

    def sleeper(self, now: float) -> Load | None:
        """The same for a car that takes nothing: its minimum, if nobody else wants it."""
        session = self.session
        if session is None or self.must_pause or not self._can_be_told(session, now):
            return None
        if not session.belief.is_asleep(now) or not self.can_pause:
            return None
        return Load(self.key, self.circuit, self.phases, self.smallest, self.smallest)

    def is_to_pause(self, now: float) -> bool:
        """Whether its session is to be told to pause, since others than the site allow it nothing."""
        return self.session is not None and self.must_pause and self._can_be_told(self.session, now)

    def _can_be_told(self, session: Session, now: float) -> bool:
        is_willing = self.is_controlled and not session.hold.is_left_alone(now)
        return is_willing and session.is_proven and not session.disobeys

    def possible(self, now: float) -> Draw:
        """The most that it may draw now or in a moment, by all that is known."""
        return Draw(self.circuit, self.site_phases, self._possible(now))

    def _possible(self, now: float) -> float:
        told = self._idle(now) if self.session is None else self.session.possible(now)
        return told if self.may_be_asked else max(told, self.maximum)

    def _idle(self, now: float) -> float:
        """A car that is noticed at once begins with `first`; one that came unseen may have waited for the rest."""
        default = self.told_nothing
        return default.first if now + LEAD < self.quiet_until else max(default)

    @property
    def is_being_set_up(self) -> bool:
        """Whether it is free and its cars will begin with less in a moment: nobody has to pause for that."""
        is_idle = self.session is None and self.is_controlled and self.instead is None
        installed = self.default.installed
        is_lower = installed is None or self.wanted_default.first < installed.first
        return is_idle and is_lower and not self.default.failures
