"""Stations as pages show them: with their connectors and what runs on them, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import ModelSelect

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, Connector, Transaction

#: How a connector counts at a glance.
_GROUPS = {"Available": "free", "Charging": "charging", "Faulted": "broken", "Unavailable": "broken", "": "unknown"}


@dataclass(frozen=True)
class Outlet:
    """One connector. Without `row` a session runs on it though its status was never reported."""

    connector_id: int
    row: Connector | None
    session: Transaction | None

    @property
    def status(self) -> str:
        return self.row.status if self.row else ""

    @property
    def error_code(self) -> str:
        return self.row.error_code if self.row else "NoError"

    @property
    def info(self) -> str:
        return (self.row and self.row.info) or ""

    @property
    def power_w(self) -> float | None:
        return self.session.power_w if self.session else None


@dataclass(frozen=True)
class StationView:
    """One station; `whole` is connector 0, the station itself, where it reported that."""

    charge_point: ChargePoint
    online: bool
    whole: Outlet | None
    outlets: list[Outlet]
    running: list[Transaction]

    @property
    def power_w(self) -> float:
        return sum(session.power_w or 0 for session in self.running)

    @property
    def faults(self) -> list[Outlet]:
        """What is out of order, the station itself included."""
        everything = ([self.whole] if self.whole else []) + self.outlets
        return [outlet for outlet in everything if outlet.status == "Faulted"]

    @property
    def last_seen_at(self) -> datetime | None:
        return sessions.last_seen(self.charge_point.id) or self.charge_point.last_seen_at


@dataclass(frozen=True)
class Glance:
    """How many connectors are in which group; those of offline stations count as offline, whatever they said last."""

    charging: int = 0
    free: int = 0
    busy: int = 0
    broken: int = 0
    unknown: int = 0
    offline: int = 0
    power_w: float = 0.0


def look_at(charge_points: Sequence[ChargePoint]) -> list[StationView]:
    """These stations with all that belongs to them: two queries."""
    ids = [charge_point.id for charge_point in charge_points]
    connectors: dict[int, list[Connector]] = defaultdict(list)
    for row in Connector.select().where(Connector.charge_point.in_(ids)).order_by(Connector.connector_id):
        connectors[row.charge_point_id].append(row)  # type: ignore[attr-defined]
    running: dict[int, list[Transaction]] = defaultdict(list)
    for session in running_sessions().where(Transaction.charge_point.in_(ids)):
        running[session.charge_point_id].append(session)  # type: ignore[attr-defined]
    return [_view(row, connectors[row.id], running[row.id]) for row in charge_points]


def running_sessions() -> "ModelSelect[Transaction]":
    """The sessions that have not ended, the oldest first.

    Sorted when they are found: by the index on the time SQLite would walk through all that have ended.
    """
    return Transaction.select().where(Transaction.stopped_at.is_null()).order_by(Transaction.started_at + 0)


def summarize(stations: Sequence[StationView]) -> Glance:
    """The yard in figures."""
    counts: dict[str, int] = defaultdict(int)
    for station in stations:
        for outlet in station.outlets:
            group = _GROUPS.get(outlet.status, "busy") if station.online else "offline"
            counts[group] += 1
    return Glance(**counts, power_w=sum(station.power_w for station in stations if station.online))


def _view(charge_point: ChargePoint, connectors: list[Connector], running: list[Transaction]) -> StationView:
    on = {session.connector_id: session for session in running}
    rows = {row.connector_id: row for row in connectors}
    outlets = [Outlet(number, rows.get(number), on.get(number)) for number in sorted({*rows, *on} - {0})]
    whole = Outlet(0, rows[0], None) if 0 in rows else None
    return StationView(charge_point, sessions.is_connected(charge_point.id), whole, outlets, running)
