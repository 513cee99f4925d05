from collections.abc import Callable
from urllib.parse import quote

import pytest

from ocpp_server import stations
from ocpp_server.models import ChargePoint
from ocpp_server.services.station import connectors
from ocpp_server.store import Store
from tests.portal.api.conftest import Api

PASSWORD = "0123456789abcdef"


def test_a_station_is_added_shown_changed_and_deleted(api: Api) -> None:
    answer = api.post("/stations", {"identity": "CP-1", "registration": "pending", "label": "Gate"})
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/v1/stations/CP-1"
    station = answer.json
    assert (station["identity"], station["registration"], station["label"]) == ("CP-1", "pending", "Gate")
    assert (station["connected"], station["last_seen_at"], station["connectors"]) == (False, None, [])
    assert api.get("/stations/cp-1").json == station

    changed = api.patch("/stations/CP-1", {"registration": "accepted", "spontaneous_calls": False})
    assert changed.status_code == 200
    assert changed.json == {**station, "registration": "accepted", "spontaneous_calls": False}

    gone = api.delete("/stations/CP-1")
    assert (gone.status_code, gone.text) == (204, "")
    assert api.get("/stations/CP-1").status_code == 404
    assert api.post("/stations", {"identity": "CP-1"}).status_code == 201


def test_a_password_is_only_written(api: Api, store: Store) -> None:
    added = api.post("/stations", {"identity": "CP-1", "password": PASSWORD, "security_profile": 2})
    assert (added.json["has_password"], added.json["security_profile"]) == (True, 2)
    assert PASSWORD not in added.text
    removed = api.patch("/stations/CP-1", {"password": None, "security_profile": 0})
    assert (removed.json["has_password"], removed.json["security_profile"]) == (False, 0)
    set_again = api.patch("/stations/CP-1", {"password": PASSWORD})
    assert (set_again.json["has_password"], set_again.json["security_profile"]) == (True, 1)


def test_an_empty_password_opens_nothing(api: Api) -> None:
    assert api.post("/stations", {"identity": "CP-1", "password": ""}).status_code == 422
    api.post("/stations", {"identity": "CP-1", "password": PASSWORD})
    answer = api.patch("/stations/CP-1", {"password": ""})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "password")
    assert api.get("/stations/CP-1").json["has_password"]


def test_all_switches_can_be_set_at_once(api: Api) -> None:
    switches = {"spontaneous_calls": False, "strict_subprotocol": True, "security_profile": 3, "location": "Yard"}
    answer = api.post("/stations", {"identity": "CP-1", **switches})
    assert {name: answer.json[name] for name in switches} == switches


def test_a_second_station_of_the_same_identity_is_a_conflict(api: Api) -> None:
    assert api.post("/stations", {"identity": "CP-1"}).status_code == 201
    answer = api.post("/stations", {"identity": "cp-1"})
    assert answer.status_code == 409
    assert answer.json["errors"][0]["field"] == "identity"


def test_an_identity_may_hold_anything_printable(api: Api) -> None:
    identity = "Ünit 1?#%25"
    location = api.post("/stations", {"identity": identity}).headers["Location"]
    assert location == f"/api/v1/stations/{quote(identity, safe='')}"
    station = api.get(location.removeprefix("/api/v1")).json
    assert station["identity"] == identity
    assert station["connect_url"] == f"ws://localhost/ocpp/{quote(identity, safe='')}"


def test_connectors_come_with_their_status(api: Api, store: Store, add_station: Callable[..., ChargePoint]) -> None:
    station = add_station()
    payload = {"connectorId": 1, "status": "Faulted", "errorCode": "GroundFailure", "info": "wet"}
    store.write(lambda unit: connectors.report(unit, stations.of(station), payload, 1_700_000_000_000, []))
    (connector,) = api.get("/stations/CP-1").json["connectors"]
    assert connector == {
        "connector_id": 1,
        "status": "Faulted",
        "error_code": "GroundFailure",
        "info": "wet",
        "vendor_id": None,
        "vendor_error_code": None,
        "timestamp": "2023-11-14T22:13:20Z",
        "reservation": None,
    }


def test_a_list_comes_in_parts(api: Api, add_station: Callable[..., ChargePoint]) -> None:
    for number in range(7):
        add_station(f"CP-{number}")
    seen, cursor, parts = [], None, 0
    while cursor or not parts:
        page = api.get("/stations", limit=3, **({"cursor": cursor} if cursor else {})).json
        seen += [item["identity"] for item in page["items"]]
        cursor, parts = page["next"], parts + 1
    assert seen == [f"CP-{number}" for number in range(7)]
    assert parts == 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "gate"}, ["CP-2"]),
        ({"registration": "pending"}, ["CP-1"]),
        ({"connected": "true"}, []),
        ({"connected": "false"}, ["CP-1", "CP-2"]),
    ],
)
def test_a_list_is_filtered(
    api: Api, add_station: Callable[..., ChargePoint], query: dict[str, str], found: list[str]
) -> None:
    add_station("CP-1", registration="pending")
    add_station("CP-2", label="By the Gate")
    assert [item["identity"] for item in api.get("/stations", **query).json["items"]] == found


def test_a_list_takes_as_many_queries_however_long_it_is(
    api: Api, add_station: Callable[..., ChargePoint], queries: Callable
) -> None:
    counts = []
    for number in range(2):
        for other in range(5):
            add_station(f"CP-{number}-{other}")
        with queries() as statements:
            assert len(api.get("/stations").json["items"]) == 5 * (number + 1)
        counts.append(sum("SELECT" in statement for statement in statements))
    assert counts == [4, 4]
