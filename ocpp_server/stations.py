"""What the hot path knows of each station, in memory, kept in step with the database by the store's commits."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ocpp_server.flood import Allowance
from ocpp_server.models import ChargePoint
from ocpp_server.models.charge_points import ACCEPTED, PENDING, REJECTED
from ocpp_server.tolerance import Insistence


@dataclass(slots=True)
class Trigger:
    """A message that a station promised to send by `until` (ms since 1970); see triggers.py."""

    command_id: int
    action: str
    connector_id: int | None
    until: int
    #: The connectors that it came for.
    seen: set[int | None] = field(default_factory=set)


@dataclass(slots=True)
class Station:
    """One charge point as its messages need it. `triggered` holds the messages that it was asked for."""

    id: int
    identity: str
    registration: str
    #: What its latest boot was answered: it goes by that until the next (section 4.2). None before the first.
    told_registration: str | None = None
    spontaneous_calls: bool = True
    triggered: list[Trigger] = field(default_factory=list)
    insistence: Insistence = field(default_factory=Insistence)
    allowance: Allowance = field(default_factory=Allowance)
    #: Set by the session while the station is connected: look into the command queue; close the socket, and why.
    wake: Callable[[], None] | None = None
    hang_up: Callable[[str], None] | None = None
    #: The last known card that was held to it, and when (ms since 1970).
    last_tap: tuple[str, int] | None = None
    #: The http(s) address that it used to connect: at that one it finds files, too.
    reached_at: str = ""
    #: Of the present connection: when the station booted (ms since 1970), whether with another firmware than before,
    #: and whether it was asked what is worth asking then.
    booted_at: int | None = None
    has_new_firmware: bool = False
    looked_after: bool = False
    #: The latest time that it told of each connector's status, in ms since 1970. Its clock may be put back, and what
    #: waited while it was away is newer than all it said before: so only of this connection, since its latest boot.
    told_until: dict[int, int] = field(default_factory=dict)
    #: Whether boots may tell something about a firmware update; None until the database was asked.
    has_update: bool | None = None

    def begin_connection(self, wake: Callable[[], None], hang_up: Callable[[str], None]) -> None:
        """A new session begins."""
        self.wake, self.hang_up = wake, hang_up
        self.told_until = {}
        self.booted_at, self.has_new_firmware, self.looked_after = None, False, False

    def end_connection(self) -> None:
        """The station's session has ended."""
        self.wake = self.hang_up = None

    def note_boot(self, at: int, firmware: str | None, firmware_before: str | None) -> None:
        """The station has booted on this connection."""
        self.told_until = {}
        self.booted_at, self.has_new_firmware, self.looked_after = at, firmware != firmware_before, False

    def note_status(self, connector_id: int, told_at: int) -> None:
        """It told of a status of that time."""
        self.told_until[connector_id] = told_at

    def note_registration(self, registration: str, told: str | None) -> None:
        """An operator changed it, or a boot was answered; what had to wait for that can be sent now."""
        if (registration, told) == (self.registration, self.told_registration):
            return
        self.registration, self.told_registration = registration, told
        if self.wake is not None:
            self.wake()

    @property
    def is_accepted(self) -> bool:
        return self.registration == ACCEPTED

    @property
    def is_pending(self) -> bool:
        """Whether it waits to be accepted, or does not know yet that it is."""
        return self.registration == PENDING or self.told_registration in (PENDING, REJECTED)


_stations: dict[int, Station] = {}
#: The stations that hold a reservation, or may: the others' messages need not look for one.
_reserved: set[int] = set()


def of(charge_point: ChargePoint) -> Station:
    """The one Station object of this row, brought up to date with it."""
    station = _stations.get(charge_point.id)
    if station is None:
        station = Station(charge_point.id, charge_point.identity, charge_point.registration)
        _stations[charge_point.id] = station
    refresh(charge_point)
    return station


def find(charge_point_id: int) -> Station | None:
    """The Station object of that row, if the station was ever met since the process began."""
    return _stations.get(charge_point_id)


def refresh(charge_point: ChargePoint) -> None:
    """Take over what an operator changed; called once it is committed."""
    station = _stations.get(charge_point.id)
    if station is not None:
        station.identity = charge_point.identity
        station.note_registration(charge_point.registration, charge_point.told_registration)
        station.spontaneous_calls = charge_point.spontaneous_calls


def wake(charge_point_id: int) -> None:
    """Tell a connected station's session that a command may wait; never blocks."""
    station = _stations.get(charge_point_id)
    if station is not None and station.wake is not None:
        station.wake()


def disconnect(charge_point_id: int, reason: str) -> None:
    """Close a station's connection, if there is one; never blocks."""
    station = _stations.get(charge_point_id)
    if station is not None and station.hang_up is not None:
        station.hang_up(reason)


def reached_at(charge_point_id: int) -> str:
    """The http(s) address by which the station last connected to this process; empty where it has not yet."""
    station = _stations.get(charge_point_id)
    return station.reached_at if station is not None else ""


def taps_since(at: int) -> list[tuple[int, str, int]]:
    """Each station's last tap of a known card, if it was not before `at`: station, tag and time, the oldest first."""
    taps = [(station.id, *station.last_tap) for station in _stations.values() if station.last_tap is not None]
    return sorted((tap for tap in taps if tap[2] >= at), key=lambda tap: tap[2])


def is_connected(charge_point_id: int) -> bool:
    """Whether a session serves the station now."""
    station = _stations.get(charge_point_id)
    return station is not None and station.wake is not None


def may_hold_reservations(charge_point_id: int) -> bool:
    """Whether a session or a status of this station can concern a reservation."""
    return charge_point_id in _reserved


def note_reservations(charge_point_id: int, any_held: bool) -> None:
    """Whether the station may hold reservations from now on; called once that is committed."""
    (_reserved.add if any_held else _reserved.discard)(charge_point_id)


def clear() -> None:
    """Forget every station: another database follows."""
    _stations.clear()
    _reserved.clear()
