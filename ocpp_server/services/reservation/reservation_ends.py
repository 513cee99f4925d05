"""How reservations end on the server's side, as they do at the station (section 5.13, rule 102).

By a session of the card or its group, by the clock, by Faulted or Unavailable, or because the station gave the
connector free. `by_session` and `by_status` are of the hot path: called only where a station may hold a reservation.
"""

from typing import Any, NamedTuple

from ocpp_server import clock, timestamps
from ocpp_server.models import Reservation
from ocpp_server.models.reservations import ACTIVE, ENDED, EXPIRED, LIVE, MISSED, USED
from ocpp_server.services.reservation.reservation_records import end, is_storable, keep
from ocpp_server.store import Unit

#: Clocks differ: a session that seems to be older than the reservation by this, in ms, can still be its own, and a
#: connector that is free so shortly before the end is so because it expired.
SLACK = 60_000
_BROKEN = {"Faulted", "Unavailable"}
_AT_STATION = (
    "SELECT id, connector_id, id_tag_key, parent_id_tag, accepted_at, state, held_at, expiry_date FROM reservation"
    " WHERE charge_point_id = ? AND state IN ('sending', 'active') ORDER BY connector_id DESC, expiry_date"
)
#: Also one that is over here: the station may have been offline when it was used.
_NAMED = (
    "SELECT id FROM reservation WHERE charge_point_id = ? AND reservation_id = ? AND (state IN ('sending', 'active')"
    " OR (state IN ('expired', 'missed', 'ended') AND expiry_date >= ?)) ORDER BY id DESC LIMIT 1"
)
_USED_BY = "SELECT 1 FROM reservation WHERE charge_point_id = ? AND transaction_id = ?"
_CONNECTORS = "SELECT status FROM connector WHERE charge_point_id = ? AND connector_id > 0"
_OVER = "SELECT id FROM reservation WHERE state IN ('planned', 'sending', 'active') AND expiry_date <= ? LIMIT 100"


class _Held(NamedTuple):
    """A row as the hot path needs it; times in ms since 1970."""

    id: int
    connector_id: int
    id_tag_key: str
    parent_id_tag: str | None
    accepted_at: int | None
    state: str
    held_at: int | None
    expiry_date: int


def by_session(
    unit: Unit,
    charge_point_id: int,
    payload: dict[str, Any],
    transaction_id: int,
    parent_id_tag: str | None,
    received_at: int,
) -> None:
    """A session began: the reservation it names is used, else one that its card or its card's group has there."""
    started_at = timestamps.parse(payload.get("timestamp"))
    if not timestamps.is_credible(started_at, received_at):
        started_at = received_at
    found = _fitting(unit, charge_point_id, payload, parent_id_tag, started_at or received_at)
    # A StartTransaction that is sent again must not use up another one.
    if found is None or unit.one(_USED_BY, charge_point_id, transaction_id) is not None:
        return
    row = Reservation.get_by_id(found)
    row.transaction_id = transaction_id
    end(unit, row, USED, status="", detail=str(transaction_id), at=clock.from_ms(started_at or received_at))


def _fitting(
    unit: Unit, charge_point_id: int, payload: dict[str, Any], parent_id_tag: str | None, started_at: int
) -> int | None:
    number = payload.get("reservationId")
    if is_storable(number):
        named = unit.one(_NAMED, charge_point_id, number, started_at)
        if named is not None:
            return named[0]
    key, parent = payload["idTag"].casefold(), (parent_id_tag or "").casefold()
    for held in _at_station(unit, charge_point_id):
        is_theirs = held.id_tag_key == key or (parent and (held.parent_id_tag or "").casefold() == parent)
        is_there = held.connector_id in (0, payload["connectorId"])
        if held.state == ACTIVE and is_theirs and is_there and started_at + SLACK >= (held.accepted_at or 0):
            return held.id
    return None


def by_status(unit: Unit, charge_point_id: int, payload: dict[str, Any]) -> None:
    """A status was reported, the newest of its connector: whether it ends a reservation, or shows that it is held."""
    connector_id, status = payload["connectorId"], payload["status"]
    if status not in {*_BROKEN, "Reserved", "Available"}:
        return
    for held in _at_station(unit, charge_point_id):
        if not _concerns(unit, charge_point_id, connector_id, held.connector_id, status):
            continue
        if status == "Reserved":
            _note_held(unit, held, connector_id)
        elif (state := _end_of(held, connector_id, status)) is not None:
            end(unit, Reservation.get_by_id(held.id), state, status=status)


def _concerns(unit: Unit, charge_point_id: int, connector_id: int, reserved: int, status: str) -> bool:
    if connector_id == reserved or status == "Reserved":
        return connector_id == reserved or reserved == 0
    if status not in _BROKEN:
        return False
    if connector_id == 0:
        return True
    # Any connector was to be kept free: there is none left.
    return reserved == 0 and all(row[0] in _BROKEN for row in unit.all(_CONNECTORS, charge_point_id))


def _note_held(unit: Unit, held: _Held, connector_id: int) -> None:
    if held.held_at is None:
        row = Reservation.get_by_id(held.id)
        row.held_at = clock.now()
        keep(unit, row, "held", detail=str(connector_id))


def _end_of(held: _Held, connector_id: int, status: str) -> str | None:
    """The state that such a status ends it in, if it does. Nothing is known of one that is being asked for."""
    if held.state != ACTIVE:
        return None
    if status in _BROKEN:
        return ENDED
    if connector_id == 0 or held.held_at is None:
        return None
    return EXPIRED if held.expiry_date - clock.to_ms(clock.now()) <= SLACK else ENDED


def _at_station(unit: Unit, charge_point_id: int) -> list[_Held]:
    """What the station holds, or may: of a named connector first, and then what ends first."""
    return [_Held(*row) for row in unit.all(_AT_STATION, charge_point_id)]


def over(rows: Any) -> bool:
    """Whether the time of any is over. `rows` runs a statement: `store.query`."""
    return bool(rows(_OVER, clock.to_ms(clock.now())))


def by_clock(unit: Unit) -> None:
    """End those whose time is over, whether or not their station is there to say so."""
    for (row_id,) in unit.all(_OVER, clock.to_ms(clock.now())):
        row = Reservation.get_by_id(row_id)
        if row.state in LIVE:
            end(unit, row, EXPIRED if row.state == ACTIVE else MISSED, at=row.expiry_date)
