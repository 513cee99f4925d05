"""What the tests of charging profiles share."""

import pytest

from ocpp_server.services.smart_charging import charging_owners
from ocpp_server.services.smart_charging.charging_owners import Outcome
from ocpp_server.store import Store
from tests.ocpp_server.conftest import Clock
from tests.ocpp_server.services.smart_charging.yard import SITE, Yard


@pytest.fixture
def yard(store: Store, time: Clock) -> Yard:
    return Yard(store, time)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    monkeypatch.setattr(charging_owners, "_listeners", {})
    found: list[tuple] = []

    @charging_owners.on_outcome(SITE)
    def hear(outcome: Outcome) -> None:
        found.append((outcome.connector_id, outcome.purpose, outcome.state, outcome.reason))

    return found
