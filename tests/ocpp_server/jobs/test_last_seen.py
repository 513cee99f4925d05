"""When a connected station was last heard is written down."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from ocpp_server import sessions
from ocpp_server.jobs.last_seen import note_last_seen
from ocpp_server.models import ChargePoint
from tests.ocpp_server.conftest import NOON


@pytest.fixture
def connected(speaker, another):
    other = another("CP-2")
    session = SimpleNamespace(charge_point_id=speaker.station.id, last_seen_at=NOON + timedelta(minutes=5))
    sessions.enter(session)
    yield speaker.station.id, other.station.id
    sessions.leave(session)


def test_only_the_connected_are_noted(store, settings, connected):
    note_last_seen(store, settings)
    note_last_seen(store, settings)
    with store.reading():
        seen = [ChargePoint.get_by_id(charge_point_id).last_seen_at for charge_point_id in connected]
    assert seen == [NOON + timedelta(minutes=5), None]


def test_nobody_connected_is_fine(store, settings):
    note_last_seen(store, settings)
