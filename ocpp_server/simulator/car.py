"""The charging curve: how much power a car takes at a moment, and what that does to its battery. Pure functions.

Units everywhere: power in W, energy in Wh, state of charge (SoC) in % of the battery, time in s, temperature in °C.
"""

import math
from dataclasses import dataclass

AC_EFFICIENCY = 0.90  # share of the metered energy that reaches the battery through the car's own rectifier
DC_EFFICIENCY = 0.95  # the same when the station rectifies
NOMINAL_VOLTAGE = 230.0  # V, phase to neutral
AC_RAMP_SECONDS = 12.0
DC_RAMP_SECONDS = 60.0
MINIMUM_CURRENT = 6.0  # A per phase; below it IEC 61851 lets no car charge
WARM_UP_SECONDS = 900.0


@dataclass(frozen=True)
class CarModel:
    """What a car can take: battery in Wh, AC and DC power in W, 1 to 3 phases. `dc_watts` 0: it has no DC inlet."""

    battery_wh: float
    ac_watts: float
    ac_phases: int
    dc_watts: float


@dataclass(frozen=True)
class Supply:
    """What a connector can give: power in W, and 1 to 3 phases of AC; `phases` 0 means DC."""

    watts: float
    phases: int

    @property
    def is_dc(self) -> bool:
        """Whether the station rectifies."""
        return self.phases == 0


CAR_MODELS = (
    CarModel(battery_wh=38_000, ac_watts=7_400, ac_phases=1, dc_watts=50_000),
    CarModel(battery_wh=52_000, ac_watts=22_000, ac_phases=3, dc_watts=100_000),
    CarModel(battery_wh=60_000, ac_watts=11_000, ac_phases=3, dc_watts=130_000),
    CarModel(battery_wh=77_000, ac_watts=11_000, ac_phases=3, dc_watts=150_000),
    CarModel(battery_wh=94_000, ac_watts=11_000, ac_phases=3, dc_watts=170_000),
    CarModel(battery_wh=13_000, ac_watts=3_700, ac_phases=1, dc_watts=0),  # a plug-in hybrid
)


def fits(model: CarModel, supply: Supply) -> bool:
    """Whether this car can charge at this connector at all."""
    return model.dc_watts > 0 or not supply.is_dc


def used_phases(model: CarModel, supply: Supply) -> int:
    """How many AC phases carry current (0 with DC)."""
    return min(model.ac_phases, supply.phases)


def most_watts(model: CarModel, supply: Supply) -> float:
    """The highest power in W that this car and this connector reach together."""
    if supply.is_dc:
        return min(model.dc_watts, supply.watts)
    phases = used_phases(model, supply)
    return min(model.ac_watts, supply.watts * phases / supply.phases)


def taper(soc_percent: float, is_dc: bool) -> float:
    """The share (0 to 1) of its highest power that a battery of this SoC still takes.

    With DC the share falls in a straight line from 1 at 80 % to 0.12 at 100 %; a nearly empty battery is spared, too.
    With AC the power is so small that the battery only limits it in the last 3 %.
    """
    if soc_percent >= 100:
        return 0.0
    start, end = (80.0, 0.12) if is_dc else (97.0, 0.25)
    if soc_percent > start:
        return 1 - (1 - end) * (soc_percent - start) / (100 - start)
    if is_dc and soc_percent < 8:
        return 0.8 + 0.025 * soc_percent
    return 1.0


def ramp(elapsed_seconds: float, is_dc: bool) -> float:
    """The share (0 to 1) reached after this many seconds of charging: relays, handshake, soft start."""
    length = DC_RAMP_SECONDS if is_dc else AC_RAMP_SECONDS
    return min(1.0, max(0.0, elapsed_seconds / length))


def charging_watts(
    model: CarModel,
    supply: Supply,
    soc_percent: float,
    elapsed_seconds: float,
    limit_watts: float = math.inf,
    noise: float = 0.0,
) -> float:
    """The power in W taken at this moment. `noise` is a share, such as -0.01; no noise lifts the power over a limit."""
    ceiling = min(most_watts(model, supply), limit_watts)
    if ceiling < smallest_watts(model, supply):
        return 0.0
    wanted = most_watts(model, supply) * taper(soc_percent, supply.is_dc) * ramp(elapsed_seconds, supply.is_dc)
    return min(wanted * (1 + noise), ceiling)


def smallest_watts(model: CarModel, supply: Supply) -> float:
    """The lowest limit in W under which the car still charges; a lower limit pauses it."""
    if supply.is_dc:
        return 500.0
    return MINIMUM_CURRENT * NOMINAL_VOLTAGE * used_phases(model, supply)


def soc_gain(model: CarModel, supply: Supply, energy_wh: float) -> float:
    """By how many % metered energy lifts the SoC."""
    efficiency = DC_EFFICIENCY if supply.is_dc else AC_EFFICIENCY
    return 100 * energy_wh * efficiency / model.battery_wh


def line_voltage(current: float, noise: float = 0.0) -> float:
    """Volts of an AC phase: they sag a little under load (0.15 V per A); `noise` is in V."""
    return NOMINAL_VOLTAGE + 2.0 - 0.15 * current + noise


def battery_voltage(soc_percent: float) -> float:
    """Volts on the DC side of a 400 V battery."""
    return 340 + 0.6 * soc_percent


def outlet_temperature(load: float, elapsed_seconds: float, ambient: float = 19.0) -> float:
    """°C at the outlet: up to 26 above the ambient at full `load` (0 to 1), reached in about half an hour."""
    return ambient + 26 * load**2 * (1 - math.exp(-elapsed_seconds / WARM_UP_SECONDS))
