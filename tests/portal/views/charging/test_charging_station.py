"""A station's charging page: what it holds, what that adds up to, what was learnt."""

from collections.abc import Callable

from flask.testing import FlaskClient

from ocpp_server.charging.limits import Traits
from ocpp_server.models import ChargingProfileTemplate
from ocpp_server.services import commands
from ocpp_server.services.smart_charging import charging_traits
from ocpp_server.store import Store
from tests.charging_station import Answerer
from tests.portal.views.charging.schedules import apply


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


def test_nothing_learnt_is_worded_for_each_trait(operator: FlaskClient, store: Store, station: Answerer) -> None:
    traits = Traits(supported=False, max_stack_level=2, unit="W", kind="Relative", charge_point_max=False)
    store.write(lambda unit: charging_traits.learn(unit, 1, traits))
    page = operator.get("/stations/1/charging").text
    for words in ("no smart charging", "stack level 2", "limits in watts", "kind Relative", "its share as a default"):
        assert words in page


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


def test_what_is_not_certain_for_want_of_an_answer_is_marked(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer, store: Store
) -> None:
    apply(operator, night, "1:1")
    station.answer()
    assert "not certain" not in operator.get("/stations/1/charging").text
    store.write(lambda unit: commands.request(unit, 1, "ClearChargingProfile", {"connectorId": 1}, by="Otto"))
    apply(operator, night, "1:2")
    for _request in range(2):
        claimed = store.write(lambda unit: commands.claim(unit, 1))
        store.write(lambda unit, claimed=claimed: commands.timed_out(unit, claimed))
    page = operator.get("/stations/1/charging").text
    assert page.count("not certain") == 2
    assert "may have removed or replaced it got no answer" in page
    assert "the station may hold it" in page
    assert "100000102" in page
