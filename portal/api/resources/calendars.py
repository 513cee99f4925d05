"""Calendar links: under them a calendar program reads the reservations of a station or of a card."""

from typing import Any

from flask import url_for

from ocpp_server.models import CalendarFeed
from ocpp_server.services.card import id_tags
from ocpp_server.services.reservation import calendar_feeds
from portal import audit
from portal.api import paging
from portal.api.operation import Reply, operation
from portal.api.problems import missing
from portal.api.resources.stations import fetch as fetch_station
from portal.api.routing import PREFIX
from portal.api.schema import ID, PAGING, STRING, TIME, body, or_null, page_of, record, text
from portal.api.values import time
from portal.context import settings

TAG = "Reservations"
ORDER = paging.Order((CalendarFeed.id,), descending=True)
CALENDAR = record(
    id=ID,
    station=or_null(STRING),
    id_tag=or_null(STRING),
    created_by=STRING,
    created_at=TIME,
    last_used_at=or_null(TIME),
)
_MADE = record(
    **CALENDAR["properties"],
    url={**STRING, "description": "Told this once: whoever has it reads the calendar, without a log-in."},
)


@operation("GET", "/calendars", "List calendar links", tag=TAG, role="operator", answer=page_of(CALENDAR), query=PAGING)
def index(query: dict[str, Any]) -> dict[str, Any]:
    return paging.part(calendar_feeds.everything(), ORDER, query, paging.each(_calendar))


@operation(
    "POST",
    "/calendars",
    "Make a calendar link for a station or a card",
    tag=TAG,
    body=body(station=text(255, minLength=1), id_tag=text(id_tags.MAX_LENGTH, minLength=1)),
    answer=_MADE,
    status=201,
    errors={404: "There is no such station."},
)
def create(body: dict[str, Any]) -> Reply:
    station, by = fetch_station(body["station"]) if "station" in body else None, audit.who().who
    feed, token = audit.write(
        lambda unit: calendar_feeds.add(
            unit, charge_point_id=station.id if station else None, id_tag=body.get("id_tag", ""), by=by
        ),
        "calendar.add",
        station.identity if station else body.get("id_tag", ""),
    )
    return Reply(_made(feed.id, token), 201, {"Location": f"{PREFIX}/calendars/{feed.id}"})


@operation("GET", "/calendars/<int:calendar_id>", "Show a calendar link", tag=TAG, role="operator", answer=CALENDAR)
def show(calendar_id: int) -> dict[str, Any]:
    return _calendar(_fetch(calendar_id))


@operation(
    "POST",
    "/calendars/<int:calendar_id>/renew",
    "Make another link for a calendar; the old one stops working",
    tag=TAG,
    answer=_MADE,
)
def renew(calendar_id: int) -> dict[str, Any]:
    feed = _fetch(calendar_id)
    name = calendar_feeds.name(feed)
    _, token = audit.write(lambda unit: calendar_feeds.renew(unit, calendar_id), "calendar.renew", name)
    return _made(calendar_id, token)


@operation("DELETE", "/calendars/<int:calendar_id>", "Revoke a calendar link", tag=TAG)
def delete(calendar_id: int) -> None:
    name = calendar_feeds.name(_fetch(calendar_id))
    audit.write(lambda unit: calendar_feeds.revoke(unit, calendar_id), "calendar.revoke", name)


def _fetch(calendar_id: int) -> CalendarFeed:
    feed = calendar_feeds.everything().where(CalendarFeed.id == calendar_id).first()
    if feed is None:
        raise missing(f"calendar {calendar_id}")
    return feed


def _made(calendar_id: int, token: str) -> dict[str, Any]:
    address = settings().portal_url + url_for("calendars.feed", token=token)
    return {**_calendar(_fetch(calendar_id)), "url": address}


def _calendar(row: CalendarFeed) -> dict[str, Any]:
    return {
        "id": row.id,
        "station": row.charge_point.identity if row.charge_point else None,
        "id_tag": row.id_tag or None,
        "created_by": row.created_by,
        "created_at": time(row.created_at),
        "last_used_at": time(row.last_used_at),
    }
