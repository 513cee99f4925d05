"""Charging schedules through the API: drawn, applied, and looked at."""

from collections.abc import Callable

import pytest

from ocpp_server.models import ChargePoint, ChargingProfileRequest
from ocpp_server.services import commands
from ocpp_server.store import Store
from tests.charging_station import Answerer
from tests.portal.api.conftest import Api

STEPS = [{"at_seconds": 0, "limit": 16}, {"at_seconds": 21_600, "limit": 8.5}]


@pytest.fixture
def station(store: Store, add_station: Callable[..., ChargePoint]) -> Answerer:
    return Answerer(store, add_station())


def test_a_schedule_is_added_changed_listed_and_deleted(api: Api) -> None:
    made = api.post("/charging/templates", {"name": "Night", "steps": STEPS, "zone": "Europe/Berlin"})
    assert made.status_code == 201
    address = made.headers["Location"].removeprefix("/api/v1")
    assert api.get(address).json["steps"][1] == {"at_seconds": 21_600, "limit": 8.5}
    assert (made.json["purpose"], made.json["repeat"], made.json["stack_level"]) == ("TxDefaultProfile", "Daily", 1)
    changed = api.patch(address, {"unit": "W", "begins_on": "2026-12-24T00:00:00Z"}).json
    assert (changed["unit"], changed["begins_on"], changed["name"]) == ("W", "2026-12-24T00:00:00Z", "Night")
    assert [item["name"] for item in api.get("/charging/templates").json["items"]] == ["Night"]
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404


def test_a_bad_schedule_is_refused_with_its_field(api: Api) -> None:
    answer = api.post("/charging/templates", {"name": "Late", "steps": [{"at_seconds": 5, "limit": 1}]})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "steps"


def test_a_schedule_is_applied_and_its_outcome_shown(api: Api, station: Answerer) -> None:
    template = api.post("/charging/templates", {"name": "Night", "steps": STEPS}).json
    targets = [{"station": "cp-1", "connector_id": 1}, {"station": "CP-1", "connector_id": 1}]
    made = api.post("/charging/applications", {"template_id": template["id"], "targets": targets})
    assert made.status_code == 201
    assert [item["state"] for item in made.json["requests"]] == ["waiting"]
    station.answer()
    address = made.headers["Location"].removeprefix("/api/v1")
    (request,) = api.get(address).json["requests"]
    assert (request["station"], request["state"], request["attempts"][0]["answer"]) == ("CP-1", "installed", "Accepted")
    (held,) = api.get("/stations/CP-1/charging-profiles").json["items"]
    assert (held["connector_id"], held["purpose"], held["stack_level"]) == (1, "TxDefaultProfile", 1)
    assert api.get("/stations/CP-1/charging-requests").json["items"] == [request]
    composite = api.get("/stations/CP-1/composite-schedule", connector_id=1, unit="W").json
    assert composite["calculated"][0]["limit"] in (16 * 690, 8.5 * 690)
    assert composite["reported"] is None


def test_a_profile_that_may_be_gone_for_want_of_an_answer_is_not_certain(
    api: Api, station: Answerer, store: Store
) -> None:
    template = api.post("/charging/templates", {"name": "Night", "steps": STEPS}).json
    api.post("/charging/applications", {"template_id": template["id"], "targets": [{"station": "CP-1"}]})
    station.answer()
    assert [item["is_certain"] for item in api.get("/stations/CP-1/charging-profiles").json["items"]] == [True]
    number = station.charge_point.id
    store.write(lambda unit: commands.request(unit, number, "ClearChargingProfile", {}, by="Otto"))
    claimed = store.write(lambda unit: commands.claim(unit, number))
    store.write(lambda unit: commands.timed_out(unit, claimed))
    assert [item["is_certain"] for item in api.get("/stations/CP-1/charging-profiles").json["items"]] == [False]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "template_id"),
        ({"template_id": 77}, "template_id"),
        ({"template_id": 1, "profile": {}}, "template_id"),
        ({"profile": {}}, "csChargingProfiles.chargingProfilePurpose"),
    ],
)
def test_what_is_applied_must_be_there_and_valid(api: Api, station: Answerer, body: dict, field: str) -> None:
    answer = api.post("/charging/applications", {"targets": [{"station": "CP-1"}], **body})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"].startswith(field.partition(".")[0])


def test_an_unknown_station_is_named_and_nothing_is_sent(api: Api, station: Answerer, store: Store) -> None:
    template = api.post("/charging/templates", {"name": "Night", "steps": STEPS}).json
    targets = [{"station": "CP-1"}, {"station": "NOBODY"}]
    answer = api.post("/charging/applications", {"template_id": template["id"], "targets": targets})
    assert answer.json["errors"][0]["field"] == "targets.1.station"
    with store.reading():
        assert ChargingProfileRequest.select().count() == 0


def test_what_was_learnt_is_shown_and_forgotten(api: Api, station: Answerer) -> None:
    station.says = lambda action, payload: "[NotSupported]"
    template = api.post("/charging/templates", {"name": "Night", "steps": STEPS}).json
    api.post("/charging/applications", {"template_id": template["id"], "targets": [{"station": "CP-1"}]})
    station.answer()
    assert api.get("/stations/CP-1/charging-capabilities").json["learnt"]["supported"] is False
    assert api.delete("/stations/CP-1/charging-capabilities").status_code == 204
    assert api.get("/stations/CP-1/charging-capabilities").json["learnt"]["supported"] is None


def test_a_viewer_sees_and_changes_nothing(as_role: Callable[[str], Api], station: Answerer) -> None:
    viewer = as_role("viewer")
    assert viewer.get("/charging/templates").status_code == 200
    assert viewer.post("/charging/templates", {"name": "Night", "steps": STEPS}).status_code == 403
    assert viewer.post("/charging/applications", {"targets": [{"station": "CP-1"}]}).status_code == 403
    assert viewer.delete("/stations/CP-1/charging-capabilities").status_code == 403
