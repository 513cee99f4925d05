"""A connector is reserved from the pages: for later and used by the group, and for now while the station goes away.

The clock is the test's own; nothing is slept through.
"""

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import gevent
import pytest

from ocpp_server import clock, sessions
from ocpp_server.jobs.reservations import keep_reservations
from ocpp_server.models import Command, Connector, Reservation
from ocpp_server.server import Server
from ocpp_server.services.access import operators
from ocpp_server.services.card import id_tags
from ocpp_server.services.reservation import reservation_search
from ocpp_server.services.station import charge_points
from ocpp_server.store import Unit
from tests.browser.onlooker import Browser
from tests.conftest import PASSWORD
from tests.fake_charge_point import FakeChargePoint
from tests.wire.yard import eventually

EMAIL = "otto@example.com"
HASH = operators.hash_password(PASSWORD)

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Debian's chromium")


class Time:
    """The clock of server and station; goes on when it is told to, and the server's job with it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.now = clock.now().replace(second=0, microsecond=0)
        clock.use(lambda: self.now)

    def go_on(self, **duration: float) -> None:
        self.now += timedelta(**duration)
        keep_reservations(self._server.store, self._server.settings)

    def typed(self, **later: float) -> str:
        return f"{self.now + timedelta(**later):%Y-%m-%dT%H:%M}"


class Holder:
    """A station that holds what it is asked to hold, until it expires on its own clock."""

    def __init__(self, server: Server, time: Time) -> None:
        self.point = FakeChargePoint(server.port, "GATE-1")
        self.held: dict[int, str] = {}
        self._time = time

    def come(self) -> None:
        self.point.connect()
        self.point.boot()
        self.held = {number: until for number, until in self.held.items() if until > clock.iso(self._time.now)}
        self.point.status("Reserved" if self.held else "Available", timestamp=clock.iso(self._time.now))

    def accepts(self) -> gevent.Greenlet:
        """The next CALL, which must be a ReserveNow; its payload."""
        return gevent.spawn(self._accept)

    def _accept(self) -> dict[str, Any]:
        while (frame := self.point.recv())[0] != 2:
            pass
        assert frame[2] == "ReserveNow"
        self.held[frame[3]["reservationId"]] = frame[3]["expiryDate"]
        self.point.send_raw(json.dumps([3, frame[1], {"status": "Accepted"}]))
        self.point.status("Reserved", timestamp=clock.iso(self._time.now))
        return frame[3]


def furnish(unit: Unit) -> int:
    operators.add(unit, EMAIL, password_hash=HASH, role="operator", name="Otto")
    for id_tag, label in (("VAN-1", "Red van"), ("VAN-2", "Blue van")):
        id_tags.add(unit, id_tag, label=label, parent_id_tag="VANS")
    gate = charge_points.add(unit, "GATE-1", label="Gate")
    # Nothing but what this is about.
    return charge_points.update(unit, gate.id, spontaneous_calls=False).id


@pytest.fixture
def time(server: Server) -> Iterator[Time]:
    yield Time(server)
    clock.use(None)


def requests(server: Server) -> int:
    with server.store.reading():
        return Command.select().count()


def held(server: Server, charge_point_id: int) -> set[tuple[int, int]]:
    with server.store.reading():
        return set(reservation_search.active([charge_point_id]))


def expiry(server: Server) -> datetime:
    with server.store.reading():
        return Reservation.select().order_by(Reservation.id.desc()).get().expiry_date


def test_reservations_are_sent_on_time_used_by_the_group_and_gone_when_they_are_over(
    server: Server, time: Time
) -> None:
    number = server.store.write(furnish)
    gate = Holder(server, time)
    gate.come()
    with Browser(f"http://127.0.0.1:{server.port}", EMAIL, PASSWORD) as browser:
        later_and_used(server, time, gate, browser, number)
        now_and_away(server, time, gate, browser, number)
    gate.point.vanish()


def later_and_used(server: Server, time: Time, gate: Holder, browser: Browser, number: int) -> None:
    browser.open(f"/stations/{number}")
    browser.press("Reserve")
    browser.fill("#id_tag", "VAN-1")
    browser.fill("#starts_at", time.typed(minutes=10))
    browser.fill("#expiry_date", time.typed(minutes=40))
    browser.press("Reserve")
    browser.sees("It is sent to the station at its time.")

    time.go_on(minutes=9, seconds=59)
    assert requests(server) == 0
    asked = gate.accepts()
    time.go_on(seconds=1)
    assert asked.get(timeout=10)["parentIdTag"] == "VANS"
    browser.sees("The station holds the connector for this card.")
    browser.open("/reservations")
    browser.sees("Red van")
    browser.open("/reservations/1")
    browser.sees("The station reports the connector as reserved")

    assert gate.point.authorize("VAN-2") == {"status": "Accepted", "parentIdTag": "VANS"}
    at = clock.iso(time.now)
    transaction_id = gate.point.start("VAN-2", reservationId=gate.held.popitem()[0], timestamp=at)["transactionId"]
    gate.point.status("Charging", timestamp=at)
    browser.sees("A session began with it.")
    browser.open(f"/sessions/{transaction_id}")
    time.go_on(minutes=20)
    at = clock.iso(time.now)
    gate.point.stop(transaction_id, 5000, timestamp=at)
    gate.point.status("Available", timestamp=at)
    browser.sees("4.00 kWh")
    assert held(server, number) == set()


def now_and_away(server: Server, time: Time, gate: Holder, browser: Browser, number: int) -> None:
    asked = gate.accepts()
    browser.open(f"/stations/{number}")
    browser.press("Reserve")
    browser.fill("#id_tag", "VAN-1")
    browser.fill("#expiry_date", time.typed(minutes=30))
    browser.press("Reserve")
    asked.get(timeout=10)
    browser.sees("The station holds the connector for this card.")
    assert held(server, number) == {(number, 1)}

    gate.point.vanish()
    eventually(lambda: not sessions.is_connected(number))
    browser.sees("The station is offline at the moment.")
    time.go_on(minutes=30)
    browser.sees("Nobody came. The connector is free again.")
    assert time.now == expiry(server)
    before = requests(server)
    gate.come()
    time.go_on(seconds=10)
    assert (gate.held, held(server, number), requests(server)) == ({}, set(), before)
    with server.store.reading():
        assert Connector.get(connector_id=1).status == "Available"
    browser.open(f"/stations/{number}")
    browser.sees("Available")
