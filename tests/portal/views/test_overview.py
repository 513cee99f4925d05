from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock, sessions
from ocpp_server.models import ChargePoint, Connector, LocalList, OrphanMessage
from ocpp_server.store import Store
from tests.charging import session

Add = Callable[..., ChargePoint]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The ids of stations that count as connected: a socket is not what is tested here."""
    ids: set[int] = set()
    monkeypatch.setattr(sessions, "is_connected", ids.__contains__)
    monkeypatch.setattr(sessions, "connected_ids", lambda: set(ids))
    return ids


def report(store: Store, station: ChargePoint, connector_id: int, status: str, error_code: str = "NoError") -> None:
    now = clock.now()
    fields = {"status": status, "error_code": error_code, "status_at": now, "received_at": now}
    store.write(lambda unit: Connector.create(charge_point=station, connector_id=connector_id, **fields))


def test_an_empty_yard_shows_the_address_to_type(operator: FlaskClient, viewer: FlaskClient) -> None:
    assert "ws://localhost/ocpp/" in operator.get("/").text
    assert "/stations/add" in operator.get("/").text
    assert "/stations/add" not in viewer.get("/").text


def test_all_is_well_is_said_plainly(viewer: FlaskClient, store: Store, add_station: Add, connected: set[int]) -> None:
    station = add_station()
    connected.add(station.id)
    report(store, station, 1, "Available")
    page = viewer.get("/").text
    assert "Nothing needs attention." in page
    assert "of 1 station<" in page


def test_faults_offline_stations_and_loose_ends_need_attention(
    viewer: FlaskClient, store: Store, add_station: Add, connected: set[int]
) -> None:
    gate, hall = add_station("CP-1", label="Gate"), add_station("CP-2", label="Hall")
    connected.add(gate.id)
    report(store, gate, 1, "Faulted", "GroundFailure")
    orphan = {"charge_point": hall, "action": "StopTransaction", "payload": "{}", "reason": "unknown"}
    store.write(lambda unit: OrphanMessage.create(received_at=clock.now(), **orphan))
    text = viewer.get("/").text
    assert "connector 1 is faulted: ground fault" in text
    assert "has never connected" in text
    assert "1 message fits no session" in text


def test_a_station_that_refuses_its_list_of_cards_needs_attention(
    viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    stations = [add_station(f"CP-{number}", label=f"Gate {number}") for number in range(4)]

    def refuse(*chosen: ChargePoint) -> None:
        for station in chosen:
            store.write(
                lambda unit, station=station: LocalList.create(charge_point=station, keeps="all", state="refused")
            )

    refuse(stations[0])
    assert "refuses its list of cards" in viewer.get("/").text
    refuse(*stations[1:])
    assert "4 stations refuse their list of cards" in viewer.get("/").text


def test_what_an_offline_station_said_last_is_not_counted_as_a_fault(
    viewer: FlaskClient, store: Store, add_station: Add
) -> None:
    report(store, add_station(), 1, "Faulted", "GroundFailure")
    assert "is faulted" not in viewer.get("/").text


def test_power_and_the_energy_of_today_add_up(
    viewer: FlaskClient, store: Store, add_station: Add, connected: set[int]
) -> None:
    clock.use(lambda: NOON)
    station = add_station()
    connected.add(station.id)
    report(store, station, 1, "Charging")

    def work(unit: object) -> None:
        session(station, NOON - timedelta(hours=2), hours=None, power_w=7400, energy_wh=5000)
        session(station, NOON - timedelta(hours=10), hours=2, energy_wh=10000)
        session(station, NOON - timedelta(hours=30), hours=2, energy_wh=99000)

    store.write(work)
    text = viewer.get("/").text
    assert "7.4 kW" in text
    assert "15.00 kWh" in text
    assert "in 2 sessions" in text


def test_the_day_begins_at_the_viewers_midnight(viewer: FlaskClient, store: Store, add_station: Add) -> None:
    clock.use(lambda: NOON)
    station = add_station()
    # Ended at 23:30 UTC of the day before: half past midnight in Berlin.
    store.write(lambda unit: session(station, NOON - timedelta(hours=13, minutes=30), hours=1, energy_wh=10000))
    assert "in 0 sessions" in viewer.get("/").text
    viewer.set_cookie("tz", "Europe/Berlin")
    assert "in 1 session<" in viewer.get("/").text
