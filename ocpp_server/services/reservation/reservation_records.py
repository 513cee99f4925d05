"""How a change of a reservation is kept: the row, its history, the names for open pages, and the hot path's memory."""

from datetime import datetime
from typing import Any

from ocpp_server import clock, stations
from ocpp_server.models import Reservation, ReservationEvent
from ocpp_server.models.reservations import AT_STATION
from ocpp_server.store import Unit

_ANY_HELD = "SELECT 1 FROM reservation WHERE charge_point_id = ? AND state IN ('sending', 'active') LIMIT 1"
_HOLDING = "SELECT DISTINCT charge_point_id FROM reservation WHERE state IN ('sending', 'active')"


def keep(
    unit: Unit, row: Reservation, kind: str, *, detail: str = "", who: str = "", command_id: int | None = None
) -> Reservation:
    """Save the row, new or changed, with what happened to it."""
    now = clock.now()
    row.updated_at = now
    row.save()
    ReservationEvent.create(
        reservation=row, at=now, kind=kind, detail=detail[:500], who=who[:255], command_id=command_id
    )
    charge_point_id = row.charge_point_id  # type: ignore[attr-defined]
    any_held = unit.one(_ANY_HELD, charge_point_id) is not None
    unit.after_commit(lambda: stations.note_reservations(charge_point_id, any_held))
    unit.publish("reservations", f"reservation-{row.id}", "charge-points", f"charge-point-{charge_point_id}")
    return row


def end(
    unit: Unit, row: Reservation, state: str, *, status: str = "", at: datetime | None = None, **more: Any
) -> Reservation:
    """It is over; the kind of the event is the state."""
    row.state, row.ended_at = state, at or clock.now()
    row.next_attempt_at = None
    if status:
        row.status = status[:64]
    return keep(unit, row, state, **{"detail": status, **more})


def recall(unit: Unit) -> None:
    """At the start: which stations may hold a reservation."""
    holding = [row[0] for row in unit.all(_HOLDING)]

    def note() -> None:
        for number in holding:
            stations.note_reservations(number, True)

    unit.after_commit(note)


def is_storable(number: Any) -> bool:
    """Whether a database can keep it: by hand, any number can be sent."""
    return isinstance(number, int) and abs(number) < 2**63


def at_station(charge_point_id: int, reservation_id: Any) -> Reservation | None:
    """What that number means to the station now. Needs a connection."""
    return newest(charge_point_id, reservation_id, Reservation.state.in_(AT_STATION))


def newest(charge_point_id: int, reservation_id: Any, *conditions: Any) -> Reservation | None:
    """The latest reservation of that number at the station. Needs a connection."""
    if not is_storable(reservation_id):
        return None
    return (
        Reservation.select()
        .where(
            Reservation.charge_point == charge_point_id,
            Reservation.reservation_id == reservation_id,
            *conditions,
        )
        .order_by(Reservation.id.desc())
        .first()
    )


def asked_by(charge_point_id: int, command_id: int) -> Reservation | None:
    """The reservation that this command asks the station for. Needs a connection."""
    return Reservation.get_or_none(Reservation.charge_point == charge_point_id, Reservation.command_id == command_id)
