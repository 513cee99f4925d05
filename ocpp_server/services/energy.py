"""How much was charged: counted from registers that may restart, jump or mean something else (quirks 34 to 37).

Pure functions on one `Counter` per session. Energies in Wh, times in ms since 1970.
"""

from dataclasses import dataclass, field

#: No connector delivers more than this; an increase beyond it is a fault of the meter, not energy.
MAX_POWER_W = 600_000
#: Readings may be rounded, and times may be off by some seconds.
_SLACK_WH = 1_000

ESTIMATED = "estimated"
IMPLAUSIBLE = "implausible_energy"
METER_DECREASED = "meter_decreased"
METER_RESET = "meter_reset"
RELATIVE = "session_relative_register"


@dataclass(slots=True)
class Counter:
    """The state of one session's energy; `flags` says why a figure is not simply stop minus start."""

    meter_start: int
    started_at: int
    energy_wh: float = 0.0
    last_wh: float | None = None
    last_at: int | None = None
    flags: set[str] = field(default_factory=set)


def advance(counter: Counter, register_wh: float, at: int) -> float:
    """Take a register reading into account; the Wh it added."""
    before = counter.energy_wh
    if RELATIVE in counter.flags:
        counter.energy_wh = max(before, register_wh)
    elif counter.last_wh is None:
        _first(counter, register_wh, at)
    else:
        counter.energy_wh += _increase(counter, counter.last_wh, register_wh, at)
    counter.last_wh, counter.last_at = register_wh, max(at, counter.last_at or at)
    return counter.energy_wh - before


def finish(counter: Counter, meter_stop: int | None, stopped_at: int) -> None:
    """Settle the energy at the end: stop minus start where that can be true, else what was counted."""
    if meter_stop is None or meter_stop < 0:
        counter.flags.add(ESTIMATED)
        return
    difference = meter_stop - counter.meter_start
    if _is_plausible(difference, stopped_at - counter.started_at):
        counter.energy_wh = float(difference)
        counter.flags -= {IMPLAUSIBLE, ESTIMATED, METER_RESET}
        return
    counter.flags |= {ESTIMATED, METER_DECREASED if difference < 0 else IMPLAUSIBLE}
    if counter.last_wh is not None:
        rest = meter_stop - counter.last_wh
        if _is_plausible(rest, stopped_at - (counter.last_at or counter.started_at)):
            counter.energy_wh += rest
    elif difference < 0 and _is_plausible(meter_stop, stopped_at - counter.started_at):
        # The register restarted at 0 during the session: what it shows was charged since.
        counter.energy_wh = float(meter_stop)


def _first(counter: Counter, register_wh: float, at: int) -> None:
    elapsed = at - counter.started_at
    if register_wh >= counter.meter_start:
        counter.energy_wh += _increase(counter, counter.meter_start, register_wh, at)
    elif _is_plausible(register_wh, elapsed):
        # Far below the start: this station counts each session from 0 in MeterValues (quirk 35).
        counter.flags.add(RELATIVE)
        counter.energy_wh = max(0.0, register_wh)
    else:
        counter.flags |= {METER_RESET, ESTIMATED}


def _increase(counter: Counter, last_wh: float, register_wh: float, at: int) -> float:
    elapsed = at - (counter.last_at or counter.started_at)
    increase = register_wh - last_wh
    if increase < 0:
        return _after_reset(counter, register_wh, elapsed)
    if _is_plausible(increase, elapsed):
        return increase
    counter.flags |= {IMPLAUSIBLE, ESTIMATED}
    return 0.0


def _after_reset(counter: Counter, register_wh: float, elapsed: int) -> float:
    counter.flags |= {METER_RESET, ESTIMATED}
    return register_wh if _is_plausible(register_wh, elapsed) else 0.0


def _is_plausible(energy_wh: float, elapsed_ms: int) -> bool:
    return 0 <= energy_wh <= MAX_POWER_W * max(0, elapsed_ms) / 3_600_000 + _SLACK_WH
