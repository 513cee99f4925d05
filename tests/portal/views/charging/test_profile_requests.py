"""Requests with a charging profile in them: their forms, warnings and results."""

import json
from collections.abc import Callable

from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.charging.limits import Traits
from ocpp_server.models import ChargePoint, ChargingProfileTemplate, Command
from ocpp_server.services.configuration import configuration
from ocpp_server.services.smart_charging import charging_traits
from ocpp_server.store import Store
from tests.charging_station import Answerer
from tests.portal.views.charging.schedules import apply


def knows(store: Store, charge_point_id: int, **keys: str) -> None:
    """What the station's configuration says."""
    for key, value in keys.items():
        item = {"key": key, "value": value}
        store.write(lambda unit, item=item: configuration.report(unit, charge_point_id, item, clock.now()))


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


def test_each_remote_start_has_a_profile_of_its_own(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer
) -> None:
    apply(operator, night, "1:1")
    for connector_id in ("", "", "1"):
        data = {"idTag": "CARD", "connectorId": connector_id, "schedule": str(night.id)}
        operator.post("/stations/1/commands/RemoteStartTransaction", data=data)
    station.answer()
    (default,) = station.profiles
    starts = [payload["chargingProfile"] for action, payload in station.asked if action == "RemoteStartTransaction"]
    numbers = {profile["chargingProfileId"] for profile in (default, *starts)}
    assert len(numbers) == 4
    assert max(numbers) < 2**31


def test_a_schedule_that_goes_with_a_start_is_fitted_to_the_station_and_the_change_is_shown_before(
    operator: FlaskClient, night: ChargingProfileTemplate, station: Answerer, store: Store
) -> None:
    knows(store, 1, ChargeProfileMaxStackLevel="0", ChargingScheduleAllowedChargingRateUnit="Power")
    address = "/stations/1/commands/RemoteStartTransaction"
    data = {"idTag": "CARD", "connectorId": "1", "schedule": str(night.id)}
    page = operator.post(address, data=data).text
    assert "So that it is taken there, the schedule is sent on stack level 0, in watts." in page
    assert station.answer() == 0
    operator.post(address, data={**data, "confirmed": "1"})
    station.answer()
    sent = station.asked[0][1]["chargingProfile"]
    assert (sent["stackLevel"], sent["chargingSchedule"]["chargingRateUnit"]) == (0, "W")
    assert {item["limit"] for item in sent["chargingSchedule"]["chargingSchedulePeriod"]} == {11_040.0, 5520.0}
    by_hand = json.dumps({**sent, "stackLevel": 3})
    operator.post(address, data={"idTag": "CARD", "chargingProfile": by_hand})
    station.answer()
    assert station.asked[-1][1]["chargingProfile"]["stackLevel"] == 3


def test_for_many_stations_it_is_fitted_to_all_of_them(
    operator: FlaskClient,
    night: ChargingProfileTemplate,
    station: Answerer,
    store: Store,
    add_station: Callable[..., ChargePoint],
) -> None:
    other = Answerer(store, add_station("CP-2"))
    knows(store, 1, ChargeProfileMaxStackLevel="8", ChargingScheduleMaxPeriods="1")
    store.write(lambda unit: charging_traits.learn(unit, 2, Traits(max_stack_level=0)))
    data = {"operation": "RemoteStartTransaction", "station": ["1", "2"], "idTag": "CARD", "schedule": str(night.id)}
    page = operator.post("/batches/new", data={**data, "send": "1"}).text
    assert "the schedule is sent on stack level 0, in 1 step." in page
    operator.post("/batches/new", data={**data, "confirmed": "1"})
    for one in (station, other):
        one.answer()
        sent = one.asked[0][1]["chargingProfile"]
        assert (sent["stackLevel"], len(sent["chargingSchedule"]["chargingSchedulePeriod"])) == (0, 1)


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
