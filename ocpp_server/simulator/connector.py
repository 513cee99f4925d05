"""One outlet of a station: its status, its energy register, the car on the cable and the running transaction.

Units: power in W, energy in Wh, state of charge in %, time in s.
"""

import math
import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ocpp_server.simulator import car as curve
from ocpp_server.simulator.car import CarModel, Supply
from ocpp_server.simulator.meter import Reading

STEP_SECONDS = 10.0  # how finely energy is integrated from power
NOISE = 0.012  # standard deviation of the power, as a share of it


@dataclass
class Car:
    """A car on the cable: what it is, how full it is and up to what SoC its driver lets it charge (both in %)."""

    model: CarModel
    soc_percent: float
    target_percent: float = 100.0

    @property
    def is_full(self) -> bool:
        """Whether the car has what it wants."""
        return self.soc_percent >= self.target_percent - 1e-6


@dataclass
class Transaction:
    """A transaction as the station knows it; registers in Wh. `transaction_id` stays None until the server gave one."""

    connector_id: int
    id_tag: str
    meter_start: int
    started_at: datetime
    reservation_id: int | None = None
    transaction_id: int | None = None
    id_tag_status: str | None = None
    meter_stop: int | None = None
    stopped_at: datetime | None = None
    reason: str | None = None
    data: list[dict[str, Any]] = field(default_factory=list)  # for transactionData of StopTransaction
    charging_profile: dict[str, Any] | None = None  # came with a RemoteStartTransaction
    has_charged: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether the server said that this card must not charge."""
        return self.id_tag_status not in {None, "Accepted"}


@dataclass(frozen=True)
class Reservation:
    """A connector held for a card (section 5.13)."""

    reservation_id: int
    id_tag: str
    expiry_date: datetime
    parent_id_tag: str | None = None


def random_car(supply: Supply, rng: random.Random) -> Car:
    """A car as it drives in: somewhere between nearly empty and half full, set to stop at 80 to 100 %."""
    model = rng.choice([model for model in curve.CAR_MODELS if curve.fits(model, supply)])
    return Car(model, soc_percent=rng.uniform(6, 65), target_percent=rng.choice((80.0, 90.0, 100.0, 100.0)))


@dataclass
class Connector:
    """The state of one connector. `register_wh` is the meter's lifetime total and only ever grows."""

    connector_id: int
    supply: Supply
    rng: random.Random
    register_wh: float = 0.0
    status: str = "Available"
    error_code: str = "NoError"
    info: str | None = None
    reported: tuple[str, str] | None = None  # status and error code that the server was told last
    operative: bool = True
    car: Car | None = None
    transaction: Transaction | None = None
    reservation: Reservation | None = None
    power_watts: float = 0.0
    charging_seconds: float = 0.0
    offered_watts: float = 0.0
    busy: bool = False  # a card or a remote start is being dealt with

    @property
    def is_free(self) -> bool:
        """Whether a transaction could begin here."""
        usable = self.status in {"Available", "Preparing", "Reserved", "Finishing"}
        return usable and self.operative and self.transaction is None and not self.busy

    @property
    def resting_status(self) -> str:
        """What the connector is while nobody uses it."""
        if not self.operative:
            return "Unavailable"
        return "Reserved" if self.reservation else "Available"

    def advance(self, seconds: float, limit_watts: float = math.inf) -> None:
        """Let time pass: the car charges under this limit (W), the register counts, the battery fills."""
        self.offered_watts = min(self.supply.watts, limit_watts)
        self.power_watts = 0.0
        while seconds > 0 and self._draws_power:
            step = min(seconds, STEP_SECONDS)
            self._charge(step, limit_watts)
            seconds -= step

    def status_under(self, limit_watts: float) -> str:
        """Charging, or why not: the car is full (SuspendedEV) or may not charge (SuspendedEVSE)."""
        if self.car is None or self.car.is_full:
            return "SuspendedEV"
        if limit_watts < curve.smallest_watts(self.car.model, self.supply):
            return "SuspendedEVSE"
        return "Charging"

    def reading(self) -> Reading:
        """What the meter shows now."""
        phases = curve.used_phases(self.car.model, self.supply) if self.car else 0
        currents, voltages = self._dc_state() if self.supply.is_dc else self._ac_state(phases)
        per_phase = curve.NOMINAL_VOLTAGE * (self.supply.phases or 3)
        return Reading(
            register_wh=self.register_wh,
            power_watts=self.power_watts,
            currents=currents,
            voltages=voltages,
            offered_watts=self.offered_watts,
            offered_current=self.offered_watts / per_phase,
            temperature=curve.outlet_temperature(self.power_watts / self.supply.watts, self.charging_seconds),
            soc_percent=self.car.soc_percent if self.car else None,
            is_dc=self.supply.is_dc,
        )

    @property
    def _draws_power(self) -> bool:
        charging = self.transaction is not None and self.status != "Faulted"
        return charging and self.car is not None and not self.car.is_full

    def _charge(self, seconds: float, limit_watts: float) -> None:
        assert self.car is not None
        model, noise = self.car.model, self.rng.gauss(0, NOISE)
        middle = self.charging_seconds + seconds / 2
        watts = curve.charging_watts(model, self.supply, self.car.soc_percent, middle, limit_watts, noise)
        self.charging_seconds = self.charging_seconds + seconds if watts else 0.0
        energy = watts * seconds / 3600
        gain = curve.soc_gain(model, self.supply, energy)
        room = self.car.target_percent - self.car.soc_percent
        share = 1.0 if gain <= room else room / gain
        self.register_wh += energy * share
        self.car.soc_percent += gain * share
        self.power_watts = watts if share == 1.0 else 0.0

    def _dc_state(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        if self.car is None:
            return (0.0,), (0.0,)
        volts = curve.battery_voltage(self.car.soc_percent)
        return (self.power_watts / volts,), (volts,)

    def _ac_state(self, used: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        volts, amperes = [], []
        for phase in range(self.supply.phases):
            current = self.power_watts / (used * curve.NOMINAL_VOLTAGE) if phase < used else 0.0
            voltage = curve.line_voltage(current, self.rng.gauss(0, 0.4))
            volts.append(voltage)
            amperes.append(current * curve.NOMINAL_VOLTAGE / voltage)
        return tuple(amperes), tuple(volts)
