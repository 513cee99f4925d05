"""What the meter shows: from an electrical state to the sampledValue entries of a MeterValues message."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SUPPORTED_MEASURANDS = (
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    "Current.Import",
    "Voltage",
    "SoC",
    "Temperature",
    "Current.Offered",
    "Power.Offered",
)
PHASES = ("L1", "L2", "L3")
NEUTRAL_PHASES = ("L1-N", "L2-N", "L3-N")


@dataclass(frozen=True)
class Reading:
    """One moment at a connector: Wh, W, A and V (one entry per AC phase, exactly one with DC), % and °C.

    `soc_percent` is None while no car is plugged in.
    """

    register_wh: float
    power_watts: float
    currents: tuple[float, ...]
    voltages: tuple[float, ...]
    offered_watts: float
    offered_current: float
    temperature: float
    soc_percent: float | None
    is_dc: bool


def sampled_values(
    reading: Reading, measurands: Iterable[str], context: str = "Sample.Periodic"
) -> list[dict[str, str]]:
    """The entries for these measurands, with context, location and unit spelled out, in the order asked for."""
    return [
        entry | {"context": context, "measurand": measurand}
        for measurand in measurands
        for entry in _entries(reading, measurand)
    ]


def _entries(reading: Reading, measurand: str) -> Iterator[dict[str, str]]:
    match measurand:
        case "Energy.Active.Import.Register":
            yield _entry(int(reading.register_wh), "Wh")
        case "Power.Active.Import":
            yield _entry(round(reading.power_watts), "W")
        case "Power.Offered":
            yield _entry(round(reading.offered_watts), "W")
        case "Current.Offered":
            yield _entry(f"{reading.offered_current:.1f}", "A")
        case "Current.Import":
            yield from _per_phase(reading, [f"{current:.2f}" for current in reading.currents], PHASES, "A")
        case "Voltage":
            yield from _per_phase(reading, [f"{voltage:.1f}" for voltage in reading.voltages], NEUTRAL_PHASES, "V")
        case "Temperature":
            yield _entry(f"{reading.temperature:.1f}", "Celsius", "Body")
        case "SoC" if reading.soc_percent is not None:
            yield _entry(int(reading.soc_percent), "Percent", "EV")


def _per_phase(reading: Reading, numbers: list[str], phases: tuple[str, ...], unit: str) -> Iterator[dict[str, str]]:
    for number, phase in zip(numbers, phases, strict=False):
        yield _entry(number, unit) | ({} if reading.is_dc else {"phase": phase})


def _entry(value: object, unit: str, location: str = "Outlet") -> dict[str, str]:
    return {"value": str(value), "location": location, "unit": unit}
