"""Pages of charging schedules: drawing them, and following where they were applied."""

import json

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from ocpp_server.models import ChargingProfileRequest, ChargingProfileTemplate
from ocpp_server.store import Store
from tests.charging_station import Answerer
from tests.portal.conftest import PARTIAL
from tests.portal.views.charging.schedules import apply, form

# -- drawing -------------------------------------------------------------------------------------------------------


def test_an_empty_page_says_what_to_do(operator: FlaskClient, viewer: FlaskClient) -> None:
    assert "Draw a schedule" in operator.get("/charging").text
    page = viewer.get("/charging").text
    assert "No schedule yet" in page
    assert "/charging/templates/new" not in page


def test_the_editor_begins_with_a_night(operator: FlaskClient) -> None:
    page = operator.get("/charging/templates/new").text
    assert 'value="22:00"' in page
    assert "schedule.js" in page


def test_a_drawn_schedule_is_kept_and_shown(operator: FlaskClient, night: ChargingProfileTemplate) -> None:
    assert json.loads(night.steps) == [[0, 16.0], [21600, 8.0], [79200, 16.0]]
    assert "Every day: 16 A, from 06:00 8 A, from 22:00 16 A" in operator.get("/charging").text
    page = operator.get(f"/charging/templates/{night.id}").text
    assert "Europe/Berlin" in page
    assert 'value="06:00"' in operator.get(f"/charging/templates/{night.id}/edit").text


def test_the_list_names_the_zone_of_times_that_are_not_the_viewers(
    operator: FlaskClient, night: ChargingProfileTemplate
) -> None:
    assert "Times of Europe/Berlin" in operator.get("/charging").text
    operator.set_cookie("tz", "Europe/Berlin")
    assert "Times of Europe/Berlin" not in operator.get("/charging").text


def test_a_week_counts_its_days(operator: FlaskClient, store: Store) -> None:
    week = form(("0", "00:00", "16"), ("5", "08:30", "32"), ("", "", ""), repeat="Weekly", name="Week")
    operator.post("/charging/templates/new", data=week)
    with store.reading():
        found = ChargingProfileTemplate.get()
    assert json.loads(found.steps) == [[0, 16.0], [5 * 86_400 + 30_600, 32.0]]
    assert "from Sat 08:30 32 A" in operator.get("/charging").text


def test_a_schedule_for_once_names_its_day(operator: FlaskClient, store: Store) -> None:
    once = form(("00:00", "6"), repeat="once", begins_on="2026-12-24", duration="12")
    assert operator.post("/charging/templates/new", data=once).status_code == 303
    assert 'value="2026-12-24"' in operator.get("/charging/templates/1/edit").text
    page = operator.get("/charging/templates/1").text
    assert "12 h 00 min" in page
    assert "Once" in page


def test_a_schedule_is_changed_and_deleted(operator: FlaskClient, night: ChargingProfileTemplate, store: Store) -> None:
    address = f"/charging/templates/{night.id}"
    changed = form(("00:00", "11000"), unit="W", name="Day", phases="3", valid_from="2026-12-01T00:00", min_rate="4140")
    assert operator.post(f"{address}/edit", data=changed).status_code == 303
    assert "11 kW" in operator.get(address).text
    assert operator.post(f"{address}/delete").status_code == 303
    assert operator.get(address).status_code == 404


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (form(("10:00", "16")), "The first step begins at 00:00"),
        (form(("00:00", "16"), ("25 o'clock", "8")), "hours and minutes"),
        (form(("00:00", "")), "Give each step a limit"),
        (form(("00:00", "many")), "This must be a number"),
        (form(("00:00", "1e999")), "This must be a number"),
        (form(("00:00", "16"), name=""), "Give the schedule a name"),
        (form(("00:00", "16"), repeat="once"), "on which day"),
        (form(("00:00", "16"), repeat="Hourly"), "how it repeats"),
        (form(("00:00", "16"), stack_level="1.5"), "whole number"),
        (form(("00:00", "16"), valid_from="soon"), "no date and time"),
    ],
)
def test_what_cannot_be_is_said_at_its_place_and_nothing_is_lost(
    operator: FlaskClient, typed: MultiDict[str, str], words: str
) -> None:
    answer = operator.post("/charging/templates/new", data=typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{typed["step_at"]}"' in answer.text


def test_a_viewer_sees_and_changes_nothing(
    viewer: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    address = f"/charging/templates/{night.id}"
    assert viewer.get(address).status_code == 200
    assert "Apply it" not in viewer.get(address).text
    assert viewer.get("/stations/1/charging").status_code == 200
    assert viewer.get("/stations/1/charging/plot.json").status_code == 200
    for path in (f"{address}/edit", f"{address}/apply", "/charging/templates/new"):
        assert viewer.get(path).status_code == 403
    for path in (f"{address}/edit", f"{address}/delete", f"{address}/confirm", f"{address}/apply"):
        assert viewer.post(path).status_code == 403
    assert viewer.post("/stations/1/charging/forget").status_code == 403


# -- what became of it ---------------------------------------------------------------------------------------------


def test_an_application_is_followed_to_its_end(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    address = apply(operator, night, "1:1")
    assert "0 of 1 are done: 1 on its way." in operator.get(address).text
    station.answer()
    page = operator.get(address, headers=PARTIAL).text
    assert "Of 1: 1 installed." in page
    assert "Installed" in page
    assert "<html" not in page
    assert "1 installed" in operator.get("/charging").text


def test_a_refusal_says_why_and_what_was_done_instead(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    station.says = lambda action, payload: "Rejected" if payload["csChargingProfiles"]["stackLevel"] else "Accepted"
    address = apply(operator, night, "1:1")
    station.answer()
    for page in (operator.get(address).text, operator.get("/stations/1/charging").text):
        assert "Installed in another way" in page
        assert "on stack level 0" in page
        assert "The station refused 1 other form before." in page
    assert "It takes profiles up to stack level 0." in page
    operator.post("/stations/1/charging/forget")
    assert "up to stack level" not in operator.get("/stations/1/charging").text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("Rejected", "The station refused it in each of"),
        ("[NotSupported]", "The station says that it has no smart charging."),
        ("[InternalError]", "Something went wrong inside the station."),
    ],
)
def test_a_station_that_takes_nothing_is_told_apart(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer, answer: str, words: str
) -> None:
    station.says = lambda action, payload: answer
    address = apply(operator, night, "1:1")
    station.answer()
    page = operator.get(address).text
    assert "Of 1: 1 refused." in page
    assert words in page


def test_many_places_are_given_to_in_steps_and_listed_in_pages(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    address = apply(operator, night, *(f"1:{number}" for number in range(1, 121)))
    page = operator.get(address).text
    assert "0 of 120 are done: 120 on their way." in page
    assert "1 to 100 of 120" in page


def test_requests_go_with_a_deleted_application_only(
    store: Store, night: ChargingProfileTemplate, operator: FlaskClient, station: Answerer
) -> None:
    apply(operator, night, "1:1")
    operator.post(f"/charging/templates/{night.id}/delete")
    with store.reading():
        assert ChargingProfileRequest.select().count() == 1
