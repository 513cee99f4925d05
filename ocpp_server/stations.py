"""What the hot path knows of each station, in memory, kept in step with the database by the store's commits."""

from dataclasses import dataclass, field

from ocpp_server.models import ChargePoint
from ocpp_server.models.charge_points import ACCEPTED
from ocpp_server.tolerance import Insistence


@dataclass(slots=True)
class Station:
    """One charge point as its messages need it. `triggered` holds actions that a pending station was asked for."""

    id: int
    identity: str
    registration: str
    triggered: set[str] = field(default_factory=set)
    insistence: Insistence = field(default_factory=Insistence)

    @property
    def is_accepted(self) -> bool:
        return self.registration == ACCEPTED


_stations: dict[int, Station] = {}


def of(charge_point: ChargePoint) -> Station:
    """The one Station object of this row, brought up to date with it."""
    station = _stations.get(charge_point.id)
    if station is None:
        station = Station(charge_point.id, charge_point.identity, charge_point.registration)
        _stations[charge_point.id] = station
    else:
        refresh(charge_point)
    return station


def refresh(charge_point: ChargePoint) -> None:
    """Take over what an operator changed; called once it is committed."""
    station = _stations.get(charge_point.id)
    if station is not None:
        station.identity = charge_point.identity
        station.registration = charge_point.registration


def clear() -> None:
    """Forget every station: another database follows."""
    _stations.clear()
