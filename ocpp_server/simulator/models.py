"""Which charge point it is: a believable make, serial number and outlet for each simulated station."""

import random
from dataclasses import dataclass

from ocpp_server.simulator.car import Supply


@dataclass(frozen=True)
class StationModel:
    """A product of an invented maker. `fixed_cable`: there is no lock that UnlockConnector could open."""

    vendor: str
    name: str
    firmware: str
    supply: Supply
    fixed_cable: bool = False


STATION_MODELS = (
    StationModel("Voltara", "Wallbox 11", "3.4.1", Supply(11_000, 3)),
    StationModel("Voltara", "Wallbox 22", "3.4.2", Supply(22_000, 3)),
    StationModel("Nordlade", "Duo 22", "1.18.0-r2", Supply(22_000, 3)),
    StationModel("Kessel & Strom", "KS-Home 7", "2.0.9", Supply(7_400, 1), fixed_cable=True),
    StationModel("Voltara", "Wallbox 11", "3.2.7", Supply(11_000, 3)),
    StationModel("Ampelio", "Rapid 50", "5.1.0", Supply(50_000, 0), fixed_cable=True),
    StationModel("Nordlade", "Duo 22", "1.17.4", Supply(22_000, 3)),
    StationModel("Ampelio", "Hyper 150", "6.0.3", Supply(150_000, 0), fixed_cable=True),
)


def serial_number(model: StationModel, rng: random.Random) -> str:
    """Like `VO-2407-018834`: at most 25 characters (OCPP 1.6 section 6.3)."""
    return f"{model.vendor[:2].upper()}-{rng.randint(20, 25)}{rng.randint(1, 12):02d}-{rng.randint(0, 999_999):06d}"


def digits(count: int, rng: random.Random) -> str:
    """A number of so many digits, such as an ICCID."""
    return "".join(rng.choices("0123456789", k=count))
