"""Cards that were held to a station and that nobody knows, and what is tapped just now."""

from datetime import datetime
from typing import Any

from ocpp_server import clock
from ocpp_server.models import ChargePoint, UnknownCard
from ocpp_server.services.card import unknown_cards
from portal import audit
from portal.api import paging
from portal.api.operation import operation
from portal.api.problems import missing
from portal.api.resources.stations import fetch
from portal.api.schema import (
    BOOLEAN,
    INTEGER,
    PAGING,
    STRING,
    TIME,
    argument,
    list_of,
    one_of,
    or_null,
    page_of,
    record,
)
from portal.api.values import time
from portal.enrolment import WINDOW, Enrolment, names_of

TAG = "Id tags"
ORDER = paging.Order((UnknownCard.last_at, UnknownCard.id), descending=True)
UNKNOWN_CARD = record(
    id_tag=STRING,
    station={**or_null(STRING), "description": "Where it was tapped last."},
    action=one_of(["Authorize", "StartTransaction"]),
    count=INTEGER,
    first_at=TIME,
    last_at=TIME,
)
_TAP = record(
    id_tag=STRING,
    station=or_null(STRING),
    known={**BOOLEAN, "description": "Whether it is among the id tags already."},
    timestamp=TIME,
)
_WINDOW = (
    argument("since", TIME, "The beginning of the minute; without it, a minute ago."),
    argument("station", STRING, "Only cards that were tapped at the station with this identity."),
)


@operation(
    "GET",
    "/unknown-cards",
    "List cards that were refused because nobody knows them, latest first",
    tag=TAG,
    answer=page_of(UNKNOWN_CARD),
    query=PAGING,
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    return paging.part(UnknownCard.select(), ORDER, query, _to_json)


@operation(
    "DELETE",
    "/unknown-cards/<name:id_tag>",
    "Dismiss an unknown card; it comes back if it is tapped again. To enrol it, add it to the id tags",
    tag=TAG,
)
def delete(id_tag: str) -> None:
    card = unknown_cards.find(id_tag) if id_tag.isprintable() else None
    if card is None:
        raise missing(f"unknown card {id_tag}")
    audit.write(lambda unit: unknown_cards.dismiss(unit, [card.id]), "inbox.dismiss", card.id_tag)


@operation(
    "GET",
    "/taps",
    "List the cards that are tapped within a minute: to enrol one, note the time, tap it, and ask until it is here",
    tag=TAG,
    answer=record(since=TIME, until=TIME, items=list_of(_TAP)),
    query=_WINDOW,
)
def taps(query: dict[str, Any]) -> dict[str, Any]:
    since: datetime = query.get("since", clock.now() - WINDOW)
    enrolment = Enrolment(since, fetch(query["station"]) if "station" in query else None)
    unknown = enrolment.unknown()
    names = names_of(card.charge_point_id for card in unknown)
    items = [_tap(card.id_tag, names.get(card.charge_point_id), False, card.last_at) for card in unknown]
    items += [_tap(tap.card.id_tag, tap.station, True, tap.at) for tap in enrolment.known()]
    return {"since": time(since), "until": time(enrolment.until), "items": items}


def _to_json(rows: Any) -> list[dict[str, Any]]:
    names = names_of(row.charge_point_id for row in rows)
    return [
        {
            "id_tag": row.id_tag,
            "station": _identity(names.get(row.charge_point_id)),
            "action": row.action,
            "count": row.count,
            "first_at": time(row.first_at),
            "last_at": time(row.last_at),
        }
        for row in rows
    ]


def _tap(id_tag: str, station: ChargePoint | None, known: bool, at: datetime) -> dict[str, Any]:
    return {"id_tag": id_tag, "station": _identity(station), "known": known, "timestamp": time(at)}


def _identity(station: ChargePoint | None) -> str | None:
    return station.identity if station is not None else None
