"""A commit that fails: what should be billed is not refused, and is stored once when the disk works again."""

from collections.abc import Iterator

import pytest
from peewee import OperationalError

import app as entry
from ocpp_server import stations
from ocpp_server.models import Transaction
from ocpp_server.server import Server
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.fake_charge_point import now
from tests.wire.yard import CARD, Yard


class FailingStore(Store):
    """A database that fails to commit a session, so many times."""

    failures = 0

    def _sync(self) -> None:
        (sessions,) = self.run("SELECT count(*) FROM charging_transaction").fetchone()
        if sessions and self.failures:
            self.failures -= 1
            raise OperationalError("database or disk is full")
        super()._sync()


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    server = Server(settings, entry.create_portal)
    server.store.stop()
    server.store = FailingStore(settings.database)
    server.start()
    yield server
    server.stop()
    stations.clear()


START = {"connectorId": 1, "idTag": CARD, "meterStart": 10}


def test_what_failed_once_is_tried_again(server: Server, yard: Yard) -> None:
    charge_point = yard.connect()
    charge_point.boot()
    server.store.failures = 1
    answer = charge_point.call("StartTransaction", {**START, "timestamp": now()})
    assert answer["transactionId"] == yard.row(Transaction).id


def test_what_cannot_be_stored_is_not_answered_and_may_be_sent_again(server: Server, yard: Yard) -> None:
    charge_point = yard.connect()
    charge_point.boot()
    start = {**START, "timestamp": now()}
    server.store.failures = 2
    charge_point.send_call("StartTransaction", start)
    code, reason = charge_point.wait_for_close()
    assert (code, "database" in reason) == (1011, True)
    answer = yard.connect().call("StartTransaction", start)
    assert answer["transactionId"] == yard.row(Transaction).id
