"""A site at this moment, for those who look at it: who wants, has and takes how much, and why."""

from dataclasses import dataclass

from ocpp_server.services.site import site_samples
from ocpp_server.services.site.site_sharing import Live
from ocpp_server.site.grid import VOLTAGE, tenths_up
from ocpp_server.site.member import Key, Member
from ocpp_server.site.session import Session
from ocpp_server.site.turns import next_in

#: Why a connector has what it has.
FREE, OFFLINE, UNCONTROLLED, LATE = "free", "offline", "uncontrolled", "late"
DISOBEYS, REFUSES, ASLEEP, PAUSED = "disobeys", "refuses", "asleep", "paused"
OTHERS = "others"
TOLD, CAPPED, FULL, SHARED = "told", "capped", "full", "shared"
STATES = (FREE, OFFLINE, UNCONTROLLED, LATE, DISOBEYS, REFUSES, ASLEEP, OTHERS, PAUSED, TOLD, CAPPED, FULL, SHARED)
#: A sum that is less than this (A) above its limit is a meter's error.
TRACE = 0.5


@dataclass(frozen=True)
class Place:
    """One connector. Amperes per phase; `phases` those of the site that its car uses, counted from 0. `measured` is
    the highest phase; `counted` what the site keeps free for it; `can_step`: whether the station takes limits that
    change by themselves; `is_spread_unknown`: whether it takes W, and no meter shows which phases share them; `cap`:
    what others than the site allow its session now, and `instead`: what cars follow by profiles of others where they
    have no limit of the site's; `next_in` the seconds until its turn."""

    key: Key
    circuit: int
    state: str
    transaction_id: int | None
    phases: tuple[int, ...]
    wanted: float | None
    given: float | None
    measured: float | None
    counted: float
    fail_safe: float
    is_fail_safe_installed: bool
    can_step: bool
    is_spread_unknown: bool
    cap: float | None
    instead: float | None
    next_in: float | None


@dataclass(frozen=True)
class Sums:
    """A circuit: A on each phase of the site. It has a `limit` for each phase, or one in W for all together."""

    circuit: int
    limit: float | None
    limit_w: float | None
    reserve: float
    allotted: tuple[float, ...]
    measured: tuple[float, ...]
    fail_safe: tuple[float, ...]

    @property
    def is_above(self) -> bool:
        """Whether more is measured than it bears."""
        return self._exceeds(self.measured, TRACE)

    @property
    def is_fail_safe_above(self) -> bool:
        """Whether more may be drawn without Chargeyard than it bears."""
        return self._exceeds(self.fail_safe, 0.0)

    def _exceeds(self, amperes: tuple[float, ...], trace: float) -> bool:
        is_one = self.limit is not None and max(amperes) > self.limit + trace
        return is_one or (self.limit_w is not None and sum(amperes) > self.limit_w / VOLTAGE + trace)


@dataclass(frozen=True)
class Picture:
    """The whole site. The connection comes first in `sums`; `limit_a`: what its fullest phase may carry."""

    places: list[Place]
    sums: list[Sums]
    limit_a: float

    @property
    def above(self) -> list[Sums]:
        """The circuits on which more is measured than they bear."""
        return [sums for sums in self.sums if sums.is_above]

    @property
    def disobedient(self) -> list[Place]:
        return [place for place in self.places if place.state in (DISOBEYS, REFUSES)]

    @property
    def with_others(self) -> list[Place]:
        """Where others than the site have their say, too."""
        return [place for place in self.places if place.instead is not None]

    @property
    def without_fail_safe(self) -> list[Place]:
        """Those that wait while Chargeyard is gone: there is no minimum left for them."""
        return [place for place in self.places if place.fail_safe == 0]


def look(live: Live, now: float) -> Picture:
    """`now` in s since 1970."""
    places = [_place(live, member, now) for member in live.site.members.values()]
    circuits = sorted(live.site.circuits, key=lambda circuit: circuit.parent is not None)
    sums = [_sums(live, circuit.id, now) for circuit in circuits]
    return Picture(places, sums, site_samples.limit_of(live, site_samples.measured(live, now)))


def _place(live: Live, member: Member, now: float) -> Place:
    session, state = member.session, _state(live, member, now)
    waits = state == PAUSED and session is not None
    return Place(
        key=member.key,
        circuit=member.circuit,
        state=state,
        transaction_id=session.transaction_id if session else None,
        phases=member.site_phases,
        wanted=session.belief.most if session and not session.belief.is_asleep(now) else None,
        given=session.hold.now(now) if session else None,
        measured=session.measured(now) if session else None,
        counted=member.possible(now).amperes,
        fail_safe=member.fail_safe,
        is_fail_safe_installed=member.default.installed == member.wanted_default,
        can_step=member.can_step,
        is_spread_unknown=member.takes_watts and member.sure_phases == 1 < len(member.site_phases),
        cap=member.cap,
        instead=max(member.instead.first, member.instead.then) if member.instead else None,
        next_in=_next_in(live, session, now) if waits and session else None,
    )


def _next_in(live: Live, session: Session, now: float) -> float:
    turns = [member.session.turn for member in live.site.members.values() if member.session is not None]
    return next_in(session.turn, turns, now, live.site.slot)


def _state(live: Live, member: Member, now: float) -> str:
    session = member.session
    if not member.may_be_asked:
        return UNCONTROLLED
    if not member.is_connected:
        return OFFLINE
    if session is None:
        return FREE
    if not session.is_proven:
        return LATE
    if session.disobeys:
        return DISOBEYS
    if session.hold.refused:
        return REFUSES
    if session.belief.is_asleep(now):
        return ASLEEP
    return _share(live, member, session, now)


def _share(live: Live, member: Member, session: Session, now: float) -> str:
    target, given = live.site.target.get(member.key), session.hold.now(now)
    if member.must_pause and target == given == 0:
        return OTHERS
    if target != given or session.hold.asked is not None:
        return PAUSED if target == 0 and given == 0 else TOLD
    if given == 0:
        return PAUSED
    if member.cap is not None and given >= member.cap:
        return OTHERS
    if given >= member.maximum:
        return FULL
    return CAPPED if given >= session.belief.most else SHARED


def _sums(live: Live, circuit: int, now: float) -> Sums:
    """Of all connectors on this circuit and those that hang on it."""
    site, allotted, measured, safe = live.site, [0.0] * 3, [0.0] * 3, [0.0] * 3
    for member in site.members.values():
        if circuit not in site.grid.ancestry(member.circuit):
            continue
        draw = member.possible(now)
        for phase in draw.phases:
            allotted[phase] += draw.amperes
        for phase in member.phases:
            safe[phase] += member.falls_to
        session = member.session
        if session is not None and session.currents is not None and session.measured(now) is not None:
            for phase, amperes in zip(member.phases, session.currents, strict=False):
                measured[phase] += amperes
    found = next(item for item in site.circuits if item.id == circuit)
    rounded = (tuple(tenths_up(value) / 10 for value in values) for values in (allotted, measured, safe))
    return Sums(circuit, found.limit_a, found.limit_w, found.reserve_a, *rounded)
