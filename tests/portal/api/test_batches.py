"""Many stations at once, and configuration templates."""

from collections.abc import Callable

import pytest

from ocpp_server import clock
from ocpp_server.models import ChargePoint
from ocpp_server.services.configuration import configuration
from ocpp_server.store import Store
from tests.portal.api.conftest import Api

RESET = {"action": "Reset", "payload": {"type": "Soft"}}


@pytest.fixture
def three(add_station: Callable[..., ChargePoint]) -> list[ChargePoint]:
    registrations = ("accepted", "accepted", "rejected")
    return [add_station(f"CP-{number}", registration=word) for number, word in enumerate(registrations, start=1)]


def report(store: Store, station: ChargePoint, **values: str) -> None:
    def work(unit: object) -> None:
        for key, value in values.items():
            configuration.report(unit, station.id, {"key": key, "value": value}, clock.now())

    store.write(work)


def test_many_stations_are_asked_followed_and_taken_back(api: Api, three: list[ChargePoint]) -> None:
    answer = api.post("/batches", {**RESET, "stations": ["CP-1", "cp-2", "CP-3", "CP-1"], "lifetime": None})
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/batches/{answer.json['id']}")
    batch = answer.json
    assert (batch["action"], batch["payload"], batch["total"], batch["open"]) == ("Reset", {"type": "Soft"}, 3, 2)
    assert {(group["state"], group["count"]) for group in batch["groups"]} == {("queued", 2), ("cancelled", 1)}
    (left_out,) = [group for group in batch["groups"] if group["state"] == "cancelled"]
    assert "Accept it first" in left_out["error_description"]
    assert api.get(f"/batches/{batch['id']}").json == batch == api.get("/batches").json["items"][0]

    waiting = api.get(f"/batches/{batch['id']}/commands", state="queued").json["items"]
    assert [(item["station"], item["expires_at"]) for item in waiting] == [("CP-2", None), ("CP-1", None)]
    (left_out,) = api.get(f"/batches/{batch['id']}/commands", state="cancelled").json["items"]
    assert "Accept it first" in left_out["reason"]
    assert api.delete(f"/batches/{batch['id']}").json == {"cancelled": 2}
    assert api.delete(f"/batches/{batch['id']}").json == {"cancelled": 0}
    assert api.get(f"/batches/{batch['id']}").json["open"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**RESET, "stations": ["CP-1", "NOWHERE"]}, "stations"),
        ({**RESET, "stations": []}, "stations"),
        ({"action": "Reset", "payload": {}, "stations": ["CP-1"]}, "payload.type"),
        ({"action": "Explode", "stations": ["CP-1"]}, "action"),
        ({**RESET, "stations": ["CP-1"], "lifetime": 0}, "lifetime"),
    ],
)
def test_what_cannot_be_asked_is_named(api: Api, three: list[ChargePoint], body: dict, field: str) -> None:
    answer = api.post("/batches", body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert api.get("/batches").json["items"] == []


def test_a_template_is_kept_compared_and_applied(api: Api, store: Store, three: list[ChargePoint]) -> None:
    keys = {"HeartbeatInterval": "300", "LocalPreAuthorize": "true"}
    added = api.post("/configuration-templates", {"name": "Yard", "keys": keys})
    path = added.headers["Location"].removeprefix("/api/v1")
    assert (added.status_code, added.json["keys"]) == (201, keys)
    assert api.patch(path, {"name": "Whole yard"}).json["keys"] == keys
    assert [item["name"] for item in api.get("/configuration-templates").json["items"]] == ["Whole yard"]

    report(store, three[0], HeartbeatInterval="300", LocalPreAuthorize="TRUE")
    report(store, three[1], HeartbeatInterval="60", LocalPreAuthorize="true")
    stations = {"stations": ["CP-1", "CP-2"]}
    (difference,) = api.ask("POST", f"{path}/differences", stations).json["items"]
    assert difference == {
        "station": "CP-2",
        "key": "HeartbeatInterval",
        "current": "60",
        "wanted": "300",
        "sent": True,
    }
    (batch,) = api.post(f"{path}/apply", {**stations, "lifetime": None}).json["items"]
    assert (batch["action"], batch["payload"]["value"], batch["total"]) == ("ChangeConfiguration", "300", 1)
    assert (api.delete(path).status_code, api.get(path).status_code) == (204, 404)


def test_a_template_without_sense_is_refused(api: Api) -> None:
    for body, field in [
        ({"name": "A", "keys": {}}, "keys"),
        ({"name": " ", "keys": {"A": "1"}}, "name"),
        ({"name": "A", "keys": {"AuthorizationKey": "secret"}}, "keys"),
        ({"name": "A", "keys": {"A": "1", "a": "2"}}, "keys"),
    ]:
        answer = api.post("/configuration-templates", body)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_two_stations_are_compared_and_their_changes_listed(api: Api, store: Store, three: list[ChargePoint]) -> None:
    report(store, three[0], A="1", B="same")
    report(store, three[1], A="2", B="same")
    report(store, three[0], A="3")
    items = api.get("/stations/CP-1/configuration/compared-with/CP-2").json["items"]
    assert items == [
        {"key": "A", "different": True, "value": "3", "other_value": "2"},
        {"key": "B", "different": False, "value": "same", "other_value": "same"},
    ]
    (change,) = api.get("/stations/CP-1/configuration/history", key="a").json["items"]
    assert (change["key"], change["old_value"], change["new_value"]) == ("A", "1", "3")
    assert change["source"] == "reported by the station"


def test_a_call_may_wait_for_its_station(api: Api, three: list[ChargePoint]) -> None:
    answer = api.post("/stations/CP-1/calls", {**RESET, "wait": False, "lifetime": None})
    assert (answer.status_code, answer.json["state"]) == (202, "queued")
    assert api.get(f"/commands/{answer.json['id']}").json["expires_at"] is None
    refused = api.post("/stations/CP-1/calls", {**RESET, "lifetime": None})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "lifetime")
