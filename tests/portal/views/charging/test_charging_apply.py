"""Giving a schedule to connectors and stations: choosing, confirming, applying."""

import json
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.charging.limits import Traits
from ocpp_server.models import ChargePoint, ChargingProfileTemplate
from ocpp_server.services.configuration import configuration
from ocpp_server.services.site import sites
from ocpp_server.services.site.sites import Circuit, Member, Plan
from ocpp_server.services.smart_charging import charging_traits
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.charging_station import Answerer
from tests.portal.views.charging.schedules import apply, form


def confirm(client: FlaskClient, template_id: int, *spots: str) -> str:
    """The page that asks whether it is meant."""
    return client.post(f"/charging/templates/{template_id}/confirm", data={"spot": list(spots)}).text


def drawn(page: str) -> dict[str, set[float | None]]:
    """The limits in the first plot of a page, by the labels of its lines."""
    found = re.search("data-plot='([^']*)'", page)
    assert found is not None
    return {line["label"]: set(line["values"]) for line in json.loads(found[1])["lines"]}


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
    assert re.search(r"is back\.\s+1 session runs there and may be slowed or paused by it\.", page)
    assert "With it" in page
    nothing = operator.post(f"/charging/templates/{night.id}/confirm", data={"spot": ["77:1", "x", ":"]})
    assert nothing.status_code == 303


def test_what_results_is_what_the_station_would_be_sent(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer, store: Store
) -> None:
    limits = {"ChargeProfileMaxStackLevel": "0", "ChargingScheduleMaxPeriods": "1"}
    for key, value in limits.items():
        item = {"key": key, "value": value}
        store.write(lambda unit, item=item: configuration.report(unit, 1, item, clock.now()))
    store.write(lambda unit: charging_traits.learn(unit, 1, Traits(unit="W")))
    page = confirm(operator, night.id, "1:1")
    assert "So that it is taken there, the schedule is sent on stack level 0, in watts, in 1 step." in page
    assert drawn(page)["With it"] == {8.0}


def test_a_limit_that_becomes_the_connectors_defaults_is_shown_there(
    operator: FlaskClient, station: Answerer, store: Store
) -> None:
    store.write(lambda unit: charging_traits.learn(unit, 1, Traits(charge_point_max=False)))
    whole = form(("00:00", "32"), purpose="ChargePointMaxProfile")
    operator.post("/charging/templates/new", data=whole)
    page = confirm(operator, 1, "1:0")
    assert "By the gate, connector 1" in page
    assert "as a default of 32 A for each connector" in page
    assert drawn(page)["With it"] == {32.0}


def test_a_schedule_for_the_running_session_is_shown_on_its_connector(
    operator: FlaskClient, station: Answerer, store: Store
) -> None:
    station.start("2026-11-22T10:00:00Z", 1, connector_id=2)
    operator.post("/charging/templates/new", data=form(("00:00", "10"), purpose="TxProfile"))
    page = confirm(operator, 1, "1:0")
    assert "By the gate, connector 2" in page
    assert drawn(page)["With it"] == {10.0}


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


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"purpose": "TxDefaultProfile"}, "and no more than the schedule allows"),
        ({"purpose": "TxDefaultProfile", "stack_level": "0"}, "has the stack level of the site"),
        ({"purpose": "TxProfile"}, "limit for the session wins"),
        ({"purpose": "TxProfile", "stack_level": "9"}, "until the site sends its next one"),
        ({"purpose": "TxProfile", "stack_level": "10"}, "until the site sends its next one"),
        ({"purpose": "ChargePointMaxProfile"}, "Both count: the lower limit holds."),
    ],
)
def test_where_a_site_shares_the_connector_both_pages_say_what_wins(
    operator: FlaskClient, store: Store, station: Answerer, typed: dict[str, str], words: str
) -> None:
    operator.post("/charging/templates/new", data=form(("00:00", "16"), **typed))
    assert "A site shares" not in confirm(operator, 1, "1:0")
    plan = Plan("Yard", [Circuit("Main", 18.0)], [Member(1, 1, "Main")])
    store.write(lambda unit: sites.save(unit, plan))
    chosen = operator.get("/charging/templates/1/apply").text
    assert "A site shares connector 1 of By the gate. " in chosen
    assert words in chosen
    assert "Connector 1: site Yard" in chosen
    confirmed = confirm(operator, 1, "1:0")
    assert "A site shares connector 1 of By the gate. " in confirmed
    assert words in confirmed
    assert "A site shares" not in confirm(operator, 1, "1:2")


def test_a_site_that_may_not_ask_the_station_wins_nothing(
    operator: FlaskClient, store: Store, night: ChargingProfileTemplate, station: Answerer
) -> None:
    plan = Plan("Yard", [Circuit("Main", 18.0)], [Member(1, 1, "Main")])
    store.write(lambda unit: sites.save(unit, plan))
    store.write(lambda unit: charge_points.update(unit, 1, spontaneous_calls=False))
    assert "A site shares" not in confirm(operator, night.id, "1:1")


def test_on_a_station_with_few_stack_levels_the_lowered_ones_are_compared(
    operator: FlaskClient, store: Store, station: Answerer
) -> None:
    plan = Plan("Yard", [Circuit("Main", 18.0)], [Member(1, 1, "Main")])
    store.write(lambda unit: sites.save(unit, plan))
    store.write(lambda unit: charging_traits.learn(unit, 1, Traits(max_stack_level=0)))
    operator.post("/charging/templates/new", data=form(("00:00", "16"), purpose="TxProfile"))
    assert "until the site sends its next one" in confirm(operator, 1, "1:1")
