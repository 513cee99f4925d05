"""Calendar links: made, shown once, read without a log-in, made anew and revoked. Read here by another parser."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import vobject
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import AuditEntry, CalendarFeed, ChargePoint, Reservation
from ocpp_server.services.card import id_tags
from ocpp_server.services.reservation import reservations
from ocpp_server.services.reservation.reservations import Wish
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store

Add = Callable[..., ChargePoint]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ODD = 'Gate; "north", \\ yard ' + "ü" * 60


@pytest.fixture(autouse=True)
def noon(store: Store) -> None:
    clock.use(lambda: NOON)


@pytest.fixture
def station(store: Store, add_station: Add) -> ChargePoint:
    store.write(lambda unit: id_tags.add(unit, "ANNA", label="Anna, Berg"))
    return add_station("CP-1", label=ODD, location="Front; yard")


def make(store: Store, station: ChargePoint, id_tag: str = "ANNA", *, start: int = 60) -> int:
    begin = NOON + timedelta(minutes=start)
    wish = Wish(1, id_tag, begin + timedelta(hours=1), begin)
    return store.write(lambda unit: reservations.add(unit, station.id, wish, by="Otto")).id


def link(operator: FlaskClient, **form: Any) -> str:
    """A new calendar's address, without the host."""
    answer = operator.post("/reservations/calendars", data=form)
    assert answer.status_code == 200, answer.text
    match = re.search(r"(/calendar/[\w-]+\.ics)", answer.text)
    assert match is not None
    return match[1]


def events(client: FlaskClient, path: str) -> list[Any]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    assert "Set-Cookie" not in answer.headers
    assert all(len(line.encode()) <= 75 for line in answer.text.split("\r\n"))
    assert "\n" not in answer.text.replace("\r\n", "")
    return list(vobject.readOne(answer.text).contents.get("vevent", []))


def test_a_stations_calendar_is_read_by_whoever_has_the_link(
    operator: FlaskClient, client: FlaskClient, store: Store, station: ChargePoint, add_station: Add
) -> None:
    make(store, station)
    make(store, add_station("CP-2"))
    (event,) = events(client, link(operator, station=station.id))
    assert event.dtstart.value == NOON + timedelta(hours=1)
    assert event.dtend.value == NOON + timedelta(hours=2)
    assert event.summary.value == f"{ODD}, connector 1: Anna, Berg"
    assert event.location.value == f"Front; yard, {ODD}"
    assert event.status.value == "TENTATIVE"
    assert event.uid.value.startswith("reservation-1@")


def test_a_cards_calendar_holds_that_cards_only(
    operator: FlaskClient, client: FlaskClient, store: Store, station: ChargePoint
) -> None:
    make(store, station, "anna")
    make(store, station, "OTHER", start=180)
    assert len(events(client, link(operator, id_tag="ANNA"))) == 1


@pytest.mark.parametrize(
    ("state", "status"),
    [("active", "CONFIRMED"), ("used", "CONFIRMED"), ("cancelled", "CANCELLED"), ("refused", "CANCELLED")],
)
def test_the_status_says_whether_it_holds(
    operator: FlaskClient, client: FlaskClient, store: Store, station: ChargePoint, state: str, status: str
) -> None:
    number = make(store, station)
    store.write(lambda unit: Reservation.update(state=state).where(Reservation.id == number).execute())
    (event,) = events(client, link(operator, station=station.id))
    assert event.status.value == status


def test_what_has_not_changed_is_not_sent_again(
    operator: FlaskClient, client: FlaskClient, store: Store, station: ChargePoint
) -> None:
    number, path = make(store, station), link(operator, station=station.id)
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    clock.use(lambda: NOON + timedelta(minutes=1))
    store.write(lambda unit: reservations.cancel(unit, number, by="Otto"))
    again = client.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert "STATUS:CANCELLED" in again.text


def test_a_new_link_replaces_the_old_one_and_a_revoked_one_opens_nothing(
    operator: FlaskClient, client: FlaskClient, store: Store, station: ChargePoint
) -> None:
    first = link(operator, station=station.id)
    renewed = operator.post("/reservations/calendars/1/renew")
    match = re.search(r"(/calendar/[\w-]+\.ics)", renewed.text)
    assert match is not None
    assert client.get(first).status_code == 404
    assert client.get(match[1]).status_code == 200
    assert operator.post("/reservations/calendars/1/revoke").status_code == 303
    assert client.get(match[1]).status_code == 404
    with store.reading():
        assert [row.action for row in AuditEntry.select().order_by(AuditEntry.id)][-3:] == [
            "calendar.add",
            "calendar.renew",
            "calendar.revoke",
        ]


def test_the_link_itself_is_kept_nowhere(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    token = link(operator, station=station.id).removeprefix("/calendar/").removesuffix(".ics")
    assert token not in operator.get("/reservations/calendars").text
    with store.reading():
        (feed,) = CalendarFeed.select()
        details = [f"{row.target} {row.detail}" for row in AuditEntry.select()]
    assert token not in feed.token_hash
    assert not any(token in detail for detail in details)


def test_a_deleted_stations_calendar_is_gone(
    operator: FlaskClient, client: FlaskClient, store: Store, station: ChargePoint
) -> None:
    path = link(operator, station=station.id)
    store.write(lambda unit: charge_points.delete(unit, station.id))
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("form", "words"),
    [({}, "Choose a station or a card"), ({"id_tag": "NOBODY"}, "no such card"), ({"station": 99}, "no such station")],
)
def test_a_calendar_is_of_something(operator: FlaskClient, form: dict, words: str) -> None:
    answer = operator.post("/reservations/calendars", data=form)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_viewer_makes_no_links(viewer: FlaskClient, client: FlaskClient) -> None:
    assert viewer.get("/reservations/calendars").status_code == 403
    assert viewer.post("/reservations/calendars", data={"id_tag": "ANNA"}).status_code == 403
    assert "/reservations/calendars" not in viewer.get("/reservations").text
    assert client.get("/calendar/guessed.ics").status_code == 404
