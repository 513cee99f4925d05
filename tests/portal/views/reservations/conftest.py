"""What the pages of reservations share."""

from typing import Any

import pytest

from ocpp_server import clock, sessions, stations
from ocpp_server.models import ChargePoint, Connector
from ocpp_server.services.card import id_tags
from ocpp_server.store import Store
from tests.portal.views.reservations.booking import NOON, Add


@pytest.fixture(autouse=True)
def noon(store: Store) -> None:
    clock.use(lambda: NOON)


@pytest.fixture
def station(store: Store, add_station: Add) -> ChargePoint:
    """Gate with connectors 1 and 2, and the cards ANNA and BO of one group."""
    station = add_station("CP-1", label="Gate")

    def work(unit: Any) -> None:
        for number in (1, 2):
            Connector.create(
                charge_point=station, connector_id=number, status="Available", status_at=NOON, received_at=NOON
            )
        id_tags.add(unit, "ANNA", label="Anna Berg", parent_id_tag="FLEET")
        id_tags.add(unit, "BO", parent_id_tag="FLEET")

    store.write(work)
    return station


@pytest.fixture
def online(station: ChargePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """The station counts as connected: a socket is not what is tested here."""
    monkeypatch.setattr(sessions, "is_connected", {station.id}.__contains__)
    monkeypatch.setattr(stations, "is_connected", {station.id}.__contains__)
