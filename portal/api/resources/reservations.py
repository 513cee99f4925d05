"""Reservations: connectors that are held for a card, now or later."""

from typing import Any

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Reservation
from ocpp_server.models.reservations import LIVE, PLANNED, STATES
from ocpp_server.services.card import id_tags
from ocpp_server.services.reservation import reservation_search, reservations
from ocpp_server.services.reservation.reservation_search import Filter
from ocpp_server.services.reservation.reservations import Wish
from ocpp_server.services.station.charge_points import identity_key
from portal import audit, reservation_warnings
from portal.api import paging
from portal.api.operation import Reply, operation
from portal.api.problems import Problem, missing
from portal.api.reading import moments
from portal.api.resources.stations import fetch as fetch_station
from portal.api.routing import PREFIX
from portal.api.schema import (
    ID,
    INTEGER,
    PAGING,
    STRING,
    TIME,
    argument,
    body,
    list_of,
    one_of,
    or_null,
    page_of,
    record,
    text,
)
from portal.api.values import time

TAG = "Reservations"
ORDER = paging.Order((Reservation.id,), descending=True)
_STATE = one_of(STATES)
RESERVATION = record(
    id=ID,
    reservation_id={**INTEGER, "description": "The number that the station knows it by."},
    station=STRING,
    connector_id={**INTEGER, "description": "0 is any connector of the station."},
    id_tag=STRING,
    parent_id_tag=or_null(STRING),
    starts_at=TIME,
    expiry_date=TIME,
    state=_STATE,
    status={**STRING, "description": "The last word that decided about the state, mostly the station's."},
    cancelling={"type": "boolean", "description": "Whether the station is asked to give it up."},
    transaction_id={**or_null(ID), "description": "The transaction that used it."},
    accepted_at=or_null(TIME),
    ended_at=or_null(TIME),
    created_by=STRING,
    created_at=TIME,
    updated_at=TIME,
)
_MADE = record(
    **RESERVATION["properties"],
    warnings={**list_of(STRING), "description": "What may get in the way, in sentences; nothing is forbidden."},
)
_TAG = text(id_tags.MAX_LENGTH, minLength=1, examples=["04A2B3C4"])
_FIELDS = {
    "connector_id": {"type": "integer", "minimum": 0, "maximum": reservations.MAX_CONNECTOR},
    "id_tag": _TAG,
    "parent_id_tag": {
        **or_null(text(id_tags.MAX_LENGTH)),
        "description": "Whose cards may use it too: without this field the card's own group, with null none.",
    },
    "starts_at": {**or_null(TIME), "description": "When it is sent to the station; now where this is missing or null."},
    "expiry_date": TIME,
}
_FILTERS = (
    argument("station", STRING, "Only reservations at the station with this identity."),
    argument("id_tag", STRING, "Only reservations for this id tag."),
    argument("state", one_of(["live", *STATES]), "Only this state; `live` is all that can still come to something."),
    argument("since", TIME, "Only those that end at this time or later."),
    argument("until", TIME, "Only those that begin before this time."),
)


