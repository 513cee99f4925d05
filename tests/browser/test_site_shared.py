"""An operator lets two stations share a connection, cars come, and one station does not keep to what it is given."""

import json
import shutil
from collections.abc import Iterator

import gevent
import pytest
import websocket

from ocpp_server.server import Server
from ocpp_server.services import spontaneous
from ocpp_server.services.access import operators
from ocpp_server.services.card import id_tags
from ocpp_server.services.station import charge_points
from ocpp_server.site import hold
from tests.browser.onlooker import Browser
from tests.conftest import PASSWORD
from tests.fake_charge_point import FakeChargePoint, now
from tests.wire.yard import CARD, eventually

EMAIL = "otto@example.com"
HASH = operators.hash_password(PASSWORD)
#: Seconds between two readings.
INTERVAL = 0.3

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")


class Charger:
    """A station whose car can take 32 A on three phases; it takes what it may, or all it can if it does not obey."""

    def __init__(self, port: int, identity: str) -> None:
        self.station = FakeChargePoint(port, identity).connect()
        self.station.boot()
        self.station.status("Available")
        self.limit = 0.0
        self.obeys = True
        self.transaction_id = 0
        self._greenlets = [gevent.spawn(self._hear)]

    def plug_in(self) -> None:
        facts = {"connectorId": 1, "idTag": CARD, "meterStart": 0, "timestamp": now()}
        self.station.send_call("StartTransaction", facts, "start")
        eventually(lambda: self.transaction_id)
        self._greenlets.append(gevent.spawn(self._measure))

    def leave(self) -> None:
        gevent.killall(self._greenlets)
        self.station.vanish()

    def _hear(self) -> None:
        while True:
            try:
                frame = self.station.recv()
            except websocket.WebSocketTimeoutException:
                continue
            except (websocket.WebSocketException, OSError):
                return
            if frame[0] == 2:
                self._follow(frame[3].get("csChargingProfiles", {}))
                self.station.send_raw(json.dumps([3, frame[1], {"status": "Accepted"}]))
            elif frame[1] == "start":
                self.transaction_id = frame[2]["transactionId"]

    def _follow(self, profile: dict) -> None:
        if profile.get("chargingProfilePurpose") == "TxProfile":
            self.limit = profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]

    def _measure(self) -> None:
        while True:
            amperes = f"{min(32.0, self.limit) if self.obeys else 32.0}"
            samples = [
                {"value": amperes, "measurand": "Current.Import", "phase": phase, "unit": "A"}
                for phase in ("L1", "L2", "L3")
            ]
            value = {"timestamp": now(), "sampledValue": samples}
            facts = {"connectorId": 1, "transactionId": self.transaction_id, "meterValue": [value]}
            self.station.send_call("MeterValues", facts)
            gevent.sleep(INTERVAL)


@pytest.fixture
def chargers(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Charger]]:
    """Stations of flesh need quiet after a boot, and cars a moment to follow."""
    monkeypatch.setattr(spontaneous, "BOOT_QUIET", 0)
    monkeypatch.setattr(hold, "SETTLE", 0.0)
    server.store.write(lambda unit: id_tags.add(unit, CARD))
    for number, label in enumerate(("North", "South"), 1):
        server.store.write(lambda unit, n=number, label=label: charge_points.add(unit, f"CP-{n}", label=label))
    found = [Charger(server.port, f"CP-{number}") for number in (1, 2)]
    yield found
    for charger in found:
        charger.leave()


@pytest.fixture
def browser(server: Server) -> Iterator[Browser]:
    server.store.write(lambda unit: operators.add(unit, EMAIL, password_hash=HASH, role="operator", name="Otto"))
    with Browser(f"http://127.0.0.1:{server.port}", EMAIL, PASSWORD) as browser:
        yield browser


def test_a_connection_is_shared_and_who_does_not_keep_to_it_is_shown(chargers: list[Charger], browser: Browser) -> None:
    browser.open("/sites")
    browser.press("Add the first site")
    browser.fill("#name", "Yard")
    browser.fill('[aria-label="Name of circuit 2"]', "Row")
    browser.fill('[aria-label="Limit of circuit 2"]', "40")
    browser.press("Save")
    browser.sees("The site was saved.")
    for number in (1, 2):
        browser.check(f'input[name=add][value="{number}-1"]')
    browser.pick("#add-circuit", "Row")
    browser.press("Save")
    browser.sees("The connectors were saved.")
    browser.sees("Connector 1")
    browser.sees("63.0 A")

    north, south = chargers
    north.plug_in()
    browser.sees("Has all that the connector can give.")
    south.plug_in()
    browser.sees("Has its share of what is there.")
    eventually(lambda: (north.limit, south.limit) == (20.0, 20.0), 30)
    browser.sees("40.0 A / 40.0 A / 40.0 A")
    assert browser.pixels(".site-plot canvas") > 1000

    south.obeys = False
    browser.sees("South, connector 1: Draws 32.0 A though it was given 20.0 A.")
    browser.sees("Does not obey")
    eventually(lambda: north.limit == 8.0, 30)
    browser.sees("8.0 A")
    browser.open("/")
    browser.sees("has a station that does not obey its limit")

    south.obeys = True
    eventually(lambda: north.limit == 20.0, 30)
