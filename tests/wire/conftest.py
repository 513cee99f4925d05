"""The server as the tests on a real socket find it."""

import logging
from collections.abc import Iterator

import pytest

from ocpp_server.server import Server
from tests.fake_charge_point import FakeChargePoint
from tests.wire.yard import Yard


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
def quiet(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing in this test may put an error or a traceback into the log or on the screen."""
    caplog.set_level(logging.INFO)
    yield
    loud = [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
    assert not loud, [caplog.handler.format(record) for record in loud]
    assert "Traceback" not in capfd.readouterr().err
