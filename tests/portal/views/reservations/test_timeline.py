"""The timeline of the yard and the list below it."""

import re
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from ocpp_server.models import ChargePoint
from ocpp_server.store import Store
from tests.charging import session
from tests.portal.conftest import PARTIAL
from tests.portal.views.reservations.booking import NOON, Add, make


def test_the_timeline_and_the_list_below_say_the_same(viewer: FlaskClient, store: Store, station: ChargePoint) -> None:
    number = make(store, station)
    store.write(lambda unit: session(station, NOON - timedelta(hours=2), connector_id=2))
    for headers in ({}, PARTIAL):
        text = viewer.get("/reservations", headers=headers).text
        assert text.count(f"/reservations/{number}") == 2
        assert text.count("timeline-session") == 2
        assert "timeline-planned" in text
        assert "Anna Berg" in text
    assert 'x="54.167%"' in text
    assert 'width="4.166%"' in text


def test_other_days_and_weeks_are_a_click_away(viewer: FlaskClient, store: Store, station: ChargePoint) -> None:
    make(store, station, start=24 * 60, until=25 * 60)
    assert "Nothing is reserved in this time" in viewer.get("/reservations").text
    tomorrow = viewer.get("/reservations?day=2026-11-24").text
    assert "Anna Berg" in tomorrow
    assert "timeline-now" not in tomorrow
    assert "Anna Berg" in viewer.get("/reservations?view=week").text
    assert "Nothing is reserved" in viewer.get("/reservations?view=week&day=2026-12-01").text
    for odd in ("day=0001-01-01", "day=9999-12-31", "day=x", "view=x", "station=x", "page=99"):
        assert viewer.get(f"/reservations?{odd}").status_code == 200


def test_a_day_of_25_hours_is_shown_in_full(viewer: FlaskClient, station: ChargePoint) -> None:
    viewer.set_cookie("tz", "Europe/Berlin")
    text = viewer.get("/reservations?day=2026-10-25").text
    assert text.count('class="timeline-tick') == 2 * 25


def test_what_overlaps_stands_below_each_other(viewer: FlaskClient, store: Store, station: ChargePoint) -> None:
    make(store, station, start=60, until=120)
    make(store, station, start=90, until=150)
    make(store, station, start=120, until=180)
    text = viewer.get("/reservations").text
    assert len(re.findall(r'timeline-planned" x="[\d.]+%" y="3"', text)) == 2
    assert len(re.findall(r'timeline-planned" x="[\d.]+%" y="31"', text)) == 1


def test_the_timeline_takes_as_many_queries_however_much_is_in_it(
    viewer: FlaskClient, store: Store, station: ChargePoint, add_station: Add, queries: Any
) -> None:
    make(store, station)
    with queries() as few:
        viewer.get("/reservations")
    for number in range(2, 6):
        other = add_station(f"CP-{number}")
        for start in (30, 90):
            make(store, other, start=start, until=start + 30)
    with queries() as many:
        viewer.get("/reservations")
    assert len(many) == len(few)


def test_the_list_is_found_by_card_label_station_state_and_time(
    viewer: FlaskClient, store: Store, station: ChargePoint
) -> None:
    number = make(store, station)
    for query in ("", "q=anna", "q=Berg", "q=gate", "state=live", "state=planned", f"station={station.id}"):
        assert f"reservation-row-{number}" in viewer.get(f"/reservations/list?{query}").text, query
    assert f"reservation-row-{number}" in viewer.get("/reservations/list?from=2026-11-23&to=2026-11-23").text
    for query in ("q=zzz", "state=used", "station=999", "from=2026-11-24", "to=2026-11-22"):
        assert "No reservation fits" in viewer.get(f"/reservations/list?{query}").text, query
    for sort in ("start", "-end", "station", "-card"):
        assert viewer.get(f"/reservations/list?sort={sort}").status_code == 200


def test_empty_pages_say_the_next_step(operator: FlaskClient, viewer: FlaskClient, add_station: Add) -> None:
    page = operator.get("/reservations").text
    assert "Add a station first" in page
    assert "Make the first one" not in page
    add_station()
    assert "Make the first one" in operator.get("/reservations").text
    assert "Make the first one" in operator.get("/reservations/list").text
    assert "Make the first one" not in viewer.get("/reservations").text
