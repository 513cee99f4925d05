"""An operator draws a schedule and gives it to five stations, one of which takes it in another way only."""

import json
import shutil
from collections.abc import Iterator

import gevent
import pytest
import websocket

from ocpp_server.models import ChargingProfileTemplate, InstalledChargingProfile
from ocpp_server.server import Server
from ocpp_server.services.access import operators
from ocpp_server.services.station import charge_points
from tests.browser.onlooker import Browser
from tests.conftest import PASSWORD
from tests.fake_charge_point import FakeChargePoint

EMAIL = "otto@example.com"
HASH = operators.hash_password(PASSWORD)
STATIONS = 5

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")


def answer(station: FakeChargePoint, highest_level: int) -> None:
    """Answer whatever is asked; profiles above a stack level are refused."""
    while True:
        try:
            frame = station.recv()
        except websocket.WebSocketTimeoutException:
            continue
        except (websocket.WebSocketException, ConnectionError):
            return
        if frame[0] == 2:
            profile = frame[3].get("csChargingProfiles", {})
            status = "Accepted" if profile.get("stackLevel", 0) <= highest_level else "Rejected"
            station.send_raw(json.dumps([3, frame[1], {"status": status}]))


@pytest.fixture
def yard(server: Server) -> Iterator[None]:
    """Five stations; the last one knows stack level 0 alone."""
    stations = []
    for number in range(1, STATIONS + 1):
        label = f"Bay {number}"
        server.store.write(lambda unit, n=number, label=label: charge_points.add(unit, f"CP-{n}", label=label))
        station = FakeChargePoint(server.port, f"CP-{number}").connect()
        station.boot()
        station.status("Available")
        stations.append(station)
    answering = [gevent.spawn(answer, station, 0 if station is stations[-1] else 9) for station in stations]
    yield
    gevent.killall(answering)
    for station in stations:
        station.vanish()


@pytest.fixture
def browser(server: Server) -> Iterator[Browser]:
    server.store.write(lambda unit: operators.add(unit, EMAIL, password_hash=HASH, role="operator", name="Otto"))
    with Browser(f"http://127.0.0.1:{server.port}", EMAIL, PASSWORD) as browser:
        yield browser


def test_a_night_is_drawn_and_given_to_five_stations_of_which_one_takes_it_otherwise(
    server: Server, yard: None, browser: Browser
) -> None:
    browser.open("/charging")
    browser.press("Draw a schedule")
    browser.fill("#name", "Cheap nights")
    # From about ten to four in the afternoon, near the bottom of the picture.
    browser.drag(".schedule-drawing svg", (0.45, 0.84), (0.68, 0.84))
    browser.press("Save")
    browser.sees("The schedule was saved.")
    with server.store.reading():
        steps = json.loads(ChargingProfileTemplate.get().steps)
    assert len(steps) == 5
    (begin, low), (end, _) = steps[2], steps[3]
    assert 9 * 3600 <= begin <= 11 * 3600
    assert 15 * 3600 <= end <= 17 * 3600
    assert low < steps[1][1] < steps[0][1]

    browser.press("Apply it")
    for number in range(1, STATIONS + 1):
        browser.check(f'input[name=spot][value="{number}:0"]')
    browser.press("Go on")
    browser.sees("It is sent to 5 places on 5 stations.")
    assert browser.pixels(".limits canvas") > 1000
    browser.press("Apply the schedule")
    browser.sees("Of 5: 5 installed.")
    browser.sees("Installed in another way")
    browser.sees("on stack level 0")
    browser.sees("The station refused 1 other form before.")
    assert browser.pixels(".limits canvas") > 1000
    with server.store.reading():
        held = {row.charge_point_id: row.stack_level for row in InstalledChargingProfile.select()}
    assert held == {1: 1, 2: 1, 3: 1, 4: 1, 5: 0}

    browser.press("Bay 5")
    browser.sees("It takes profiles up to stack level 0.")
    assert browser.pixels(".limits canvas") > 1000
