from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from ocpp_server import clock, sessions, stations
from ocpp_server.models import ChargePoint
from ocpp_server.services import commands
from ocpp_server.store import Store


@pytest.fixture
def silent(store: Store, add_station: Callable[..., ChargePoint], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A connected station that answered nothing; why its connection is closed, once it is."""
    station, reasons = add_station(), []
    stations.of(station).begin_connection(lambda: None, reasons.append)
    monkeypatch.setattr(sessions, "is_connected", lambda number: True)
    monkeypatch.setattr(sessions, "connected_ids", lambda: {station.id})

    def work(unit: object) -> None:
        ChargePoint.update(connected_at=clock.now()).execute()
        for _ in range(3):
            commands.request(unit, station.id, "ClearCache", {}, by="anna")
            commands.timed_out(unit, commands.claim(unit, station.id))

    store.write(work)
    return reasons


def test_a_station_that_speaks_but_does_not_answer_is_shown_and_its_connection_dropped(
    operator: FlaskClient, viewer: FlaskClient, silent: list[str]
) -> None:
    assert "answered none of the latest requests" in viewer.get("/stations/1").text
    assert "/stations/1/disconnect" not in viewer.get("/stations/1").text
    assert "/stations/1/disconnect" in operator.get("/stations/1").text
    assert "was dropped" in operator.post("/stations/1/disconnect", follow_redirects=True).text
    assert silent == ["dropped by an operator"]


def test_what_is_not_connected_is_not_dropped(operator: FlaskClient, add_station: Callable[..., ChargePoint]) -> None:
    add_station()
    assert "is not connected" in operator.post("/stations/1/disconnect", follow_redirects=True).text
    assert "answered none" not in operator.get("/stations/1").text
