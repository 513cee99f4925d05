"""The server as the tests on a real socket find it."""

import http.client
import logging
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from ocpp_server.server import Server
from ocpp_server.services.access import operators
from tests.conftest import PASSWORD
from tests.fake_charge_point import FakeChargePoint
from tests.wire.yard import Yard

EMAIL = "ada@example.com"


@pytest.fixture
def yard(server: Server) -> Iterator[Yard]:
    """The server with the station CP-1 and the card CARD-1."""
    yard = Yard(server)
    yard.add_station()
    yard.add_card()
    yield yard
    yard.close()


@pytest.fixture
def charge_point(yard: Yard) -> FakeChargePoint:
    """CP-1, connected and booted."""
    charge_point = yard.connect()
    assert charge_point.boot()["status"] == "Accepted"
    return charge_point


@pytest.fixture
def cookie(yard: Yard) -> str:
    """Of an admin who is logged in."""
    hashed = operators.hash_password(PASSWORD)
    yard.store.write(lambda unit: operators.add(unit, EMAIL, password_hash=hashed, role="admin", name="Ada"))
    connection = http.client.HTTPConnection("127.0.0.1", yard.port, timeout=5)
    form = urlencode({"email": EMAIL, "password": PASSWORD})
    connection.request("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 303
    return (answer.getheader("Set-Cookie") or "").split(";")[0]


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing in this test may put an error or a traceback into the log or on the screen."""
    caplog.set_level(logging.INFO)
    yield
    loud = [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
    assert not loud, [caplog.handler.format(record) for record in loud]
    assert "Traceback" not in capfd.readouterr().err