@operation(
    "GET",
    "/reservations",
    "List reservations, the latest made first",
    tag=TAG,
    answer=page_of(RESERVATION),
    query=(*_FILTERS, *PAGING),
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    wanted = Filter(
        state=query.get("state", ""),
        id_tag=query.get("id_tag", ""),
        since=query.get("since"),
        until=query.get("until"),
    )
    found = reservation_search.search(wanted)
    if "station" in query:
        found = found.where(ChargePoint.identity_key == identity_key(query["station"]))
    return paging.part(found, ORDER, query, paging.each(_reservation))


@operation(
    "POST",
    "/reservations",
    "Make a reservation, for now or for later",
    tag=TAG,
    body=body(["station", "connector_id", "id_tag", "expiry_date"], station=text(255, minLength=1), **_FIELDS),
    answer=_MADE,
    status=201,
    errors={404: "There is no such station."},
)
def create(body: dict[str, Any]) -> Reply:
    station, fields = fetch_station(body["station"]), moments(body, "starts_at", "expiry_date")
    wish = reservations.check(_wish(fields))
    warnings, by = reservation_warnings.of(station, wish), audit.who().who
    made = audit.write(
        lambda unit: reservations.add(unit, station.id, wish, by=by),
        "reservation.add",
        station.identity,
        audit.changes({name: value for name, value in body.items() if name != "station"}),
    )
    answer = {**_reservation(_fetch(made.id)), "warnings": warnings}
    return Reply(answer, 201, {"Location": f"{PREFIX}/reservations/{made.id}"})


@operation("GET", "/reservations/<int:reservation_id>", "Show a reservation", tag=TAG, answer=RESERVATION)
def show(reservation_id: int) -> dict[str, Any]:
    return _reservation(_fetch(reservation_id))


@operation(
    "PATCH",
    "/reservations/<int:reservation_id>",
    "Change a reservation; what the station holds is replaced once it has accepted that",
    tag=TAG,
    body=body(**_FIELDS),
    answer=_MADE,
    errors={409: "It has ended or is being cancelled."},
)
def update(reservation_id: int, body: dict[str, Any]) -> dict[str, Any]:
    row, fields = _fetch(reservation_id), moments(body, "starts_at", "expiry_date")
    _demand_live(row)
    wish = reservations.check(_wish({**_as_it_is(row), **fields}))
    warnings, by = reservation_warnings.of(row.charge_point, wish, without=row.id), audit.who().who

    def change(unit: Any) -> Reservation:
        _demand_live(Reservation.get_by_id(row.id))
        return reservations.change(unit, row.id, wish, by=by)

    said = audit.changes({"reservation": row.id, **body})
    audit.write(change, "reservation.change", row.charge_point.identity, said)
    return {**_reservation(_fetch(row.id)), "warnings": warnings}


@operation(
    "DELETE",
    "/reservations/<int:reservation_id>",
    "Cancel a reservation; what the station holds ends once it has agreed",
    tag=TAG,
    answers={200: RESERVATION},
    errors={409: "It has ended or is being cancelled.", 422: "The station cannot be asked: it is rejected."},
)
def cancel(reservation_id: int) -> dict[str, Any]:
    row, by = _fetch(reservation_id), audit.who().who

    def give_up(unit: Any) -> Reservation:
        _demand_live(Reservation.get_by_id(row.id))
        return reservations.cancel(unit, row.id, by=by)

    said = audit.changes({"reservation": row.id, "id_tag": row.id_tag})
    audit.write(give_up, "reservation.cancel", row.charge_point.identity, said)
    return _reservation(_fetch(row.id))


def _wish(fields: dict[str, Any]) -> Wish:
    starts_at = fields.get("starts_at")
    return Wish(
        connector_id=int(fields["connector_id"]),
        id_tag=fields["id_tag"],
        expiry_date=fields["expiry_date"],
        starts_at=starts_at if starts_at is not None and starts_at > clock.now() else None,
        parent_id_tag=fields.get("parent_id_tag"),
        for_group="parent_id_tag" not in fields,
    )


def _as_it_is(row: Reservation) -> dict[str, Any]:
    return {
        "connector_id": row.connector_id,
        "id_tag": row.id_tag,
        "parent_id_tag": row.parent_id_tag,
        "starts_at": row.starts_at if row.state == PLANNED else None,
        "expiry_date": row.expiry_date,
    }


def _demand_live(row: Reservation) -> None:
    if row.state not in LIVE or row.cancel_asked_at is not None:
        raise Problem(409, "It has ended or is being cancelled.")


def _fetch(reservation_id: int) -> Reservation:
    row = reservation_search.find(reservation_id)
    if row is None:
        raise missing(f"reservation {reservation_id}")
    return row


def _reservation(row: Reservation) -> dict[str, Any]:
    return {
        "id": row.id,
        "reservation_id": row.reservation_id,
        "station": row.charge_point.identity,
        "connector_id": row.connector_id,
        "id_tag": row.id_tag,
        "parent_id_tag": row.parent_id_tag,
        "starts_at": time(row.starts_at),
        "expiry_date": time(row.expiry_date),
        "state": row.state,
        "status": row.status,
        "cancelling": row.state in LIVE and row.cancel_asked_at is not None,
        "transaction_id": row.transaction_id,
        "accepted_at": time(row.accepted_at),
        "ended_at": time(row.ended_at),
        "created_by": row.created_by,
        "created_at": time(row.created_at),
        "updated_at": time(row.updated_at),
    }
