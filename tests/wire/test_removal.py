"""What happens to a connected station whose record goes."""

import pytest
import websocket

from ocpp_server.services.station import charge_points
from tests.fake_charge_point import FakeChargePoint


def test_a_deleted_station_is_disconnected_and_not_let_in_again(server):
    added = server.store.write(lambda unit: charge_points.add(unit, "CP-1"))
    station = FakeChargePoint(server.port).connect()
    station.boot()
    server.store.write(lambda unit: charge_points.delete(unit, added.id))
    code, reason = station.wait_for_close()
    assert (code, reason) == (1008, "the station was deleted")
    station.vanish()
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        station.connect()
    assert refused.value.status_code == 404
    station.ws.shutdown()
