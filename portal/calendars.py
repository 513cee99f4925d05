"""Reservations as an iCalendar (RFC 5545), for calendar programs."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from flask_babel import gettext as _
from icalendar import Calendar, Event

from ocpp_server.models import Reservation
from ocpp_server.models.reservations import ACTIVE, EXPIRED, PLANNED, SENDING, USED
from portal import reservations, timeline

#: The words of the standard for what is settled, what is not, and what is off (section 3.8.1.11).
_STATUS = {ACTIVE: "CONFIRMED", USED: "CONFIRMED", EXPIRED: "CONFIRMED", PLANNED: "TENTATIVE", SENDING: "TENTATIVE"}


def encode(rows: Iterable[Reservation], name: str, labels: dict[str, str], address: str) -> bytes:
    """The calendar of these. The same reservations make the same bytes, so that readers can be told of no change."""
    calendar = Calendar()
    calendar.add("prodid", "-//Chargeyard//Reservations//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for row in rows:
        calendar.add_component(_event(row, labels, address))
    return calendar.to_ical()


def _event(row: Reservation, labels: dict[str, str], address: str) -> Event:
    event, station = Event(), row.charge_point
    where = reservations.place(row.connector_id)
    who = labels.get(row.id_tag_key, row.id_tag)
    event.add("uid", f"reservation-{row.id}@{urlsplit(address).hostname or 'chargeyard'}")
    event.add("dtstamp", row.updated_at)
    event.add("last-modified", row.updated_at)
    event.add("created", row.created_at)
    event.add("dtstart", row.starts_at)
    # An event ends after it begins.
    event.add("dtend", max(timeline.over_at(row), row.starts_at))
    event.add("summary", f"{station.name}, {where.lower()}: {who}")
    event.add("location", ", ".join(part for part in (station.location, station.name) if part))
    state = reservations.look(row).word
    event.add("description", _("%(state)s. %(words)s", state=state, words=reservations.explain(row)))
    event.add("status", _STATUS.get(row.state, "CANCELLED"))
    event.add("url", f"{address}/reservations/{row.id}")
    return event
