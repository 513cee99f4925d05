import re
from collections.abc import Callable

from flask.testing import FlaskClient

from ocpp_server import stations
from ocpp_server.models import ChargePoint
from ocpp_server.services.station import connectors
from ocpp_server.store import Store
from tests import charging
from tests.portal.api.conftest import make_token

SAMPLE = re.compile(r'[a-z_]+(\{[a-z_]+="(\\.|[^"\\])*"\})? [0-9.e+-]+')


def test_the_yard_is_counted(client: FlaskClient, store: Store, add_station: Callable[..., ChargePoint]) -> None:
    station = add_station(registration="pending")
    add_station("CP-2")
    payload = {"connectorId": 1, "status": 'Odd"\\', "errorCode": "NoError"}
    store.write(lambda unit: connectors.report(unit, stations.of(station), payload, 1_700_000_000_000, []))
    store.write(lambda unit: charging.session(station, station.created_at, None, energy_wh=1500.0))
    answer = client.get("/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    assert 'chargeyard_stations{registration="accepted"} 1' in lines
    assert 'chargeyard_stations{registration="pending"} 1' in lines
    assert 'chargeyard_stations{registration="rejected"} 0' in lines
    assert "chargeyard_transactions_running 1" in lines
    assert "chargeyard_transactions_total 1" in lines
    assert "chargeyard_energy_watt_hours_total 1500.0" in lines
    assert all(SAMPLE.fullmatch(line) for line in lines if not line.startswith("#"))


def test_every_figure_has_a_help_and_a_type(client: FlaskClient) -> None:
    text = client.get("/metrics").text
    names = set(re.findall(r"^([a-z_]+)(?:\{| )", text, re.MULTILINE))
    assert len(names) > 12
    for name in names:
        assert f"# HELP {name} " in text
        assert re.search(rf"^# TYPE {name} (gauge|counter)$", text, re.MULTILINE)


def test_from_elsewhere_it_takes_a_token(client: FlaskClient, store: Store) -> None:
    elsewhere = {"REMOTE_ADDR": "10.0.0.9"}
    assert client.get("/metrics", environ_overrides=elsewhere).status_code == 401
    # A proxy on this machine that was not declared passes on the requests of others.
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 401
    headers = {"Authorization": f"Bearer {make_token(store, 'viewer')}"}
    assert client.get("/metrics", headers=headers, environ_overrides=elsewhere).status_code == 200
