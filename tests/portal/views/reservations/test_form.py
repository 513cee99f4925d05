"""The form that makes and changes a reservation."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from ocpp_server.models import AuditEntry, ChargePoint, Command, ConfigurationKey, Connector, Reservation
from ocpp_server.services.card import id_tags
from ocpp_server.store import Store
from tests.charging import session
from tests.portal.views.reservations.booking import NOON, Add, form, hold, make, rows, seen


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
