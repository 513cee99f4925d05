"""Reservations by the API."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocpp_server import clock
from ocpp_server.models import AuditEntry, Connector, Reservation
from ocpp_server.services.card import id_tags
from ocpp_server.services.reservation import reservation_records
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.portal.api.conftest import Api

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = {"starts_at": "2026-11-23T13:00:00Z", "expiry_date": "2026-11-23T14:00:00Z"}


@pytest.fixture(autouse=True)
def yard(store: Store) -> None:
    """CP-1 with connector 1, offline at noon, and the card ANNA of a group."""
    clock.use(lambda: NOON)

    def work(unit: Any) -> None:
        station = charge_points.add(unit, "CP-1")
        times = {"status_at": NOON, "received_at": NOON}
        Connector.create(charge_point=station, connector_id=1, status="Available", **times)
        id_tags.add(unit, "ANNA", parent_id_tag="FLEET")

    store.write(work)


def made(api: Api, **changes: Any) -> dict[str, Any]:
    body = {"station": "cp-1", "connector_id": 1, "id_tag": "ANNA", **LATER, **changes}
    answer = api.post("/reservations", body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/api/v1/reservations/{answer.json['id']}"
    return answer.json


def hold(store: Store, number: int) -> None:
    def work(unit: Any) -> None:
        row = Reservation.get_by_id(number)
        row.state = "active"
        reservation_records.keep(unit, row, "accepted")

    store.write(work)


def test_one_is_made_shown_and_listed(api: Api) -> None:
    one = made(api)
    assert one["warnings"] == []
    assert {name: one[name] for name in ("station", "state", "parent_id_tag", "reservation_id", "starts_at")} == {
        "station": "CP-1",
        "state": "planned",
        "parent_id_tag": "FLEET",
        "reservation_id": 1,
        "starts_at": "2026-11-23T13:00:00Z",
    }
    assert one["created_by"] == "token 1: operator"
    del one["warnings"]
    assert api.get("/reservations/1").json == one
    assert api.get("/reservations").json == {"items": [one], "next": None}


def test_without_a_beginning_it_is_for_now(api: Api) -> None:
    one = made(api, starts_at=None, parent_id_tag=None)
    assert (one["starts_at"], one["parent_id_tag"], one["status"]) == ("2026-11-23T12:00:00Z", None, "offline")
    assert any("offline" in warning for warning in one["warnings"])


def test_overlaps_are_warned_about_and_not_forbidden(api: Api) -> None:
    made(api)
    (warning,) = made(api)["warnings"]
    assert warning.startswith("It overlaps with a reservation for ANNA")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"expiry_date": "2026-11-23T11:00:00Z", "starts_at": None}, "expiry_date"),
        ({"expiry_date": "soon"}, "expiry_date"),
        ({"connector_id": -1}, "connector_id"),
        ({"id_tag": "X" * 21}, "id_tag"),
    ],
)
def test_what_cannot_be_meant_is_named(api: Api, changes: dict, field: str) -> None:
    answer = api.post("/reservations", {"station": "CP-1", "connector_id": 1, "id_tag": "ANNA", **LATER, **changes})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_an_unknown_station_or_reservation_is_not_found(api: Api) -> None:
    body = {"station": "NO", "connector_id": 1, "id_tag": "ANNA", **LATER}
    assert api.post("/reservations", body).status_code == 404
    for method in ("GET", "PATCH", "DELETE"):
        assert api.ask(method, "/reservations/99", {}).status_code == 404


def test_lists_are_filtered(api: Api) -> None:
    made(api)
    for query in (
        {"station": "cp-1"},
        {"id_tag": "anna"},
        {"state": "live"},
        {"state": "planned"},
        {"since": "2026-11-23T13:30:00Z", "until": "2026-11-23T13:31:00Z"},
    ):
        assert len(api.get("/reservations", **query).json["items"]) == 1, query
    for query in ({"station": "CP-2"}, {"state": "used"}, {"since": "2026-11-23T15:00:00Z"}):
        assert api.get("/reservations", **query).json["items"] == [], query


def test_one_is_changed_field_by_field(api: Api) -> None:
    made(api)
    answer = api.patch("/reservations/1", {"connector_id": 0, "expiry_date": "2026-11-23T15:00:00Z"})
    assert answer.status_code == 200
    changed = answer.json
    assert (changed["connector_id"], changed["expiry_date"]) == (0, "2026-11-23T15:00:00Z")
    assert (changed["id_tag"], changed["parent_id_tag"], changed["starts_at"]) == (
        "ANNA",
        "FLEET",
        "2026-11-23T13:00:00Z",
    )
    assert api.patch("/reservations/1", {"parent_id_tag": None}).json["parent_id_tag"] is None


def test_one_is_cancelled_and_then_cannot_be_changed(api: Api, store: Store) -> None:
    made(api)
    assert api.delete("/reservations/1").json["state"] == "cancelled"
    assert api.delete("/reservations/1").status_code == 409
    assert api.patch("/reservations/1", {"connector_id": 2}).status_code == 409
    with store.reading():
        actions = [row.action for row in AuditEntry.select().order_by(AuditEntry.id)]
    assert actions == ["reservation.add", "reservation.cancel"]


def test_what_the_station_holds_is_cancelled_once_it_agrees(api: Api, store: Store) -> None:
    made(api)
    hold(store, 1)
    answer = api.delete("/reservations/1").json
    assert (answer["state"], answer["cancelling"]) == ("active", True)


def test_the_station_tells_what_is_held(api: Api, store: Store) -> None:
    made(api)
    assert api.get("/stations/CP-1").json["connectors"][0]["reservation"] is None
    hold(store, 1)
    held = {
        "id": 1,
        "reservation_id": 1,
        "id_tag": "ANNA",
        "parent_id_tag": "FLEET",
        "expiry_date": "2026-11-23T14:00:00Z",
    }
    assert api.get("/stations/CP-1").json["connectors"][0]["reservation"] == held
    hold(store, made(api, connector_id=0)["id"])
    assert api.get("/stations/CP-1").json["reservation"] == {**held, "id": 2, "reservation_id": 2}


def test_a_calendar_link_is_made_renewed_and_revoked(api: Api, as_role: Callable[[str], Api]) -> None:
    made(api)
    answer = api.post("/calendars", {"station": "cp-1"})
    assert answer.status_code == 201
    first = answer.json["url"]

    def read(url: str) -> int:
        return api.client.get("/calendar/" + url.rpartition("/")[2]).status_code

    assert read(first) == 200
    second = api.post("/calendars/1/renew", {}).json["url"]
    assert (read(first), read(second)) == (404, 200)
    (listed,) = api.get("/calendars").json["items"]
    assert (listed["station"], listed["id_tag"], "url" in listed) == ("CP-1", None, False)
    assert api.post("/calendars", {"id_tag": "ANNA"}).json["id_tag"] == "ANNA"
    assert api.post("/calendars", {}).status_code == 422
    assert api.delete("/calendars/1").status_code == 204
    assert read(second) == 404
    assert as_role("viewer").get("/calendars").status_code == 403


def test_a_viewer_only_looks(api: Api, as_role: Callable[[str], Api]) -> None:
    made(api)
    viewer = as_role("viewer")
    assert viewer.get("/reservations/1").status_code == 200
    assert viewer.delete("/reservations/1").status_code == 403
    assert viewer.patch("/reservations/1", {}).status_code == 403
    assert viewer.post("/reservations", {}).status_code == 403


def test_dates_are_those_of_the_request(api: Api) -> None:
    one = made(api, expiry_date="2026-11-23T15:00:00+01:00")
    assert one["expiry_date"] == clock.iso(NOON + timedelta(hours=2))
