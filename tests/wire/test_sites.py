"""Two stations on real sockets share a connection that is too small for both."""

import gevent
import pytest
import websocket

from ocpp_server.models import InstalledChargingProfile, SiteSample
from ocpp_server.services import spontaneous
from ocpp_server.services.site import site_sharing, sites
from ocpp_server.services.site.sites import Circuit, Member, Plan
from ocpp_server.site import hold
from tests.fake_charge_point import now
from tests.wire.yard import CARD, Yard, eventually


class Obedient:
    """A station that accepts every profile, and remembers the last ones."""

    def __init__(self, yard: Yard, identity: str) -> None:
        self.station = yard.connect(identity)
        self.station.boot()
        self.limits: list[float] = []
        self.defaults: list[list[float]] = []
        self.answers: list[list] = []
        self.greenlet = gevent.spawn(self._run)

    def _run(self) -> None:
        try:
            while True:
                self._take(self.station.recv())
        except (websocket.WebSocketException, OSError):
            return

    def _take(self, frame: list) -> None:
        if frame[0] != 2:
            self.answers.append(frame)
            return
        if frame[2] == "SetChargingProfile":
            profile = frame[3]["csChargingProfiles"]
            steps = [period["limit"] for period in profile["chargingSchedule"]["chargingSchedulePeriod"]]
            if profile["chargingProfilePurpose"] == "TxProfile":
                self.limits.append(steps[0])
            else:
                self.defaults.append(steps)
        self.station.send_raw(f'[3, "{frame[1]}", {{"status": "Accepted"}}]')

    def tell(self, action: str, payload: str) -> list:
        """Send a CALL; its answer."""
        self.answers.clear()
        self.station.send_raw(f'[2, "{action}-{now()}", "{action}", {payload}]')
        return eventually(lambda: self.answers and self.answers[0])

    def start(self) -> int:
        facts = f'{{"connectorId": 1, "idTag": "{CARD}", "meterStart": 0, "timestamp": "{now()}"}}'
        return self.tell("StartTransaction", facts)[2]["transactionId"]

    def stop(self, transaction_id: int) -> None:
        self.tell("StopTransaction", f'{{"transactionId": {transaction_id}, "meterStop": 9, "timestamp": "{now()}"}}')


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stations of flesh need quiet after a boot, and cars a moment to follow."""
    monkeypatch.setattr(spontaneous, "BOOT_QUIET", 0)
    monkeypatch.setattr(hold, "SETTLE", 0.0)


def test_the_connection_is_shared_as_cars_come_and_go(yard: Yard) -> None:
    numbers = [yard.add_station(identity) for identity in ("A", "B")]
    plan = Plan("Yard", [Circuit("Main", 40.0)], [Member(number, 1, "Main") for number in numbers])
    yard.store.write(lambda unit: sites.save(unit, plan))
    first, second = Obedient(yard, "A"), Obedient(yard, "B")
    # As long as one was never in reach, the other falls back to less.
    eventually(lambda: first.defaults[-1:] == second.defaults[-1:] == [[0.0, 20.0]], 30)
    transaction_id = first.start()
    eventually(lambda: first.limits == [32.0], 30)
    second.start()
    eventually(lambda: (first.limits, second.limits) == ([32.0, 20.0], [20.0]), 30)
    first.stop(transaction_id)
    eventually(lambda: second.limits == [20.0, 32.0], 30)
    assert {row.owner for row in yard.rows(InstalledChargingProfile)} == {"site"}
    assert eventually(lambda: yard.rows(SiteSample), 30)[0].limit_a == 40.0


def test_after_a_restart_what_stations_hold_is_known(yard: Yard) -> None:
    number = yard.add_station("A")
    plan = Plan("Yard", [Circuit("Main", 40.0)], [Member(number, 1, "Main")])
    saved = yard.store.write(lambda unit: sites.save(unit, plan))
    station = Obedient(yard, "A")
    eventually(lambda: station.defaults == [[0.0, 32.0]], 30)
    transaction_id = station.start()
    eventually(lambda: station.limits == [32.0], 30)
    eventually(lambda: yard.rows(InstalledChargingProfile, InstalledChargingProfile.purpose == "TxProfile"))
    site_sharing.clear()
    live = eventually(lambda: site_sharing.get(saved.id), 5)
    member = live.site.members[number, 1]
    assert member.default.installed == (0.0, 32.0)
    assert (member.session.transaction_id, member.session.hold.held.amperes) == (transaction_id, 32.0)


def test_a_station_that_leaves_its_site_is_told_to_forget(yard: Yard) -> None:
    number = yard.add_station("A")
    plan = Plan("Yard", [Circuit("Main", 40.0)], [Member(number, 1, "Main")])
    saved = yard.store.write(lambda unit: sites.save(unit, plan))
    station = Obedient(yard, "A")
    eventually(lambda: yard.rows(InstalledChargingProfile), 30)
    yard.store.write(lambda unit: sites.delete(unit, saved.id))
    eventually(lambda: not yard.rows(InstalledChargingProfile), 5)
    assert station.defaults == [[0.0, 32.0]]


def test_a_station_that_may_not_be_asked_is_sent_nothing(yard: Yard) -> None:
    numbers = [yard.add_station(identity) for identity in ("A", "B")]
    yard.change_station(numbers[0], spontaneous_calls=False)
    plan = Plan("Yard", [Circuit("Main", 40.0)], [Member(number, 1, "Main") for number in numbers])
    yard.store.write(lambda unit: sites.save(unit, plan))
    quiet, other = Obedient(yard, "A"), Obedient(yard, "B")
    other.start()
    eventually(lambda: other.limits == [8.0], 30)
    assert quiet.defaults == quiet.limits == []
