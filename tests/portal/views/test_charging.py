"""Pages of charging profiles: drawing, applying, following, and what a station holds."""

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from ocpp_server.charging.limits import Traits
from ocpp_server.models import ChargePoint, ChargingProfileRequest, ChargingProfileTemplate, Command
from ocpp_server.services.smart_charging import charging_traits
from ocpp_server.services.station import connectors
from ocpp_server.store import Store
from tests.charging_station import Answerer
from tests.portal.conftest import PARTIAL

NIGHT = [
    ("name", "Night"),
    ("purpose", "TxDefaultProfile"),
    ("repeat", "Daily"),
    ("unit", "A"),
    ("zone", "Europe/Berlin"),
]


def form(*steps: tuple[str, str], **more: str) -> MultiDict[str, str]:
    """What the editor sends; steps are (time, limit), or (weekday, time, limit)."""
    found = MultiDict({**dict(NIGHT), "stack_level": "1", **more})
    for step in steps:
        day, at, limit = step if len(step) == 3 else ("0", *step)
        found.add("step_day", day)
        found.add("step_at", at)
        found.add("step_limit", limit)
    return found


@pytest.fixture
def station(store: Store, add_station: Callable[..., ChargePoint]) -> Answerer:
    point = add_station(label="By the gate")
    status = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
    store.write(lambda unit: connectors.report(unit, point.id, status, 0))
    return Answerer(store, point)


@pytest.fixture
def night(operator: FlaskClient, store: Store) -> ChargingProfileTemplate:
    answer = operator.post("/charging/templates/new", data=form(("00:00", "16"), ("06:00", "8"), ("22:00", "16")))
    assert answer.status_code == 303, answer.text
    with store.reading():
        return ChargingProfileTemplate.get()


def apply(client: FlaskClient, night: ChargingProfileTemplate, *spots: str) -> str:
    """The address of the page that follows it."""
    answer = client.post(f"/charging/templates/{night.id}/apply", data={"spot": list(spots)})
    assert answer.status_code == 303
    return answer.location


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


# -- applying ------------------------------------------------------------------------------------------------------


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


# -- a station -----------------------------------------------------------------------------------------------------


def test_a_station_without_profiles_says_so(operator: FlaskClient, station: Answerer) -> None:
    page = operator.get("/stations/1/charging").text
    assert "No profile" in page
    assert "no limit" in page
    assert operator.get("/stations/1/charging/plot.json?connector=1").json["lines"][0]["values"] == [None, None]
    assert operator.get("/stations/99/charging/plot.json").status_code == 404


