from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server.models import ChargePoint, Transaction
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests import charging
from tests.portal.api.conftest import Api

AT = datetime(2026, 11, 22, 10, 0, 0, 123_000, UTC)


@pytest.fixture
def sessions(store: Store) -> list[Transaction]:
    """One that ended on CP-1, one that runs on CP-2."""

    def work(unit: object) -> list[Transaction]:
        first, second = charging.station("CP-1"), charging.station("CP-2")
        ended = charging.session(
            first, AT, id_tag="Card-1", meter_stop=8000, energy_wh=7000, stop_reason="Local", flags="a b"
        )
        return [ended, charging.session(second, AT + timedelta(hours=2), None, id_tag="CARD-2", power_w=7400.0)]

    return store.write(work)


def test_a_transaction_is_shown(api: Api, sessions: list[Transaction]) -> None:
    ended, running = (api.get(f"/transactions/{session.id}").json for session in sessions)
    assert ended == {
        "id": 1,
        "station": "CP-1",
        "connector_id": 1,
        "id_tag": "Card-1",
        "id_tag_status": "Accepted",
        "started_at": "2026-11-22T10:00:00Z",
        "stopped_at": "2026-11-22T11:00:00Z",
        "meter_start": 1000,
        "meter_stop": 8000,
        "energy_wh": 7000,
        "power_w": None,
        "soc_percent": None,
        "stop_reason": "Local",
        "stop_id_tag": None,
        "reservation_id": None,
        "flags": ["a", "b"],
    }
    assert (running["stopped_at"], running["meter_stop"], running["power_w"]) == (None, None, 7400)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [2, 1]),
        ({"station": "cp-1"}, [1]),
        ({"station": "nobody"}, []),
        ({"id_tag": "card-2"}, [2]),
        ({"running": "true"}, [2]),
        ({"running": "false"}, [1]),
        ({"since": "2026-11-22T11:00:00Z"}, [2]),
        ({"until": "2026-11-22T11:00:00Z"}, [1]),
        ({"since": "2026-11-22T12:00:00+01:00"}, [2]),
    ],
)
def test_a_list_is_filtered(api: Api, sessions: list[Transaction], query: dict[str, str], found: list[int]) -> None:
    assert [item["id"] for item in api.get("/transactions", **query).json["items"]] == found


def test_a_list_comes_in_parts(api: Api, sessions: list[Transaction]) -> None:
    first = api.get("/transactions", limit=1).json
    second = api.get("/transactions", limit=1, cursor=first["next"]).json
    assert [first["items"][0]["id"], second["items"][0]["id"], second["next"]] == [2, 1, None]


def test_sessions_of_a_deleted_station_stay(api: Api, store: Store, sessions: list[Transaction]) -> None:
    with store.reading():
        station = ChargePoint.get(ChargePoint.identity == "CP-1")
    store.write(lambda unit: charge_points.delete(unit, station.id))
    assert [item["id"] for item in api.get("/transactions", station="CP-1").json["items"]] == [1]


def test_meter_values_come_in_the_order_of_time(api: Api, store: Store, sessions: list[Transaction]) -> None:
    session = sessions[0]

    def work(unit: object) -> None:
        for minute in (3, 1, 2, 2):
            at = AT + timedelta(minutes=minute)
            charging.reading(session, at, [{"value": str(minute)}], energy_wh=float(minute))

    store.write(work)
    first = api.get("/transactions/1/meter-values", limit=3).json
    assert [item["energy_wh"] for item in first["items"]] == [1, 2, 2]
    assert first["items"][0] == {
        "timestamp": "2026-11-22T10:01:00Z",
        "connector_id": 1,
        "energy_wh": 1,
        "power_w": None,
        "current_a": None,
        "voltage_v": None,
        "soc_percent": None,
        "sampled_value": [{"value": "1"}],
    }
    rest = api.get("/transactions/1/meter-values", cursor=first["next"]).json
    assert [item["energy_wh"] for item in rest["items"]] == [3]
    assert api.get("/transactions/7/meter-values").status_code == 404


def test_a_transaction_is_ended_by_hand_and_reopened(api: Api, sessions: list[Transaction]) -> None:
    ended = api.post("/transactions/2/end", {"ended_at": "2026-11-22T13:00:00Z", "meter_stop": 4000})
    assert ended.status_code == 200
    assert (ended.json["stopped_at"], ended.json["energy_wh"]) == ("2026-11-22T13:00:00Z", 3000)
    assert ended.json["flags"] == ["closed_by_operator"]
    assert api.post("/transactions/2/end", {}).status_code == 422
    assert api.post("/transactions/2/reopen", None).json["stopped_at"] is None
    assert api.post("/transactions/2/end", {}).json["stopped_at"] == "2026-11-22T12:00:00Z"


def test_an_end_that_cannot_be_is_refused(api: Api, sessions: list[Transaction]) -> None:
    assert api.post("/transactions/4711/end", {}).status_code == 404
    assert api.post("/transactions/1/reopen", None).status_code == 422
    refused = api.post("/transactions/2/end", {"meter_stop": 1})
    assert [error["field"] for error in refused.json["errors"]] == ["meter_stop"]
