"""The page of one reservation, and what other pages say of it."""

import pytest
from flask.testing import FlaskClient

from ocpp_server.models import AuditEntry, ChargePoint, Reservation
from ocpp_server.models.reservations import STATES
from ocpp_server.services.reservation import reservation_answers, reservations
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from portal import reservations as words
from tests.charging import session
from tests.portal.views.reservations.booking import NOON, form, hold, make, rows


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
