"""Amperes and watts: A is the current in each phase, W the power of all phases together (errata 3.68)."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the power of a connector may be spread. A station takes what it may on the phases that its car uses (errata
    3.34), so a limit below `largest` A is sure to be shared by `sure` phases only, a higher one by all."""

    phases: int = 3
    sure: int = 3
    largest: float = 0.0

    def count(self, amperes: float) -> int:
        """How many phases surely share a limit of so many A for each."""
        return self.phases if amperes >= self.largest else min(self.phases, self.sure)


@dataclass(frozen=True, slots=True)
class Supply:
    """What a connector hangs on: volts between a phase and neutral, how many phases there are, how cars use them."""

    voltage: float = 230.0
    phases: int = 3
    wiring: Wiring = Wiring()


AMPERES, WATTS = "A", "W"
UNITS = (AMPERES, WATTS)


def convert(limit: float, unit: str, wanted: str, phases: int, supply: Supply) -> float:
    """The limit in the wanted unit; `phases` are the period's, of which the supply may have fewer."""
    if unit == wanted:
        return limit
    count = min(phases, supply.phases)
    if wanted == WATTS:
        return limit * supply.voltage * max(1, min(count, supply.wiring.count(limit)))
    return limit / (supply.voltage * max(1, count))


def one_decimal(limit: float) -> float:
    """Rounded down to the one decimal that the standard allows: a limit never grows by being written down."""
    return math.floor(round(limit * 10, 6)) / 10
