"""The timeline, the list and the forms of reservations."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock, sessions, stations
from ocpp_server.models import AuditEntry, ChargePoint, Command, ConfigurationKey, Connector, Reservation
from ocpp_server.models.reservations import STATES
from ocpp_server.services.card import id_tags
from ocpp_server.services.reservation import reservation_answers, reservation_records, reservations
from ocpp_server.services.reservation.reservations import Wish
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from portal import reservations as words
from tests.charging import session
from tests.portal.conftest import PARTIAL

Add = Callable[..., ChargePoint]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(store: Store) -> None:
    clock.use(lambda: NOON)


@pytest.fixture
def station(store: Store, add_station: Add) -> ChargePoint:
    """Gate with connectors 1 and 2, and the cards ANNA and BO of one group."""
    station = add_station("CP-1", label="Gate")

    def work(unit: Any) -> None:
        for number in (1, 2):
            Connector.create(
                charge_point=station, connector_id=number, status="Available", status_at=NOON, received_at=NOON
            )
        id_tags.add(unit, "ANNA", label="Anna Berg", parent_id_tag="FLEET")
        id_tags.add(unit, "BO", parent_id_tag="FLEET")

    store.write(work)
    return station


@pytest.fixture
def online(station: ChargePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """The station counts as connected: a socket is not what is tested here."""
    monkeypatch.setattr(sessions, "is_connected", {station.id}.__contains__)
    monkeypatch.setattr(stations, "is_connected", {station.id}.__contains__)


def make(store: Store, station: ChargePoint, connector_id: int = 1, *, start: int = 60, until: int = 120) -> int:
    """A reservation for ANNA, minutes from noon."""
    wish = Wish(connector_id, "ANNA", NOON + timedelta(minutes=until), NOON + timedelta(minutes=start))
    return store.write(lambda unit: reservations.add(unit, station.id, wish, by="Otto")).id


def hold(store: Store, number: int, **fields: Any) -> None:
    """The station holds it, or it is over in some other way."""

    def work(unit: Any) -> None:
        row = Reservation.get_by_id(number)
        for name, value in {"state": "active", "status": "Accepted", **fields}.items():
            setattr(row, name, value)
        reservation_records.keep(unit, row, "accepted")

    store.write(work)


def form(station: ChargePoint, **changes: str) -> dict[str, str]:
    values = {"place": f"{station.id}:1", "id_tag": "ANNA", "expiry_date": "2026-11-23T14:00", "for_group": "1"}
    return {**values, **changes}


def rows(store: Store, table: type) -> list[Any]:
    with store.reading():
        return list(table.select().order_by(table.id))


def seen(text: str) -> str:
    """What the form says that it has shown."""
    match = re.search(r'name="seen" value="([^"]*)"', text)
    assert match is not None
    return match[1].replace("&#39;", "'").replace("&#34;", '"')


def test_one_is_made_for_now_and_sent(operator: FlaskClient, store: Store, station: ChargePoint, online: None) -> None:
    done = operator.post("/reservations/add", data=form(station))
    assert done.status_code == 303, done.text
    (row,) = rows(store, Reservation)
    assert (row.connector_id, row.id_tag, row.parent_id_tag, row.state) == (1, "ANNA", "FLEET", "sending")
    assert row.expiry_date == NOON + timedelta(hours=2)
    assert [command.action for command in rows(store, Command)] == ["ReserveNow"]
    page = operator.get(done.location).text
    assert "Being sent" in page
    assert "Operator (operator@example.com)" in page
    assert rows(store, AuditEntry)[-1].action == "reservation.add"


def test_the_times_of_the_form_are_the_viewers(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    operator.set_cookie("tz", "Europe/Berlin")
    values = form(station, starts_at="2026-11-23T15:00", expiry_date="2026-11-23T16:30")
    assert operator.post("/reservations/add", data=values).status_code == 303
    (row,) = rows(store, Reservation)
    assert (row.starts_at, row.expiry_date) == (NOON + timedelta(hours=2), NOON + timedelta(hours=3.5))
    assert row.state == "planned"
    assert "15:00" in operator.get("/reservations").text


def test_without_the_group_the_card_is_alone(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    values = form(station, starts_at="2026-11-23T13:00")
    del values["for_group"]
    operator.post("/reservations/add", data=values)
    assert rows(store, Reservation)[0].parent_id_tag is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"place": ""}, "Choose what is to be held"),
        ({"place": "x:1"}, "Choose what is to be held"),
        ({"place": "999:1"}, "This station was deleted"),
        ({"place": "1:99999999999"}, "Connectors are numbered from 1"),
        ({"id_tag": ""}, "Choose the card"),
        ({"id_tag": "X" * 21}, "20 visible characters"),
        ({"expiry_date": ""}, "Say until when"),
        ({"expiry_date": "soon"}, "This is not a date and time"),
        ({"expiry_date": "2026-11-23T11:00"}, "The end must be in the future"),
        ({"starts_at": "2026-11-23T15:00"}, "after the beginning"),
    ],
)
def test_a_mistake_is_explained_at_the_form(
    operator: FlaskClient, store: Store, station: ChargePoint, changes: dict, words: str
) -> None:
    answer = operator.post("/reservations/add", data=form(station, **changes))
    assert answer.status_code == 422
    assert words in answer.text
    assert rows(store, Reservation) == []


def test_an_overlap_is_told_before_it_is_saved_and_does_not_forbid_it(
    operator: FlaskClient, store: Store, station: ChargePoint
) -> None:
    make(store, station, start=60, until=120)
    values = form(station, starts_at="2026-11-23T13:30", expiry_date="2026-11-23T15:00")
    warned = operator.post("/reservations/add", data=values)
    assert warned.status_code == 200
    assert "It overlaps with a reservation for Anna Berg: Connector 1, 23 Nov 13:00 to 23 Nov 14:00." in warned.text
    assert "Reserve all the same" in warned.text
    assert len(rows(store, Reservation)) == 1
    assert operator.post("/reservations/add", data={**values, "seen": seen(warned.text)}).status_code == 303
    assert len(rows(store, Reservation)) == 2


def test_what_was_not_shown_yet_is_shown_first(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    values = form(station, starts_at="2026-11-23T13:30", id_tag="NOBODY", seen="something else")
    answer = operator.post("/reservations/add", data=values)
    assert "The card NOBODY is not known here" in answer.text
    assert rows(store, Reservation) == []


@pytest.mark.parametrize(
    ("connector_id", "start", "until", "overlaps"),
    [(1, 119, 200, True), (1, 120, 200, False), (2, 60, 120, False), (0, 90, 100, True), (1, 0, 60, False)],
)
def test_only_what_gets_in_the_way_is_an_overlap(
    operator: FlaskClient,
    store: Store,
    station: ChargePoint,
    connector_id: int,
    start: int,
    until: int,
    overlaps: bool,
) -> None:
    make(store, station, start=60, until=120)
    begin, end = (NOON + timedelta(minutes=minutes) for minutes in (start, until))
    values = form(station, place=f"{station.id}:{connector_id}", expiry_date=f"{end:%Y-%m-%dT%H:%M}")
    values["starts_at"] = f"{begin:%Y-%m-%dT%H:%M}"
    assert ("It overlaps" in operator.post("/reservations/add", data=values).text) == overlaps


def test_what_is_known_of_the_station_and_the_card_is_told(
    operator: FlaskClient, store: Store, station: ChargePoint
) -> None:
    def work(unit: Any) -> None:
        session(station, NOON, hours=None)
        Connector.update(status="Faulted").where(Connector.connector_id == 2).execute()
        ConfigurationKey.create(
            charge_point=station, key="SupportedFeatureProfiles", value="Core,SmartCharging", seen_at=NOON
        )
        id_tags.add(unit, "LOST", status="blocked")
        id_tags.add(unit, "OLD", expiry_date=NOON)

    store.write(work)

    def says(**changes: str) -> str:
        return operator.post("/reservations/add", data=form(station, **changes)).text

    first = says(id_tag="LOST")
    for sentence in ("A session is running there", "station is offline", "does not list reservations", "is blocked"):
        assert sentence in first
    second = says(place=f"{station.id}:2", id_tag="OLD")
    assert "It is faulted now" in second
    assert "has expired by then" in second
    assert "never reported a connector 7" in says(place=f"{station.id}:7")


def test_any_connector_is_a_question_of_the_configuration(
    operator: FlaskClient, store: Store, station: ChargePoint, online: None
) -> None:
    values = form(station, place=f"{station.id}:0")
    assert "any of its connectors" in operator.post("/reservations/add", data=values).text
    key = {"key": "ReserveConnectorZeroSupported", "value": "true", "seen_at": NOON}
    store.write(lambda unit: ConfigurationKey.create(charge_point=station, **key))
    assert operator.post("/reservations/add", data=values).status_code == 303


def test_the_form_begins_with_what_was_clicked(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    text = operator.get(f"/reservations/add?place={station.id}:2&id_tag=BO").text
    assert f'<option value="{station.id}:2" selected>' in text
    assert 'value="BO"' in text
    assert 'value="2026-11-23T13:00"' in text
    assert "selected" not in operator.get("/reservations/add").text.split("</select>")[0]


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
    assert "Add a station first" in operator.get("/reservations").text
    add_station()
    assert "Make the first one" in operator.get("/reservations").text
    assert "Make the first one" in operator.get("/reservations/list").text
    assert "Make the first one" not in viewer.get("/reservations").text


@pytest.mark.parametrize(
    ("fields", "word", "sentence"),
    [
        ({"state": "planned", "status": "offline"}, "Waits for the station", "as soon as the station is back"),
        ({"state": "sending", "next_attempt_at": NOON}, "Being sent", "It is asked again soon"),
        ({"state": "active", "cancel_asked_at": NOON}, "Being cancelled", "the connector stays held"),
        ({"state": "refused", "status": "Occupied"}, "Refused", "in use or held for somebody else"),
        ({"state": "refused", "status": "Faulted"}, "Refused", "out of order"),
        ({"state": "refused", "status": "Rejected"}, "Refused", "takes no reservations"),
        ({"state": "refused", "status": "Unavailable"}, "Refused", "out of service"),
        ({"state": "refused", "status": "NotSupported"}, "Refused", "does not support it"),
        ({"state": "refused", "status": reservation_answers.NO_ANSWER}, "Refused", "did not answer, several times"),
        ({"state": "ended", "status": "Faulted"}, "Ended early", "out of order or out of service"),
        ({"state": "ended", "status": "Available"}, "Ended early", "It may have restarted"),
        ({"state": "ended", "status": reservation_answers.UNKNOWN}, "Ended early", "knows no such reservation"),
        ({"state": "missed"}, "Missed", "could not be asked"),
        ({"state": "expired"}, "Expired", "Nobody came"),
        ({"state": "used", "transaction_id": 5}, "Used", "/sessions/5"),
    ],
)
def test_each_state_says_what_it_means(
    viewer: FlaskClient, store: Store, station: ChargePoint, fields: dict, word: str, sentence: str
) -> None:
    number = make(store, station)
    hold(store, number, **fields)
    text = viewer.get(f"/reservations/{number}").text
    assert word in text
    assert sentence in text
    assert word in viewer.get("/reservations").text


def test_every_event_has_words(viewer: FlaskClient, store: Store, station: ChargePoint) -> None:
    number = make(store, station)
    store.write(lambda unit: reservations.cancel(unit, number, by="Otto"))
    text = viewer.get(f"/reservations/{number}").text
    assert "Made" in text
    assert "Cancelled" in text
    assert "by Otto" in text
    assert tuple(words.state_words()) == STATES


def test_one_is_changed_in_the_form(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    number = make(store, station)
    path = f"/reservations/{number}/edit"
    text = operator.get(path).text
    assert 'value="2026-11-23T13:00"' in text
    assert 'value="2026-11-23T14:00"' in text
    values = form(station, place=f"{station.id}:2", starts_at="2026-11-23T13:15", expiry_date="2026-11-23T15:00")
    assert operator.post(path, data=values).status_code == 303
    (row,) = rows(store, Reservation)
    assert (row.connector_id, row.starts_at) == (2, NOON + timedelta(minutes=75))
    assert rows(store, AuditEntry)[-1].action == "reservation.change"


def test_what_the_station_holds_is_changed_by_asking_it(
    operator: FlaskClient, store: Store, station: ChargePoint, online: None
) -> None:
    number = make(store, station)
    hold(store, number, starts_at=NOON)
    path = f"/reservations/{number}/edit"
    assert 'name="starts_at"' not in operator.get(path).text
    assert operator.post(path, data=form(station, expiry_date="2026-11-23T16:00")).status_code == 303
    (command,) = rows(store, Command)
    assert '"expiryDate": "2026-11-23T16:00:00Z"' in command.payload
    assert f'"reservationId": {number}' in command.payload


def test_it_stays_at_its_station(operator: FlaskClient, store: Store, station: ChargePoint, add_station: Add) -> None:
    number, other = make(store, station), add_station("CP-2")
    answer = operator.post(f"/reservations/{number}/edit", data=form(other))
    assert answer.status_code == 422
    assert "It stays at its station" in answer.text


def test_one_is_cancelled(operator: FlaskClient, store: Store, station: ChargePoint, online: None) -> None:
    planned, held = make(store, station), make(store, station, 2)
    hold(store, held)
    assert "was cancelled" in operator.post(f"/reservations/{planned}/cancel", follow_redirects=True).text
    assert "is asked to give it up" in operator.post(f"/reservations/{held}/cancel", follow_redirects=True).text
    assert [row.state for row in rows(store, Reservation)] == ["cancelled", "active"]
    assert operator.get(f"/reservations/{held}/edit").status_code == 303
    assert rows(store, AuditEntry)[-1].action == "reservation.cancel"


@pytest.mark.parametrize(
    ("fields", "is_trouble"),
    [
        ({"state": "refused", "status": "Occupied"}, True),
        ({"state": "ended", "status": "Faulted"}, True),
        ({"state": "planned", "status": "offline"}, True),
        ({"state": "refused", "status": "Occupied", "expiry_date": NOON}, False),
        ({"state": "planned"}, False),
        ({"state": "active"}, False),
    ],
)
def test_what_is_not_held_needs_attention_until_its_time_is_over(
    viewer: FlaskClient, store: Store, station: ChargePoint, fields: dict, is_trouble: bool
) -> None:
    number = make(store, station)
    hold(store, number, **{"status": "", **fields})
    text = viewer.get("/").text
    assert ("Reservation for ANNA" in text) == is_trouble
    assert (f"/reservations/{number}" in text) == is_trouble


def test_a_session_names_the_reservation_that_it_used(viewer: FlaskClient, store: Store, station: ChargePoint) -> None:
    number = make(store, station)
    used = store.write(lambda unit: session(station, NOON))
    assert "/reservations/" not in viewer.get(f"/sessions/{used.id}").text.split("<main")[1]
    hold(store, number, state="used", transaction_id=used.id)
    assert f'href="/reservations/{number}"' in viewer.get(f"/sessions/{used.id}").text


def test_a_rejected_station_is_not_asked(
    operator: FlaskClient, store: Store, station: ChargePoint, online: None
) -> None:
    number = make(store, station)
    hold(store, number, starts_at=NOON)
    store.write(lambda unit: charge_points.update(unit, station.id, registration="rejected"))
    page = operator.post(f"/reservations/{number}/cancel", follow_redirects=True)
    assert "Accept it first" in page.text
    changed = operator.post(f"/reservations/{number}/edit", data=form(station))
    assert changed.status_code == 422
    assert "Accept it first" in changed.text
    made = operator.post("/reservations/add", data=form(station, place=f"{station.id}:2"))
    assert made.status_code == 303
    assert [row.state for row in rows(store, Reservation)] == ["active", "planned"]


def test_what_failed_can_be_tried_again(operator: FlaskClient, store: Store, station: ChargePoint) -> None:
    number = make(store, station)
    hold(store, number, state="refused", status="Occupied")
    assert f"/reservations/add?again={number}" in operator.get(f"/reservations/{number}").text
    assert f'<option value="{station.id}:1" selected>' in operator.get(f"/reservations/add?again={number}").text


def test_the_stations_page_shows_what_is_held(viewer: FlaskClient, store: Store, station: ChargePoint) -> None:
    for connector_id in (1, 0):
        hold(store, make(store, station, connector_id))
    text = viewer.get(f"/stations/{station.id}").text
    assert text.count("Reserved for Anna Berg") == 1
    assert text.count("One of them is reserved for Anna Berg") == 2
    assert "/reservations/add?place=" not in text


def test_an_operator_reserves_from_the_stations_page(operator: FlaskClient, station: ChargePoint) -> None:
    assert f"/reservations/add?place={station.id}:2" in operator.get(f"/stations/{station.id}").text


@pytest.mark.parametrize("path", ["/reservations/add", "/reservations/1/edit", "/reservations/1/cancel"])
def test_a_viewer_makes_changes_and_cancels_nothing(
    viewer: FlaskClient, store: Store, station: ChargePoint, path: str
) -> None:
    make(store, station)
    assert viewer.post(path, data=form(station)).status_code == 403
    assert [row.state for row in rows(store, Reservation)] == ["planned"]
    assert "Cancel the reservation" not in viewer.get("/reservations/1").text
    assert viewer.get("/reservations/99").status_code == 404
