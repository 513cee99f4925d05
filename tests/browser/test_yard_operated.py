"""An operator runs the yard from the pages: with scripts, and without any."""

import shutil
from collections.abc import Iterator

import gevent
import pytest
import websocket

from ocpp_server.models import ChargePoint
from ocpp_server.server import Server
from ocpp_server.services.access import operators
from tests.browser.onlooker import Browser
from tests.conftest import PASSWORD
from tests.fake_charge_point import FakeChargePoint
from tests.wire.yard import eventually

EMAIL = "otto@example.com"
HASH = operators.hash_password(PASSWORD)

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")


@pytest.fixture(params=[True, False], ids=["with-scripts", "without-scripts"])
def browser(server: Server, request: pytest.FixtureRequest) -> Iterator[Browser]:
    server.store.write(lambda unit: operators.add(unit, EMAIL, password_hash=HASH, role="admin", name="Otto"))
    with Browser(f"http://127.0.0.1:{server.port}", EMAIL, PASSWORD, scripts=request.param) as browser:
        yield browser


def answer(station: FakeChargePoint, action: str, status: str = "Accepted") -> dict:
    """Answer the next CALL, which must be this one; what it asked for."""
    while True:
        frame = station.unasked.popleft() if station.unasked else station.recv()
        if frame[0] == 2:
            break
    assert frame[2] == action
    station.send_raw(f'[3,"{frame[1]}",{{"status":"{status}"}}]')
    return frame[3]


def only_station(server: Server) -> int | None:
    with server.store.reading():
        found = ChargePoint.get_or_none()
    return found and found.id


def test_a_station_is_accepted_and_a_card_enrolled_started_configured_stopped_and_reset(
    server: Server, browser: Browser
) -> None:
    station = FakeChargePoint(server.port, "NEW-1")
    with pytest.raises(websocket.WebSocketBadStatusException):
        station.connect()
    station.ws.shutdown()
    browser.open("/inbox")
    browser.finds("NEW-1")
    browser.press("Add this station")
    charge_point_id = eventually(lambda: only_station(server))
    station.connect()
    station.boot()
    station.status("Available")

    browser.open("/cards/add")
    browser.press("Tap it now")
    browser.sees("Hold the new card")
    assert station.authorize("CARD-9")["status"] == "Invalid"
    browser.finds("CARD-9")
    browser.fill("#label", "Van 9")
    browser.press("Add card")
    browser.sees("Van 9")
    assert station.authorize("CARD-9")["status"] == "Accepted"

    page = f"/stations/{charge_point_id}"
    browser.open(page)
    browser.press("Start a session")
    browser.fill("#ask [name=idTag]", "CARD-9")
    browser.fill('#ask [name="connectorId.other"]', "1")
    with asked(station, "RemoteStartTransaction") as start:
        browser.press("Start")
        assert start.get() == {"idTag": "CARD-9", "connectorId": 1}
    transaction_id = station.start("CARD-9")["transactionId"]
    station.status("Charging")

    browser.open(page)
    browser.press("Change configuration")
    browser.fill("#ask [name=key]", "MeterValueSampleInterval")
    browser.fill("#ask [name=value]", "-1")
    with asked(station, "ChangeConfiguration", "Rejected") as change:
        browser.press("Change")
        assert change.get() == {"key": "MeterValueSampleInterval", "value": "-1"}

    browser.open(page)
    browser.press("Stop a session")
    browser.check(f'#ask [name=transactionId][value="{transaction_id}"]')
    with asked(station, "RemoteStopTransaction") as stop:
        browser.press("Stop")
        browser.sees("Stop a session: NEW-1?")
        browser.press("Stop")
        assert stop.get() == {"transactionId": transaction_id}
    station.stop(transaction_id, 1500, reason="Remote")

    browser.open(page)
    browser.press("Reset")
    browser.check("#ask [name=type][value=Soft]")
    with asked(station, "Reset") as reset:
        browser.press("Reset")
        browser.sees("Reset: NEW-1?")
        browser.press("Reset")
        assert reset.get() == {"type": "Soft"}

    browser.open("/settings/audit")
    for words in ("NEW-1", "CARD-9", "RemoteStartTransaction", "ChangeConfiguration", "RemoteStopTransaction", "Reset"):
        browser.sees(words)
    station.close()


class asked:
    """The station answers one CALL while the operator presses buttons."""

    def __init__(self, station: FakeChargePoint, action: str, status: str = "Accepted") -> None:
        self._greenlet = gevent.spawn(answer, station, action, status)

    def __enter__(self) -> gevent.Greenlet:
        return self._greenlet

    def __exit__(self, *_: object) -> None:
        self._greenlet.join(10)