def test_what_a_station_holds_is_listed_with_its_limits(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    apply(operator, night, "1:1")
    station.answer()
    page = operator.get("/stations/1/charging").text
    assert "Every day: 8 A to 16 A in 3 steps" in page
    assert "/stations/1/commands/ClearChargingProfile?id=100000101" in page
    plot = operator.get("/stations/1/charging/plot.json?connector=1").json
    assert plot["unit"] == "A"
    assert set(plot["lines"][0]["values"]) == {8.0, 16.0}


def test_a_car_that_draws_more_than_allowed_is_shown(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer, store: Store
) -> None:
    session = station.start("2026-11-22T10:00:00Z", 1)
    apply(operator, night, "1:1")
    station.answer()
    for watts, is_shown in ((5000, False), (22_000, True)):
        sql = "UPDATE charging_transaction SET power_w = ? WHERE id = ?"
        store.write(lambda unit, watts=watts, sql=sql: unit.execute(sql, watts, session))
        assert ("draws 22.0 kW" in operator.get("/stations/1/charging").text) == is_shown


def test_a_limit_at_which_cars_stop_is_warned_of(operator: FlaskClient, station: Answerer, store: Store) -> None:
    operator.post("/charging/templates/new", data=form(("00:00", "0"), ("06:00", "16")))
    assert "Below 6 A a car stops charging" in operator.post("/charging/templates/1/confirm", data={"spot": "1:0"}).text


def test_many_places_are_given_to_in_steps_and_listed_in_pages(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    address = apply(operator, night, *(f"1:{number}" for number in range(1, 121)))
    page = operator.get(address).text
    assert "0 of 120 are done: 120 on their way." in page
    assert "1 to 100 of 120" in page


def test_nothing_learnt_is_worded_for_each_trait(operator: FlaskClient, store: Store, station: Answerer) -> None:
    traits = Traits(supported=False, max_stack_level=2, unit="W", kind="Relative", charge_point_max=False)
    store.write(lambda unit: charging_traits.learn(unit, 1, traits))
    page = operator.get("/stations/1/charging").text
    for words in ("no smart charging", "stack level 2", "limits in watts", "kind Relative", "its share as a default"):
        assert words in page


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


# -- forms of requests ---------------------------------------------------------------------------------------------


def test_a_station_with_many_connectors_takes_no_more_queries(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer, queries: Callable
) -> None:
    counts = []
    for connectors_ in (1, 6):
        apply(operator, night, *(f"1:{number}" for number in range(1, 1 + connectors_)))
        station.answer()
        with queries() as statements:
            operator.get("/stations/1/charging")
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_profile_is_sent_from_a_schedule_or_by_hand(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer, store: Store
) -> None:
    address = "/stations/1/commands/SetChargingProfile"
    assert "Night" in operator.get(address).text
    assert operator.post(address, data={"connectorId": "2", "schedule": str(night.id)}).status_code == 303
    station.answer()
    (profile,) = station.profiles
    assert (profile["chargingProfileId"], profile["recurrencyKind"]) == (100_000_102, "Daily")
    neither = operator.post(address, data={"connectorId": "2"})
    assert neither.status_code == 422
    assert "Choose a schedule, or write a profile." in neither.text
    odd = operator.post(address, data={"connectorId": "2", "schedule": "x"})
    assert "There is no such schedule any more." in odd.text
    by_hand = json.dumps({**profile, "chargingProfileId": 7, "stackLevel": 3})
    operator.post(address, data={"connectorId": "1", "csChargingProfiles": by_hand})
    station.answer()
    assert station.profiles[-1]["chargingProfileId"] == 7


def test_a_remote_start_takes_a_schedule_along(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    data = {"idTag": "CARD", "connectorId": "1", "schedule": str(night.id)}
    operator.post("/stations/1/commands/RemoteStartTransaction", data=data)
    station.answer()
    (_action, payload) = station.asked[0]
    profile = payload["chargingProfile"]
    assert (profile["chargingProfilePurpose"], profile["chargingProfileKind"]) == ("TxProfile", "Absolute")
    assert not {"transactionId", "recurrencyKind"} & set(profile)


def test_clearing_is_confirmed_with_what_goes(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer, store: Store
) -> None:
    apply(operator, night, "1:1", "1:2")
    station.answer()
    address = "/stations/1/commands/ClearChargingProfile"
    page = operator.post(address, data={}).text
    assert "2 profiles are removed from 1 station (Every session: 2)." in page
    assert "By our record no profile fits this." in operator.post(address, data={"id": "5"}).text
    operator.post(address, data={"connectorId": "1", "confirmed": "1"})
    station.answer()
    assert "100000101" not in operator.get("/stations/1/charging").text


def test_a_composite_schedule_is_readable_and_differences_are_marked(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer, store: Store
) -> None:
    apply(operator, night, "1:1")
    station.answer()
    operator.post("/stations/1/commands/GetCompositeSchedule", data={"connectorId": "1", "duration": "3600"})
    periods = [{"startPeriod": 0, "limit": 32.0}]
    schedule = {"chargingRateUnit": "A", "duration": 3600, "chargingSchedulePeriod": periods}
    station.answer(connectorId=1, chargingSchedule=schedule)
    with store.reading():
        command = Command.get(Command.action == "GetCompositeSchedule")
    page = operator.get(f"/commands/{command.id}").text
    assert "The station allows more than its profiles say" in page
    assert "32 A" in page
    assert "allows more" in operator.get("/stations/1/charging").text
    lines = operator.get("/stations/1/charging/plot.json?connector=1").json["lines"]
    assert [line["name"] for line in lines] == ["calculated", "reported"]


def test_a_refused_composite_schedule_is_just_an_answer(operator: FlaskClient, station: Answerer, store: Store) -> None:
    operator.post("/stations/1/commands/GetCompositeSchedule", data={"connectorId": "1", "duration": "3600"})
    station.says = lambda action, payload: "Rejected"
    station.answer()
    assert "cannot report a schedule for this connector" in operator.get("/commands/1").text


def test_applying_is_on_record(
    operator: FlaskClient, admin: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    apply(operator, night, "1:1")
    page = admin.get("/settings/audit").text
    assert "charging.apply" in page
    assert "charging.template.add" in page


def test_requests_go_with_a_deleted_application_only(
    store: Store, night: ChargingProfileTemplate, operator: FlaskClient, station: Answerer
) -> None:
    apply(operator, night, "1:1")
    operator.post(f"/charging/templates/{night.id}/delete")
    with store.reading():
        assert ChargingProfileRequest.select().count() == 1
