"""An operator gives a station its list of cards and watches it arrive, and a blocked card leave it again."""

import json
import shutil
from collections.abc import Iterator

import gevent
import pytest
import websocket

from ocpp_server.jobs.local_lists import keep_local_lists
from ocpp_server.server import Server
from ocpp_server.services import spontaneous
from ocpp_server.services.access import operators
from ocpp_server.services.card import id_tags
from ocpp_server.services.station import charge_points
from tests.browser.onlooker import Browser
from tests.conftest import PASSWORD
from tests.fake_charge_point import FakeChargePoint
from tests.local_lists import HeldList

EMAIL = "anna@example.com"
HASH = operators.hash_password(PASSWORD)

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")


@pytest.fixture
def held(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldList]:
    """The list of a station that is connected and answers by itself."""
    monkeypatch.setattr(spontaneous, "BOOT_QUIET", 0)
    server.store.write(lambda unit: charge_points.add(unit, "CP-1", label="By the gate"))
    station, held = FakeChargePoint(server.port).connect(), HeldList()
    station.boot()
    serving = gevent.spawn(_serve, station, held)
    yield held
    station.vanish()
    serving.join(timeout=5)


def _serve(station: FakeChargePoint, held: HeldList) -> None:
    while True:
        try:
            _, message_id, action, payload = station.recv()
        except websocket.WebSocketTimeoutException:
            continue
        except (websocket.WebSocketException, OSError):
            return
        # What else it is asked after its boot does not matter here.
        answer = held.answer(action, payload) if "LocalList" in action else {}
        station.send_raw(json.dumps([3, message_id, answer]))


def test_a_list_is_chosen_arrives_and_follows_the_cards(server: Server, held: HeldList) -> None:
    server.store.write(lambda unit: operators.add(unit, EMAIL, password_hash=HASH, role="operator", name="Anna"))
    card = server.store.write(lambda unit: id_tags.add(unit, "CARD-1", label="Van 7"))
    with Browser(f"http://127.0.0.1:{server.port}", EMAIL, PASSWORD) as browser:
        browser.open("/stations/1/local-list")
        browser.sees("The list is empty")
        browser.check("input[value=all]")
        browser.press("Save")
        browser.sees("Saved. The list goes out by itself.")
        keep_local_lists(server.store, server.settings)
        browser.sees("In step")
        browser.sees("Van 7")
        assert set(held.entries) == {"card-1"}
        browser.open(f"/cards/{card.id}/lists")
        browser.sees("1 station has it.")
        server.store.write(lambda unit: id_tags.update(unit, card.id, status="blocked"))
        keep_local_lists(server.store, server.settings)
        browser.sees("Not for this station")
        assert held.entries == {}
