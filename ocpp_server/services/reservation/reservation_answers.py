"""What stations answer to ReserveNow and CancelReservation, and what that makes of a reservation.

Only Accepted makes one (rule 103). Those asked for by hand, with any number, are known from their payload.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp_server import clock, timestamps
from ocpp_server.models import Command, Reservation
from ocpp_server.models.commands import CANCELLED as TAKEN_BACK
from ocpp_server.models.commands import EXPIRED as NOT_SENT
from ocpp_server.models.reservations import ACTIVE, CANCELLED, ENDED, EXPIRED, LIVE, MISSED, REFUSED, SENDING
from ocpp_server.services.card import id_tags
from ocpp_server.services.reservation.reservation_records import asked_by, at_station, end, is_storable, keep, newest
from ocpp_server.store import Unit

#: After each attempt without an answer the next one follows so many seconds later. The same number again changes
#: nothing where the station holds it already.
PAUSES = (10, 60, 300)
#: Beyond these no zone can show a time ("for ever" is often the end of the year 9999).
_FIRST, _LAST = 0, clock.to_ms(datetime(9000, 1, 1, tzinfo=UTC))
NO_ANSWER, UNKNOWN = "NoAnswer", "UnknownToStation"
#: Its time may have passed here while the answer was on its way.
_CAN_BE_HELD = (SENDING, ACTIVE, EXPIRED, MISSED)
_STILL_SHOWN = (
    "SELECT 1 FROM connector WHERE charge_point_id = ? AND status = 'Reserved' AND (connector_id = ? OR ? = 0) LIMIT 1"
)
#: A connector that was free again may have been so because of the cancelling.
_LATELY_ENDED = (ENDED, "Available")


def accepted(unit: Unit, charge_point_id: int, command_id: int, payload: dict[str, Any], by: str) -> None:
    """The station holds what it was asked for; what had that number before is replaced."""
    expiry_ms, number = timestamps.parse(payload["expiryDate"]), payload["reservationId"]
    if expiry_ms is None or not (is_storable(number) and is_storable(payload["connectorId"])):
        return
    now = clock.now()
    row = at_station(charge_point_id, number) or asked_by(charge_point_id, command_id)
    if row is None or row.state not in _CAN_BE_HELD:
        row = Reservation(
            charge_point=charge_point_id, reservation_id=number, starts_at=now, created_by=by, created_at=now
        )
    kind = "replaced" if row.state == ACTIVE else "accepted"
    if row.connector_id != payload["connectorId"]:
        row.held_at = None
    id_tag = payload["idTag"].replace("\0", "�")
    row.connector_id, row.id_tag, row.id_tag_key = payload["connectorId"], id_tag, id_tags.key(id_tag)
    row.parent_id_tag = (payload.get("parentIdTag") or "").replace("\0", "�") or None
    row.expiry_date = clock.from_ms(min(max(expiry_ms, _FIRST), _LAST))
    row.state, row.status, row.attempts, row.next_attempt_at, row.ended_at = ACTIVE, "Accepted", 0, None, None
    row.accepted_at = now
    keep(unit, row, kind, command_id=command_id)


def refused(unit: Unit, charge_point_id: int, command_id: int, word: str, detail: str = "") -> None:
    """The station said no: nothing was made, and what it holds under that number it still holds."""
    row = asked_by(charge_point_id, command_id)
    if row is None or row.state not in LIVE:
        return
    words = f"{word}: {detail}" if detail else word
    if row.state == SENDING:
        end(unit, row, REFUSED, status=word, detail=words, command_id=command_id)
    else:
        keep(unit, row, "change_refused", detail=words, command_id=command_id)


def unanswered(unit: Unit, charge_point_id: int, command_id: int, state: str) -> None:
    """No answer came: asked again some times, the same number each time."""
    row = asked_by(charge_point_id, command_id)
    if row is None or row.state not in LIVE:
        return
    if row.state != SENDING:
        keep(unit, row, "change_refused", detail=state, command_id=command_id)
    elif state == TAKEN_BACK:
        end(unit, row, CANCELLED, command_id=command_id)
    elif row.cancel_asked_at is None:
        _ask_again(unit, row, command_id, counts=state != NOT_SENT)


def _ask_again(unit: Unit, row: Reservation, command_id: int, *, counts: bool) -> None:
    if row.attempts >= len(PAUSES):
        end(unit, row, REFUSED, status=NO_ANSWER, command_id=command_id)
        return
    row.next_attempt_at = clock.now() + timedelta(seconds=PAUSES[row.attempts])
    row.attempts += counts
    keep(unit, row, "no_answer", command_id=command_id)


def cancel_answered(unit: Unit, charge_point_id: int, command_id: int, number: int, word: str) -> None:
    """Accepted ends it. Anything else means that the station knows no such reservation (section 7.5).

    Unless it goes on reporting the connector as Reserved: then it does hold it, and only would not give it up.
    """
    row = at_station(charge_point_id, number)
    if word == "Accepted":
        row = row or _freed_already(charge_point_id, number)
        if row is not None:
            end(unit, row, CANCELLED, command_id=command_id)
    elif row is not None and _is_still_shown(unit, charge_point_id, row):
        row.cancel_asked_at = None
        keep(unit, row, "cancel_refused", detail=word, command_id=command_id)
    elif row is not None:
        end(unit, row, ENDED, status=UNKNOWN, detail=word, command_id=command_id)


def _is_still_shown(unit: Unit, charge_point_id: int, row: Reservation) -> bool:
    place = charge_point_id, row.connector_id, row.connector_id
    return row.held_at is not None and unit.one(_STILL_SHOWN, *place) is not None


def _freed_already(charge_point_id: int, number: int) -> Reservation | None:
    """The one whose connector was reported free just before the station answered."""
    row = newest(charge_point_id, number)
    return row if row is not None and (row.state, row.status) == _LATELY_ENDED else None


def cancel_failed(unit: Unit, charge_point_id: int, command_id: int, why: str) -> None:
    """The station was asked to give it up, and nothing usable came back: it still holds it, for all that is known."""
    command = Command.get_or_none(Command.id == command_id)
    number = json.loads(command.payload).get("reservationId") if command else None
    row = at_station(charge_point_id, number)
    if row is not None and row.cancel_asked_at is not None:
        row.cancel_asked_at = None
        keep(unit, row, "cancel_failed", detail=why, command_id=command_id)
