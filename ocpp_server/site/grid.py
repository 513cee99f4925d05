"""The circuits of a site as bounds on currents. Pure.

All sums are whole tenths of an ampere, as limits are on the wire (section 7.14), so nothing is lost to rounding.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

#: Volts from phase to neutral, by which a limit in kW is counted in amperes.
VOLTAGE = 230.0
PHASES = (0, 1, 2)
#: What a load takes of which bound: pairs of the bound's number and how often it counts.
Usage = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Circuit:
    """A fuse and what hangs on it. `limit_a` and `reserve_a` count for each phase; `limit_w` for all phases together.

    The reserve is never handed out: for what else hangs on the circuit. A circuit may have one limit, both or none.
    """

    id: int
    parent: int | None = None
    limit_a: float | None = None
    limit_w: float | None = None
    reserve_a: float = 0.0


@dataclass(frozen=True, slots=True)
class Bound:
    """One sum that may not grow beyond `capacity` (tenths of an ampere). `phase` None: all phases added up."""

    circuit: int
    phase: int | None
    capacity: int


class Grid:
    """The nested circuits of a site."""

    def __init__(self, circuits: Iterable[Circuit]) -> None:
        self._circuits = {circuit.id: circuit for circuit in circuits}
        self.bounds = tuple(bound for circuit in self._circuits.values() for bound in _bounds(circuit))
        self._numbers = {(bound.circuit, bound.phase): number for number, bound in enumerate(self.bounds)}
        self._usages: dict[tuple[int, tuple[int, ...]], Usage] = {}

    def usage(self, circuit: int, phases: tuple[int, ...]) -> Usage:
        """Of which bounds a load on these phases of this circuit takes its share."""
        known = self._usages.get((circuit, phases))
        if known is None:
            known = self._usages[circuit, phases] = tuple(self._usage(circuit, phases))
        return known

    def _usage(self, circuit: int, phases: tuple[int, ...]) -> Iterable[tuple[int, int]]:
        for id_ in self.ancestry(circuit):
            for phase, count in (*((phase, 1) for phase in phases), (None, len(phases))):
                number = self._numbers.get((id_, phase))
                if number is not None:
                    yield number, count

    def ancestry(self, circuit: int) -> list[int]:
        """The circuit and those that feed it; a circle, which nobody should have stored, ends where it closes."""
        found: list[int] = []
        at: int | None = circuit
        while at in self._circuits and at not in found:
            found.append(at)
            at = self._circuits[at].parent
        return found

    def ledger(self) -> "Ledger":
        """All bounds with nothing taken yet."""
        return Ledger([bound.capacity for bound in self.bounds])


@dataclass(slots=True)
class Ledger:
    """What is left of each bound, in tenths of an ampere."""

    left: list[int]

    def room(self, usage: Usage) -> int:
        """How much more a load of this usage could take; below 0 where too much is taken already."""
        return min((self.left[number] // count for number, count in usage), default=10**9)

    def take(self, usage: Usage, tenths: int) -> None:
        """Take an amount, or give it back where it is negative."""
        for number, count in usage:
            self.left[number] -= count * tenths

    def take_if_free(self, usage: Usage, more: int) -> bool:
        """Take so many tenths if there is room for them; giving some back is always possible, and is not counted."""
        if more > 0 and self.room(usage) < more:
            return False
        self.take(usage, max(0, more))
        return True

    def copy(self) -> "Ledger":
        return Ledger(self.left.copy())


def tenths(amperes: float) -> int:
    """Rounded down, but for what is only a trace of floating point below the next tenth."""
    return math.floor(amperes * 10 + 1e-6)


def tenths_up(amperes: float) -> int:
    """Rounded up."""
    return math.ceil(amperes * 10 - 1e-6)


def _bounds(circuit: Circuit) -> Iterable[Bound]:
    if circuit.limit_a is not None:
        capacity = max(0, tenths(circuit.limit_a - circuit.reserve_a))
        yield from (Bound(circuit.id, phase, capacity) for phase in PHASES)
    if circuit.limit_w is not None:
        capacity = max(0, tenths(circuit.limit_w / VOLTAGE - circuit.reserve_a * len(PHASES)))
        yield Bound(circuit.id, None, capacity)
