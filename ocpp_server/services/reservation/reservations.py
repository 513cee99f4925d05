"""Reservations as operators make, change and cancel them (sections 5.1 and 5.13).

A reservation for later is sent at its time by a job, one for now at once. What stations answer is told in
`reservation_answers`, how reservations end in `reservation_ends`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ocpp_server import clock, stations
from ocpp_server.models import Reservation
from ocpp_server.models.commands import QUEUED
from ocpp_server.models.reservations import ACTIVE, CANCELLED, LIVE, OFFLINE, PLANNED, SENDING
from ocpp_server.services import commands
from ocpp_server.services.card import id_tags
from ocpp_server.services.errors import Invalid
from ocpp_server.services.reservation.reservation_records import end, keep
from ocpp_server.store import Store, Unit

MAX_CONNECTOR = 2**31 - 1
#: How long one is, unless somebody says otherwise.
USUAL = timedelta(hours=1)
#: So many are sent in one unit of work.
_AT_ONCE = 100
_TAKEN = "SELECT 1 FROM reservation WHERE reservation_id = ? AND id <> ?"
_DUE = (
    "SELECT r.id, r.charge_point_id, r.state, r.status, p.registration FROM reservation r"
    " JOIN charge_point p ON p.id = r.charge_point_id"
    " WHERE p.deleted_at IS NULL AND r.expiry_date > ? AND ((r.state = 'planned' AND r.starts_at <= ?)"
    " OR (r.state = 'sending' AND r.next_attempt_at <= ?)) ORDER BY r.starts_at, r.id"
)


@dataclass(frozen=True)
class Wish:
    """What is to be held, and for whom. Without `starts_at` from now on; connector 0 is any of the station.

    With `for_group` the card's own group may use it too; a `parent_id_tag` names another one.
    """

    connector_id: int
    id_tag: str
    expiry_date: datetime
    starts_at: datetime | None = None
    parent_id_tag: str | None = None
    for_group: bool = True


def check(wish: Wish) -> Wish:
    """The wish with the group that it means. Raises Invalid; the station judges all else. Needs a connection."""
    id_tag, parent = wish.id_tag.strip(), (wish.parent_id_tag or "").strip()
    for field, text in (("id_tag", id_tag), ("parent_id_tag", parent)):
        if len(text) > id_tags.MAX_LENGTH or not text.isprintable():
            raise Invalid(field, "A tag has %(most)s visible characters at most.", most=id_tags.MAX_LENGTH)
    if not id_tag:
        raise Invalid("id_tag", "Choose the card that may charge.")
    if not 0 <= wish.connector_id <= MAX_CONNECTOR:
        raise Invalid("connector_id", "Connectors are numbered from 1; 0 is any connector of the station.")
    if wish.expiry_date <= max(clock.now(), wish.starts_at or clock.now()):
        raise Invalid("expiry_date", "The end must be in the future, and after the beginning.")
    if not parent and wish.for_group:
        card = id_tags.find(id_tag)
        parent = (card and card.parent_id_tag) or ""
    return replace(wish, id_tag=id_tag, parent_id_tag=parent or None)


def add(unit: Unit, charge_point_id: int, wish: Wish, *, by: str) -> Reservation:
    """Make a reservation, and send it if its time has come. Raises Invalid."""
    wish, now = check(wish), clock.now()
    row = Reservation(
        charge_point=charge_point_id, reservation_id=0, created_by=by[:255], created_at=now, updated_at=now
    )
    _set(row, wish, now)
    row.save()
    row.reservation_id = _number(unit, row)
    keep(unit, row, "made", who=by)
    _send_if_possible(unit, row)
    return row


def change(unit: Unit, reservation_id: int, wish: Wish, *, by: str) -> Reservation:
    """Change one that has not ended; `reservation_id` is the row's. What a station holds is replaced by the same
    number again, and stays as it is until the station has accepted that. Raises Invalid."""
    row, wish, now = Reservation.get_by_id(reservation_id), check(wish), clock.now()
    if row.state not in LIVE or row.cancel_asked_at is not None:
        raise Invalid("state", "It has ended or is being cancelled. Make a new one instead.")
    if row.state == PLANNED or _take_back(unit, row):
        row.state, row.status, row.attempts, row.command_id = PLANNED, "", 0, None
        _set(row, wish, now)
        keep(unit, row, "changed", who=by)
        _send_if_possible(unit, row)
        return row
    if wish.starts_at is not None and wish.starts_at > max(now, row.starts_at):
        raise Invalid("starts_at", "The station holds it already. Cancel it, and make one for later.")
    payload = payload_of(row.reservation_id, wish)
    lifetime = _until(row.expiry_date)
    command = commands.enqueue(unit, row.charge_point, "ReserveNow", payload, by=by, lifetime=lifetime)
    row.command_id = command.id
    return keep(unit, row, "change_asked", who=by, command_id=command.id, detail=clock.iso(wish.expiry_date))


def cancel(unit: Unit, reservation_id: int, *, by: str) -> Reservation:
    """Give one up: at once where the station does not know of it, else once the station has agreed."""
    row = Reservation.get_by_id(reservation_id)
    if row.state not in LIVE or row.cancel_asked_at is not None:
        return row
    if row.state == PLANNED or (row.state == SENDING and _take_back(unit, row)):
        return end(unit, row, CANCELLED, who=by)
    payload = {"reservationId": row.reservation_id}
    lifetime = _until(row.expiry_date)
    command = commands.enqueue(unit, row.charge_point, "CancelReservation", payload, by=by, lifetime=lifetime)
    row.cancel_asked_at = clock.now()
    row.next_attempt_at = None
    return keep(unit, row, "cancel_asked", who=by, command_id=command.id)


def due(store: Store) -> list[tuple[int, bool]]:
    """Those whose time to be sent has come: the row's id, and whether its station can be asked now. Those that wait
    for an absent station and are on record with that are left out. Needs a connection."""
    now = clock.to_ms(clock.now())
    found = []
    for number, charge_point_id, state, status, registration in store.query(_DUE, now, now, now):
        reachable = registration != "rejected" and stations.is_connected(charge_point_id)
        if reachable or (state == PLANNED and status != OFFLINE):
            found.append((number, reachable))
    return found[:_AT_ONCE]


def send_due(unit: Unit, found: list[tuple[int, bool]]) -> None:
    """Send these, or note that their station is away."""
    for number, reachable in found:
        row = Reservation.get_or_none(Reservation.id == number)
        if row is None or row.state not in (PLANNED, SENDING):
            continue
        if reachable:
            send(unit, row)
        elif row.state == PLANNED:
            row.status = OFFLINE
            keep(unit, row, "waits")


def send(unit: Unit, row: Reservation) -> None:
    """Ask the station for it, now."""
    if row.state == PLANNED:
        # Meanwhile somebody may have used the number by hand.
        row.reservation_id = _number(unit, row)
    wish = Wish(row.connector_id, row.id_tag, row.expiry_date, parent_id_tag=row.parent_id_tag)
    payload = payload_of(row.reservation_id, wish)
    lifetime = min(commands.INTERACTIVE, _until(row.expiry_date))
    command = commands.enqueue(unit, row.charge_point, "ReserveNow", payload, by=row.created_by, lifetime=lifetime)
    row.state, row.status, row.command_id, row.next_attempt_at = SENDING, "", command.id, None
    keep(unit, row, "asked", command_id=command.id)


def payload_of(reservation_id: int, wish: Wish) -> dict[str, Any]:
    """The ReserveNow of a wish (section 6.37)."""
    payload: dict[str, Any] = {
        "connectorId": wish.connector_id,
        "expiryDate": clock.iso(wish.expiry_date),
        "idTag": wish.id_tag,
        "reservationId": reservation_id,
    }
    if wish.parent_id_tag:
        payload["parentIdTag"] = wish.parent_id_tag
    return payload


def _set(row: Reservation, wish: Wish, now: datetime) -> None:
    row.connector_id, row.id_tag, row.id_tag_key = wish.connector_id, wish.id_tag, id_tags.key(wish.id_tag)
    row.parent_id_tag, row.expiry_date = wish.parent_id_tag, wish.expiry_date
    row.starts_at = wish.starts_at or now


def _send_if_possible(unit: Unit, row: Reservation) -> None:
    if row.starts_at > clock.now():
        return
    point = row.charge_point
    if point.registration != "rejected" and stations.is_connected(point.id):
        send(unit, row)
    else:
        row.status = OFFLINE
        keep(unit, row, "waits")


def _take_back(unit: Unit, row: Reservation) -> bool:
    """Whether the station was not asked yet, and now will not be."""
    command_id, row.command_id = row.command_id, None
    if row.state == ACTIVE or command_id is None or unit.one(_QUEUED, command_id) is None:
        row.command_id = command_id
        return False
    # The end of the command must not be taken for the end of the reservation.
    row.save()
    return commands.cancel(unit, command_id)


_QUEUED = f"SELECT 1 FROM command WHERE id = ? AND state = '{QUEUED}'"  # noqa: S608 - a word of ours


def _number(unit: Unit, row: Reservation) -> int:
    """The row's own id, or the next number that no other reservation has."""
    number = row.reservation_id or row.id
    while unit.one(_TAKEN, number, row.id) is not None:
        number = max(number, row.id) + 1
    return number


def _until(moment: datetime) -> float:
    """Seconds from now until then; a second at least."""
    return max((moment - clock.now()) / timedelta(seconds=1), 1.0)
