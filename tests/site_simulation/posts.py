"""The stations of the simulated yard: the simulator's own connectors, cars and profiles, without sockets."""

import math
import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ocpp.charge_point import camel_to_snake_case

from ocpp_server.simulator import car as curve
from ocpp_server.simulator.car import CAR_MODELS, Supply
from ocpp_server.simulator.connector import Car, Connector, Transaction
from ocpp_server.simulator.profiles import Moment, Profiles

SUPPLY = Supply(22_000, 3)
#: How often which of the simulator's cars comes: mostly three phases with 11 kW.
WEIGHTS = (3, 2, 5, 5, 4, 1)


@dataclass
class Post:
    """One station with one connector. `rotation`: the site's phase that its L1 hangs on."""

    number: int
    rng: random.Random
    profiles: Profiles = field(default_factory=Profiles)
    connector: Connector = field(init=False)
    is_connected: bool = True
    leaves_at: float = 0.0
    next_reading: float = 0.0
    told_status: str = ""

    def __post_init__(self) -> None:
        self.connector = Connector(1, SUPPLY, self.rng)

    @property
    def key(self) -> tuple[int, int]:
        return self.number, 1

    @property
    def phases(self) -> tuple[int, ...]:
        """The site's phases at the station's L1, L2 and L3."""
        return tuple((self.number + phase) % 3 for phase in range(3))

    @property
    def transaction(self) -> Transaction | None:
        return self.connector.transaction

    def arrive(self, transaction_id: int, now: datetime) -> None:
        model = self.rng.choices(CAR_MODELS, WEIGHTS)[0]
        self.connector.car = Car(model, self.rng.uniform(8, 60), self.rng.choice((80.0, 90.0, 100.0)))
        self.connector.status = "Charging"
        self.connector.transaction = Transaction(1, "CARD", 0, now, transaction_id=transaction_id)

    def leave(self) -> None:
        self.profiles.end_transaction(1)
        self.connector.car = self.connector.transaction = None
        self.connector.status = "Available"
        self.connector.power_watts = 0.0

    def install(self, profile: dict[str, Any]) -> bool:
        """Whether it accepts a profile; one for a session needs that session (section 5.16)."""
        wanted = profile.get("transactionId")
        if wanted is not None and (self.transaction is None or self.transaction.transaction_id != wanted):
            return False
        self.profiles.add(1, camel_to_snake_case(profile))
        return True

    def limit_watts(self, now: datetime) -> float:
        if self.transaction is None or self.connector.car is None:
            return math.inf
        used = curve.used_phases(self.connector.car.model, SUPPLY)
        return self.profiles.limit_watts(1, used, Moment(now, self.transaction.started_at))

    def advance(self, seconds: float, now: datetime) -> None:
        if self.transaction is not None:
            self.connector.advance(seconds, self.limit_watts(now))

    def status(self, now: datetime) -> str:
        if self.transaction is None:
            return "Available"
        return self.connector.status_under(self.limit_watts(now))

    def currents(self) -> tuple[float, ...]:
        """A for each phase of the station, as its meter shows them."""
        if self.transaction is None:
            return (0.0, 0.0, 0.0)
        return self.connector.reading().currents
