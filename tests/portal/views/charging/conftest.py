"""What the pages of charging profiles share."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from ocpp_server import stations
from ocpp_server.models import ChargePoint, ChargingProfileTemplate
from ocpp_server.services.station import connectors
from ocpp_server.store import Store
from tests.charging_station import Answerer
from tests.portal.views.charging.schedules import form


@pytest.fixture
def station(store: Store, add_station: Callable[..., ChargePoint]) -> Answerer:
    point = add_station(label="By the gate")
    status = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
    store.write(lambda unit: connectors.report(unit, stations.of(point), status, 0, []))
    return Answerer(store, point)


@pytest.fixture
def night(operator: FlaskClient, store: Store) -> ChargingProfileTemplate:
    answer = operator.post("/charging/templates/new", data=form(("00:00", "16"), ("06:00", "8"), ("22:00", "16")))
    assert answer.status_code == 303, answer.text
    with store.reading():
        return ChargingProfileTemplate.get()
