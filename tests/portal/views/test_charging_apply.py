"""Giving a schedule to connectors and stations: choosing, confirming, applying."""

from collections.abc import Callable

from flask.testing import FlaskClient

from ocpp_server.models import ChargePoint, ChargingProfileTemplate
from ocpp_server.store import Store
from tests.charging_station import Answerer
from tests.portal.views.schedules import apply, form


def test_connectors_are_chosen_from_a_list(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    page = operator.get(f"/charging/templates/{night.id}/apply").text
    assert 'value="1:0"' in page
    assert 'value="1:1"' in page
    assert "No station fits" in operator.get(f"/charging/templates/{night.id}/apply?q=nobody").text


def test_what_results_is_shown_before_with_real_numbers(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    station.start("2026-11-22T10:00:00Z", 1)
    page = operator.post(f"/charging/templates/{night.id}/confirm", data={"spot": ["1:0"]}).text
    assert "It is sent to 1 place on 1 station." in page
    assert "1 station is offline and gets it when it is back." in page
    assert "1 session runs there and may be slowed or paused by it." in page
    assert "With it" in page
    nothing = operator.post(f"/charging/templates/{night.id}/confirm", data={"spot": ["77:1", "x", ":"]})
    assert nothing.status_code == 303


def test_stations_chosen_in_their_list_are_asked_to_confirm(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    assert f'value="schedule-{night.id}"' in operator.get("/stations").text
    data = {"operation": f"schedule-{night.id}", "station": "1"}
    sent_on = operator.post("/batches/new", data=data)
    assert sent_on.status_code == 307
    answer = operator.post(sent_on.location, data=data)
    assert "It is sent to 1 place on 1 station." in answer.text


def test_a_limit_at_which_cars_stop_is_warned_of(operator: FlaskClient, station: Answerer, store: Store) -> None:
    operator.post("/charging/templates/new", data=form(("00:00", "0"), ("06:00", "16")))
    assert "Below 6 A a car stops charging" in operator.post("/charging/templates/1/confirm", data={"spot": "1:0"}).text


def test_applying_is_on_record(
    operator: FlaskClient, admin: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    apply(operator, night, "1:1")
    page = admin.get("/settings/audit").text
    assert "charging.apply" in page
    assert "charging.template.add" in page


def test_pages_take_as_many_queries_for_many_stations(
    operator: FlaskClient,
    night: ChargingProfileTemplate,
    store: Store,
    add_station: Callable[..., ChargePoint],
    queries: Callable,
) -> None:
    counts = []
    for round_ in range(2):
        points = [add_station(f"CP-{round_}-{number}") for number in range(1 + 20 * round_)]
        address = apply(operator, night, *(f"{point.id}:1" for point in points))
        for path in (address, f"/charging/templates/{night.id}/apply"):
            with queries() as statements:
                operator.get(path)
            counts.append(len(statements))
    assert counts[:2] == counts[2:]
