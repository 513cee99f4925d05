"""A power cut amid fifty sessions: what was acknowledged is there, once, and every session ends as it should."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gevent
import pytest
import websocket
from gevent.event import Event

from ocpp_server.models import ChargePoint, MeterValue, Transaction
from ocpp_server.services.card import id_tags
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.fake_charge_point import FakeChargePoint, iso
from tests.product import Product, product

STATIONS, READINGS, STEP_WH = 50, 30, 100
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Yard:
    """What all stations together have been told, and whether the server is there."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.acknowledged = 0
        self.up = Event()
        self.up.set()


class Charging:
    """One station in one session: it repeats what was not acknowledged, as real ones do, and boots only once."""

    def __init__(self, yard: Yard, number: int) -> None:
        self.yard = yard
        self.meter_start = 1000 * number
        self.charge_point = FakeChargePoint(yard.port, f"CP-{number}")
        self.reconnects = 0
        self.repeated = 0
        self.transaction_id = 0
        #: The readings that the server has acknowledged, and the answer to the stop.
        self.acknowledged: list[float] = []
        self.stopped = False

    def run(self) -> None:
        start = {"connectorId": 1, "idTag": "CARD-1", "meterStart": self.meter_start, "timestamp": self._at(0)}
        self.transaction_id = self._insist("StartTransaction", start)["transactionId"]
        for number in range(1, READINGS + 1):
            register = self.meter_start + STEP_WH * number
            value = {"timestamp": self._at(number), "sampledValue": [{"value": str(register)}]}
            payload = {"connectorId": 1, "transactionId": self.transaction_id, "meterValue": [value]}
            self._insist("MeterValues", payload)
            self.acknowledged.append(register)
        meter_stop = self.meter_start + STEP_WH * (READINGS + 1)
        stop = {"transactionId": self.transaction_id, "meterStop": meter_stop, "timestamp": self._at(READINGS + 1)}
        self._insist("StopTransaction", stop)
        self.stopped = True
        self.charge_point.close()

    def _insist(self, action: str, payload: dict) -> dict:
        """Send until it is answered, with a new message id each time."""
        while True:
            try:
                answer = self.charge_point.call(action, payload)
                if not self.yard.up.is_set():
                    raise OSError("the power went before this arrived")
            except (websocket.WebSocketException, OSError):
                self.repeated += 1
                self._reconnect()
            else:
                self.yard.acknowledged += 1
                return answer

    def _reconnect(self) -> None:
        self.charge_point.vanish()
        while True:
            self.yard.up.wait()
            try:
                self.charge_point.connect()
            except (websocket.WebSocketException, OSError):
                gevent.sleep(0.05)
            else:
                self.reconnects += 1
                return

    @staticmethod
    def _at(minutes: int) -> str:
        return iso(NOON + timedelta(minutes=minutes))


@pytest.fixture
def running(tmp_path: Path, database_url: str, store: Store) -> Iterator[Product]:
    for number in range(STATIONS):
        store.write(lambda unit, number=number: charge_points.add(unit, f"CP-{number}"))
    store.write(lambda unit: id_tags.add(unit, "CARD-1"))
    with product(tmp_path, database_url) as running:
        yield running


@pytest.mark.parametrize("share", [0.02, 0.4, 0.97], ids=["while they begin", "amid sessions", "while they end"])
def test_a_killed_server_loses_nothing_and_counts_nothing_twice(running: Product, store: Store, share: float) -> None:
    yard = Yard(running.port)
    charging = [Charging(yard, number) for number in range(STATIONS)]
    for one in charging:
        one.charge_point.connect().boot()
    boots = _boots(store)
    greenlets = [gevent.spawn(one.run) for one in charging]
    while yard.acknowledged < share * STATIONS * (READINGS + 2):
        gevent.sleep(0.001)
    yard.up.clear()
    running.kill()

    with store.reading():
        told = {one.transaction_id for one in charging if one.transaction_id}
        assert told <= {row.id for row in Transaction.select(Transaction.id)}
        stored = {(row.transaction_id, row.energy_wh) for row in MeterValue.select()}
        assert {(one.transaction_id, register) for one in charging for register in one.acknowledged} <= stored
        ended = {row.id for row in Transaction.select().where(Transaction.stopped_at.is_null(False))}
        assert {one.transaction_id for one in charging if one.stopped} <= ended

    running.start()
    yard.up.set()
    gevent.joinall(greenlets, timeout=60, raise_error=True)
    assert sum(one.reconnects for one in charging) > 0
    assert running.terminate() == 0
    assert "Traceback" not in running.output
    _check(store, charging)
    assert _boots(store) == boots


def _boots(store: Store) -> list[datetime]:
    with store.reading():
        return [row.last_boot_at for row in ChargePoint.select().order_by(ChargePoint.id)]


def _check(store: Store, charging: list[Charging]) -> None:
    with store.reading():
        rows = {row.id: row for row in Transaction.select()}
        assert set(rows) == {one.transaction_id for one in charging}
        for one in charging:
            row = rows[one.transaction_id]
            assert (row.meter_start, row.energy_wh) == (one.meter_start, STEP_WH * (READINGS + 1))
            assert (row.started_at, row.stopped_at) == (NOON, NOON + timedelta(minutes=READINGS + 1))
            assert row.flags == ""
            values = MeterValue.select().where(MeterValue.transaction_id == row.id).order_by(MeterValue.at)
            assert [value.energy_wh for value in values] == one.acknowledged
