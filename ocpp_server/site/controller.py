"""The site as it shares its connection: told what happens, it says what to send. Pure; time is told, too.

At no moment may the sum of what all could draw be more than a circuit bears. So lower limits go out at once, and
higher ones once the lower ones that pay for them are accepted and followed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ocpp_server.site import fail_safe
from ocpp_server.site.allocation import Allotment, Draw, Load, allocate
from ocpp_server.site.default import Steps
from ocpp_server.site.grid import Circuit, Grid, Ledger, tenths, tenths_up
from ocpp_server.site.hold import Hold, Lent
from ocpp_server.site.member import Key, Member
from ocpp_server.site.steadiness import steady
from ocpp_server.site.turns import Turn

FAIR, PRIORITY = "fair", "priority"
#: How much longer (s) a car without limit of its own waits than any limit is lent: clocks differ.
MARGIN = 60.0


@dataclass(frozen=True, slots=True)
class Order:
    """One limit to send. `transaction_id` None: the default of the connector, else the limit of that session.

    The limit holds for `lease` s, or for `wait` s from the start of a session that has no limit of its own; then
    `fail_safe` follows. `is_renewal`: it only lends longer what was lent. `phases`: how many share it for sure,
    where a station is told W.
    """

    key: Key
    transaction_id: int | None
    amperes: float
    fail_safe: float
    lease: float
    is_renewal: bool = False
    phases: int = 3


@dataclass(slots=True)
class Site:
    """A site with its circuits and connectors. `lease` and `slot` in s."""

    circuits: list[Circuit]
    members: dict[Key, Member] = field(default_factory=dict)
    mode: str = FAIR
    lease: float = 900.0
    slot: float = 1800.0
    grid: Grid = field(init=False)
    #: What was last found to be right for each, and for the pages what is fair.
    target: Allotment = field(default_factory=dict)
    _planned_for: list[fail_safe.Fixed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.grid = Grid(self.circuits)
        self.plan()

    def plan(self) -> None:
        """Share out anew what everybody falls back to."""
        fail_safe.plan(self.grid, self.members)
        self._planned_for = fail_safe.out_of_reach(self.members)

    @property
    def wait(self) -> float:
        """How long (s) a new car has nothing where Chargeyard is gone: until all that was lent has ended."""
        return self.lease + MARGIN

    # -- what to send -------------------------------------------------------------------------------------

    def decide(self, now: float) -> list[Order]:
        """What to send now. Each order counts as sent; `happenings.accepted` or `failed` is to follow."""
        for member in self.members.values():
            member.settle(now)
        if fail_safe.out_of_reach(self.members) != self._planned_for:
            self.plan()
        self.target = self._target(now)
        limits = list(self._limits(now))
        renewals = self._renewals({order.key for order in limits}, now)
        orders = [*limits, *renewals, *self._defaults(now)]
        for order in orders:
            self._note_sent(order, now)
        return orders

    def _target(self, now: float) -> Allotment:
        loads, sleepers = self._in_turn(now), self._sleepers(now)
        told = {load.key for load in (*loads, *sleepers)}
        others = [member for member in self.members.values() if member.key not in told]
        fixed = [member.possible(now) for member in others if not member.is_being_set_up]
        given = {load.key: self._hold(load.key).wanted(now) for load in loads}
        target = steady(self.grid, loads, allocate(self.grid, loads, fixed), given, fixed)
        self._take_turns(target, now)
        draws = [*fixed, *(Draw(load.circuit, load.phases, target[load.key]) for load in loads)]
        pausing = {member.key: 0.0 for member in others if member.is_to_pause(now)}
        return {**target, **allocate(self.grid, sleepers, draws), **pausing}

    def _sleepers(self, now: float) -> list[Load]:
        return [load for member in self.members.values() if (load := member.sleeper(now)) is not None]

    def _in_turn(self, now: float) -> list[Load]:
        """Those who want something, the first in turn first."""
        found = []
        for member in self.members.values():
            load = member.load(now, member.priority if self.mode == PRIORITY else 0)
            if load is not None and member.session is not None:
                found.append((-load.tier, member.session.turn.rank(now, self.slot), member.key, load))
        return [load for *_, load in sorted(found, key=lambda item: item[:3])]

    def _take_turns(self, target: Allotment, now: float) -> None:
        for key, amperes in target.items():
            turn = self._session_turn(key)
            if amperes:
                turn.run(now)
            else:
                turn.wait(now)

    def _limits(self, now: float) -> Iterator[Order]:
        """Lower limits, and those higher ones that are paid for."""
        changes = [(key, amperes) for key, amperes in self.target.items() if self._may_send(key, amperes, now)]
        lower = [(key, amperes) for key, amperes in changes if amperes <= self._hold(key).now(now)]
        yield from (self._order(key, amperes) for key, amperes in lower)
        ledger = self._possible(now)
        higher = [key for key, amperes in changes if amperes > self._hold(key).now(now)]
        for key in sorted(higher, key=lambda key: self._hold(key).now(now)):
            member, amperes = self.members[key], self.target[key]
            counted = member.possible(now)
            more = tenths(amperes) - tenths_up(counted.amperes)
            if ledger.take_if_free(self.grid.usage(counted.circuit, counted.phases), more):
                yield self._order(key, amperes)

    def _possible(self, now: float) -> Ledger:
        ledger = self.grid.ledger()
        for member in self.members.values():
            draw = member.possible(now)
            ledger.take(self.grid.usage(draw.circuit, draw.phases), tenths_up(draw.amperes))
        return ledger

    def _may_send(self, key: Key, amperes: float, now: float) -> bool:
        hold = self._hold(key)
        is_due = hold.is_uncertain or amperes != hold.now(now) or (amperes > 0 and self._is_spread_anew(key))
        return hold.asked is None and now >= hold.retry_at and is_due

    def _is_spread_anew(self, key: Key) -> bool:
        """Whether the same limit is another one in W since more, or less, is known of the phases that its car uses."""
        member, session = self.members[key], self.members[key].session
        assert session is not None
        return member.takes_watts and session.shared_by != member.sure_phases

    def _renewals(self, told: set[Key], now: float) -> Iterator[Order]:
        """What stays as it is is lent again in time; not to those who are `told` something else."""
        for member in self.members.values():
            session = member.session
            if session is None or member.key in told or not member.is_controlled or not session.is_proven:
                continue
            hold = session.hold
            amperes = hold.now(now)
            is_right = self.target.get(member.key, amperes) == amperes
            if hold.asked is None and now >= hold.retry_at and is_right and self._must_go_on(member, hold, now):
                yield self._order(member.key, amperes, is_renewal=True)

    def _must_go_on(self, member: Member, hold: Hold, now: float) -> bool:
        """Whether it would soon change by itself, or later to more than is planned now."""
        held = hold.held
        ends_soon = held.ends - self._renew_before(held) <= now < held.ends
        is_too_high = hold.falls_to > member.falls_back(held.amperes)
        return (held.amperes != held.fail_safe and ends_soon) or is_too_high

    def _renew_before(self, held: Lent) -> float:
        """One that has less than its fail-safe must never end before those that have more."""
        return self.lease / 3 if held.amperes > held.fail_safe else self.lease + MARGIN

    def _defaults(self, now: float) -> Iterator[Order]:
        """Fail-safe limits that are not installed yet: lower ones at once, higher ones once they are paid for."""
        due = [m for m in self.members.values() if m.is_controlled and m.default.is_due(m.wanted_default, now)]
        ledger = self.grid.ledger()
        for member in self.members.values():
            ledger.take(self.grid.usage(member.circuit, member.phases), tenths_up(member.falls_to))
        for member in sorted(due, key=lambda member: member.fail_safe - member.falls_to):
            more = tenths(member.fail_safe) - tenths_up(member.falls_to)
            if ledger.take_if_free(self.grid.usage(member.circuit, member.phases), more):
                yield Order(member.key, None, *member.wanted_default, self.wait, phases=1)

    def _order(self, key: Key, amperes: float, *, is_renewal: bool = False) -> Order:
        member, session = self.members[key], self.members[key].session
        assert session is not None
        then = member.falls_back(amperes)
        lease = self.lease if amperes > then else 2 * self.lease + 2 * MARGIN
        return Order(key, session.transaction_id, amperes, then, lease, is_renewal, member.sure_phases)

    def _note_sent(self, order: Order, now: float) -> None:
        member = self.members[order.key]
        if order.transaction_id is not None and member.session is not None:
            member.session.hold.ask(Lent(order.amperes, order.fail_safe, now + order.lease))
            member.session.shared_by = order.phases
            return
        member.default.asked = Steps(order.amperes, order.fail_safe)
        member.follow_default(self.wait, now)

    def _hold(self, key: Key) -> Hold:
        session = self.members[key].session
        assert session is not None
        return session.hold

    def _session_turn(self, key: Key) -> Turn:
        session = self.members[key].session
        assert session is not None
        return session.turn
