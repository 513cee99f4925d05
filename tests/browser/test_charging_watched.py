"""A charge point charges, and an operator watches it happen, in Debian's Chromium."""

import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ocpp_server.models import Transaction
from ocpp_server.server import Server
from ocpp_server.services.access import operators
from ocpp_server.services.card import id_tags
from ocpp_server.services.station import charge_points
from tests.browser.onlooker import Browser
from tests.conftest import CLIENTS, PASSWORD
from tests.fake_charge_point import FakeChargePoint

EMAIL = "anna@example.com"
HASH = operators.hash_password(PASSWORD)
KEY = "sixteen letters!"

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")


@pytest.fixture
def browser(server: Server) -> Iterator[Browser]:
    server.store.write(lambda unit: operators.add(unit, EMAIL, password_hash=HASH, role="viewer", name="Anna"))
    server.store.write(lambda unit: charge_points.add(unit, "CP-1", label="By the gate", password=KEY))
    server.store.write(lambda unit: id_tags.add(unit, "CARD-1", label="Van 7"))
    with Browser(f"http://127.0.0.1:{server.port}", EMAIL, PASSWORD) as browser:
        yield browser


def test_every_step_of_a_session_is_seen_as_it_happens(server: Server, browser: Browser) -> None:
    browser.open("/stations/1")
    browser.sees("Offline")
    station = FakeChargePoint(server.port, password=KEY).connect()
    station.boot(firmwareVersion="9.8.7")
    browser.sees("Online")
    browser.sees("9.8.7")
    station.status("Preparing")
    browser.sees("Preparing")
    assert station.authorize("CARD-1")["status"] == "Accepted"
    transaction_id = station.start("CARD-1", meter=1000)["transactionId"]
    station.status("Charging")
    browser.sees(f"Session {transaction_id}")
    power = {"value": "7.2", "measurand": "Power.Active.Import", "unit": "kW"}
    value = {"timestamp": "2026-03-01T12:00:00Z", "sampledValue": [{"value": "1350"}, power]}
    station.call("MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": [value]})
    browser.sees("7.2 kW")
    browser.open(f"/sessions/{transaction_id}")
    browser.sees("Running")
    station.stop(transaction_id, 1500, reason="EVDisconnected")
    browser.sees("0.50 kWh")
    browser.sees("EVDisconnected")
    station.close()


@pytest.mark.parametrize("client", ["ocpp_package_session.py", "ocpp_rpc_session.mjs"])
def test_the_session_of_somebody_elses_charge_point_is_shown_right(
    server: Server, browser: Browser, node: str, client: str
) -> None:
    interpreter = sys.executable if client.endswith(".py") else node
    url = f"ws://127.0.0.1:{server.port}/ocpp"
    done = subprocess.run(
        [interpreter, client, url, "CP-1", KEY], cwd=CLIENTS, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    with server.store.reading():
        transaction_id = Transaction.get().id
    browser.open(f"/sessions/{transaction_id}")
    browser.sees("7.00 kWh")
    browser.sees("30 min")
    browser.sees("1 Mar 2026 12:00")
    browser.sees("1 Mar 2026 12:30")
    browser.sees("EVDisconnected")
    browser.sees("Van 7")
    assert browser.pixels(".plot canvas") > 1000
