"""The site as it shares its connection: told what happens, it says what to send. Pure; time is told, too.

At no moment may the sum of what all could draw be more than a circuit bears. So lower limits go out at once, and
higher ones once the lower ones that pay for them are accepted and followed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ocpp_server.site.allocation import Allotment, Draw, Load, allocate
from ocpp_server.site.grid import Circuit, Grid, Ledger, tenths, tenths_up
from ocpp_server.site.hold import Hold
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
    `fail_safe` follows. `is_renewal`: it only lends longer what was lent.
    """

    key: Key
    transaction_id: int | None
    amperes: float
    fail_safe: float
    lease: float
    is_renewal: bool = False


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

    def __post_init__(self) -> None:
        self.grid = Grid(self.circuits)
        self.plan()

    # -- the fail-safe ------------------------------------------------------------------------------------

    def plan(self) -> None:
        """Share the connection among all connectors, as if each had a car and nobody were there to share it."""
        members = sorted(self.members.values(), key=lambda member: (member.can_pause, -member.priority, member.key))
        loads = [
            Load(member.key, member.circuit, member.phases, member.minimum, member.maximum)
            for member in members
            if member.may_be_asked
        ]
        unasked = [Draw(m.circuit, m.phases, m.maximum) for m in members if not m.may_be_asked]
        shares = allocate(self.grid, loads, unasked)
        for member in members:
            member.fail_safe = shares.get(member.key, member.maximum)

    @property
    def wait(self) -> float:
        """How long (s) a new car has nothing where Chargeyard is gone: until all that was lent has ended."""
        return self.lease + MARGIN

    # -- what to send -------------------------------------------------------------------------------------

    def decide(self, now: float) -> list[Order]:
        """What to send now. Each order counts as sent; `happenings.accepted` or `failed` is to follow."""
        for member in self.members.values():
            member.settle(now)
        self.target = self._target(now)
        orders = [*self._limits(now), *self._renewals(now), *self._defaults(now)]
        for order in orders:
            self._note_sent(order, now)
        return orders

    def _target(self, now: float) -> Allotment:
        loads, sleepers = self._in_turn(now), self._sleepers(now)
        told = {load.key for load in (*loads, *sleepers)}
        fixed = [member.possible(now) for member in self.members.values() if member.key not in told]
        given = {load.key: self._hold(load.key).wanted(now) for load in loads}
        target = steady(self.grid, loads, allocate(self.grid, loads, fixed), given, fixed)
        self._take_turns(target, now)
        draws = [*fixed, *(Draw(load.circuit, load.phases, target[load.key]) for load in loads)]
        return {**target, **allocate(self.grid, sleepers, draws)}

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
            usage = self.grid.usage(member.circuit, member.site_phases)
            more = tenths(amperes) - tenths_up(self._hold(key).most(now))
            if ledger.room(usage) >= more:
                ledger.take(usage, max(0, more))
                yield self._order(key, amperes)

    def _possible(self, now: float) -> Ledger:
        ledger = self.grid.ledger()
        for member in self.members.values():
            draw = member.possible(now)
            ledger.take(self.grid.usage(draw.circuit, draw.phases), tenths_up(draw.amperes))
        return ledger

    def _may_send(self, key: Key, amperes: float, now: float) -> bool:
        hold = self._hold(key)
        is_due = hold.is_uncertain or amperes != hold.now(now)
        return hold.asked is None and now >= hold.retry_at and is_due

    def _renewals(self, now: float) -> Iterator[Order]:
        """What stays as it is is lent again in time."""
        for member in self.members.values():
            session = member.session
            if session is None or not member.is_controlled or not session.is_proven:
                continue
            hold = session.hold
            if hold.asked is not None or now < hold.retry_at or now < hold.lease_ends - self._renew_before(hold):
                continue
            amperes = hold.now(now)
            is_right = self.target.get(member.key, amperes) == amperes
            if is_right and amperes != member.fail_safe and now < hold.lease_ends:
                yield self._order(member.key, amperes, is_renewal=True)

    def _renew_before(self, hold: Hold) -> float:
        """One that has less than its fail-safe must never end before those that have more."""
        return self.lease / 3 if hold.amperes > hold.fail_safe else self.lease + MARGIN

    def _defaults(self, now: float) -> Iterator[Order]:
        """Fail-safe limits that are not installed yet; higher ones once no lower one is missing."""
        missing = [
            member
            for member in self.members.values()
            if member.is_controlled and member.installed != member.fail_safe and now >= member.default_retry_at
        ]
        unsent = [member for member in missing if member.asked_default is None]
        lower = [m for m in unsent if m.installed is None or m.fail_safe < m.installed]
        are_lower_sent = len(unsent) < len(missing)
        for member in lower or ([] if are_lower_sent else unsent):
            yield Order(member.key, None, member.first, member.fail_safe, self.wait)

    def _order(self, key: Key, amperes: float, *, is_renewal: bool = False) -> Order:
        member, session = self.members[key], self.members[key].session
        assert session is not None
        lease = self.lease if amperes > member.fail_safe else 2 * self.lease + 2 * MARGIN
        return Order(key, session.transaction_id, amperes, member.fail_safe, lease, is_renewal)

    def _note_sent(self, order: Order, now: float) -> None:
        member = self.members[order.key]
        if order.transaction_id is None:
            member.asked_default = order.fail_safe
        else:
            hold = self._hold(order.key)
            hold.fail_safe = order.fail_safe
            hold.ask(order.amperes, now + order.lease)

    def _hold(self, key: Key) -> Hold:
        session = self.members[key].session
        assert session is not None
        return session.hold

    def _session_turn(self, key: Key) -> Turn:
        session = self.members[key].session
        assert session is not None
        return session.turn
