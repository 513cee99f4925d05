"""Amperes and watts: A is the current in each phase, W the power of all phases together (errata 3.68)."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Supply:
    """What a connector hangs on: volts between a phase and neutral, and how many phases there are."""

    voltage: float = 230.0
    phases: int = 3


AMPERES, WATTS = "A", "W"
UNITS = (AMPERES, WATTS)


def convert(limit: float, unit: str, wanted: str, phases: int, supply: Supply) -> float:
    """The limit in the wanted unit; `phases` are the period's, of which the supply may have fewer."""
    if unit == wanted:
        return limit
    factor = supply.voltage * max(1, min(phases, supply.phases))
    return limit * factor if wanted == WATTS else limit / factor


def one_decimal(limit: float) -> float:
    """Rounded down to the one decimal that the standard allows: a limit never grows by being written down."""
    return math.floor(round(limit * 10, 6)) / 10
