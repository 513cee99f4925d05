"""The totals in a list of sampled values (sections 4.7, 7.43 to 7.49; quirks 24, 25 and 37). Pure functions."""

from dataclasses import dataclass
from typing import Any

ENERGY = "Energy.Active.Import.Register"
_POWER = "Power.Active.Import"
_CURRENT = "Current.Import"
_VOLTAGE = "Voltage"
_SOC = "SoC"

#: What one of a unit is in the unit that is stored: Wh, W, A, V, percent. Stations misspell these (quirk 24).
_SCALES: dict[str, dict[str, float]] = {
    ENERGY: {"wh": 1, "kwh": 1000, "mwh": 1_000_000},
    _POWER: {"w": 1, "kw": 1000, "va": 1, "kva": 1000},
    _CURRENT: {"a": 1, "ma": 0.001},
    _VOLTAGE: {"v": 1, "kv": 1000, "mv": 0.001},
    _SOC: {"percent": 1, "%": 1},
}
_Meaning = tuple[str, str | None, float]
#: What samples count as, by measurand, unit, phase, location and format.
_meanings: dict[tuple, _Meaning | None] = {}
_MOST_MEANINGS, _LONGEST_WORD = 1024, 64
#: No meter shows more; neither does infinity or what is no number pass.
_MAX_NUMBER = 1e12


@dataclass(slots=True)
class Totals:
    """What a meter value says in all: Wh, W, A (of the highest phase), V (mean of the phases), percent."""

    energy_wh: float | None = None
    power_w: float | None = None
    current_a: float | None = None
    voltage_v: float | None = None
    soc_percent: float | None = None


def totals(samples: Any) -> Totals:
    """Draw the totals from a sampledValue list; samples that cannot be read are left out."""
    found = by_phase(samples)
    return Totals(
        energy_wh=_sum(found.get(ENERGY)),
        power_w=_sum(found.get(_POWER)),
        current_a=_highest(found.get(_CURRENT)),
        voltage_v=_mean(found.get(_VOLTAGE)),
        soc_percent=_sum(found.get(_SOC)),
    )


def by_phase(samples: Any) -> dict[str, dict[str | None, float]]:
    """The values of each measurand by their phase, None where they name none; in Wh, W, A, V, percent."""
    found: dict[str, dict[str | None, float]] = {}
    for sample in samples if isinstance(samples, list) else ():
        if isinstance(sample, dict):
            _collect(found, sample)
    return found


def _collect(found: dict[str, dict[str | None, float]], sample: dict[str, Any]) -> None:
    get = sample.get
    words = (get("measurand"), get("unit"), get("phase"), get("location"), get("format"))
    try:
        meaning = _meanings[words]
    except KeyError:
        meaning = _learn(words)
    except TypeError:
        # A list or an object where a word belongs.
        meaning = _meaning(*words)
    number = None if meaning is None else _number(get("value"))
    if meaning is not None and number is not None:
        measurand, phase, scale = meaning
        found.setdefault(measurand, {})[phase] = number * scale


def _learn(words: tuple) -> _Meaning | None:
    """Remember it, because a station says the same with each sample; but no texts that are longer than any word."""
    meaning = _meaning(*words)
    if len(_meanings) >= _MOST_MEANINGS:
        _meanings.clear()
    if all(len(str(word)) <= _LONGEST_WORD for word in words):
        _meanings[words] = meaning
    return meaning


def _meaning(measurand: Any, unit: Any, phase: Any, location: Any, sample_format: Any) -> _Meaning | None:
    """What a sample counts as: measurand, phase, and the factor to the unit that is stored; None for nothing."""
    measurand = str(measurand or ENERGY)
    scales = _SCALES.get(measurand)
    if scales is None or sample_format == "SignedData":
        return None
    # The default location is the outlet; what goes into the station or the car is another quantity.
    if (location or "Outlet") != "Outlet" and measurand != _SOC:
        return None
    scale = scales.get(str(unit).strip().lower(), 1) if unit else 1
    return measurand, str(phase or "") or None, scale


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) <= _MAX_NUMBER else None


def _sum(phases: dict[str | None, float] | None) -> float | None:
    """The total where it is given, else the sum of the phases (quirk 37), each counted once."""
    if not phases:
        return None
    if None in phases:
        return phases[None]
    return sum(_per_phase(phases))


def _highest(phases: dict[str | None, float] | None) -> float | None:
    return max(_per_phase(phases)) if phases else None


def _mean(phases: dict[str | None, float] | None) -> float | None:
    """Of the voltages against neutral, where phases are told apart."""
    if not phases:
        return None
    values = _per_phase(phases)
    return sum(values) / len(values)


def _per_phase(phases: dict[str | None, float]) -> list[float]:
    """One value for each phase: `L1` and `L1-N` are the same, `L1-L2` is between two and `N` is none."""
    one_each = {str(phase)[:2]: value for phase, value in phases.items() if phase and phase in _SINGLE_PHASES}
    return list(one_each.values()) or list(phases.values())


_SINGLE_PHASES = {"L1", "L2", "L3", "L1-N", "L2-N", "L3-N"}
