"""How much was charged: counted from registers that may restart, jump or mean something else (quirks 34 to 37).

Pure functions on one `Counter` per session. Energies in Wh, times in ms since 1970.
"""

from dataclasses import dataclass, field

#: No connector delivers more than this; an increase beyond it is a fault of the meter, not energy.
MAX_POWER_W = 600_000
#: Readings may be rounded, and times may be off by some seconds.
SLACK_WH = 1_000
#: How long a session may have lasted when its times cannot be believed.
_ANY_LENGTH_MS = 24 * 3_600_000

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
    if register_wh <= 0:
        # A meter that restarts or that is not read says 0 for a while; nothing is to be learnt from that.
        return 0.0
    if counter.last_wh is None:
        _first(counter, register_wh, at)
    elif at < (counter.last_at or at) and register_wh <= counter.last_wh:
        # An older reading that comes late, as those that StopTransaction repeats: counted long ago.
        return 0.0
    else:
        _next(counter, counter.last_wh, register_wh, at)
    counter.last_at = max(at, counter.last_at or at)
    return counter.energy_wh - before


def finish(counter: Counter, meter_stop: int | None, stopped_at: int, *, times_are_known: bool = True) -> None:
    """Settle the energy at the end: stop minus start where that can be true, else what was counted."""
    if meter_stop is None or meter_stop < 0:
        counter.flags.add(ESTIMATED)
        return
    elapsed = stopped_at - counter.started_at if times_are_known else _ANY_LENGTH_MS
    difference = meter_stop - counter.meter_start
    if difference == 0 and counter.energy_wh > SLACK_WH:
        # This station fills in one of the two only, or neither: what it measured meanwhile says more.
        counter.flags.add(ESTIMATED)
        return
    if _is_plausible(difference, elapsed):
        counter.energy_wh = float(difference)
        counter.flags -= {IMPLAUSIBLE, ESTIMATED, METER_RESET}
        return
    counter.flags |= {ESTIMATED, METER_DECREASED if difference < 0 else IMPLAUSIBLE}
    if counter.last_wh is not None:
        rest = meter_stop - counter.last_wh
        if _is_plausible(rest, stopped_at - (counter.last_at or counter.started_at)):
            counter.energy_wh += rest
    elif difference < 0 and _is_plausible(meter_stop, elapsed):
        # The register restarted at 0 during the session: what it shows was charged since.
        counter.energy_wh = float(meter_stop)


def _first(counter: Counter, register_wh: float, at: int) -> None:
    if RELATIVE in counter.flags:
        _next(counter, 0.0, register_wh, at)
    elif register_wh >= counter.meter_start or _is_rounding(counter.meter_start, register_wh):
        _next(counter, counter.meter_start, register_wh, at)
    elif _is_plausible(register_wh, at - counter.started_at):
        # Far below the start: this station counts each session from 0 in MeterValues (quirk 35).
        counter.flags.add(RELATIVE)
        counter.energy_wh += register_wh
        counter.last_wh = register_wh
    else:
        counter.flags |= {METER_RESET, ESTIMATED}
        counter.last_wh = register_wh


def _next(counter: Counter, last_wh: float, register_wh: float, at: int) -> None:
    """Count from one reading to the next."""
    elapsed = at - (counter.last_at or counter.started_at)
    increase = register_wh - last_wh
    counter.last_wh = register_wh
    if _is_plausible(increase, elapsed):
        counter.energy_wh += increase
    elif increase >= 0:
        counter.flags |= {IMPLAUSIBLE, ESTIMATED}
    elif _is_rounding(last_wh, register_wh):
        counter.last_wh = last_wh
    else:
        counter.energy_wh += _since_reset(counter, register_wh, elapsed)
        counter.flags |= {METER_RESET, ESTIMATED}


def _since_reset(counter: Counter, register_wh: float, elapsed: int) -> float:
    """What a register that restarted at 0 has counted. After an outlier it did not restart, it only came back."""
    return register_wh if IMPLAUSIBLE not in counter.flags and _is_plausible(register_wh, elapsed) else 0.0


def _is_rounding(last_wh: float, register_wh: float) -> bool:
    """A small step back, as from a meter that reports now in Wh and now in tenths of a kWh; not a restart at 0."""
    return last_wh / 2 < register_wh and last_wh - register_wh <= SLACK_WH


def _is_plausible(energy_wh: float, elapsed_ms: int) -> bool:
    return 0 <= energy_wh <= MAX_POWER_W * max(0, elapsed_ms) / 3_600_000 + SLACK_WH
