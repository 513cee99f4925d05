"""What the tests of reservations share."""

import pytest

from ocpp_server.operations import reservation as _operations  # noqa: F401 - their answers are what is tested
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.ocpp_server.conftest import Clock, Speaker
from tests.ocpp_server.services.reservation.yard import Yard


@pytest.fixture
def yard(store: Store, settings: Settings, speaker: Speaker, time: Clock) -> Yard:
    return Yard(store, settings, speaker, time)
