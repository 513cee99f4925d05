"""Messages that fit no session."""

from datetime import UTC, datetime

import pytest

from ocpp_server import events
from ocpp_server.models import OrphanMessage
from ocpp_server.services.message import orphan_messages
from tests import charging

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def orphan(store):
    def work(unit):
        return OrphanMessage.create(
            charge_point=charging.station(), action="StopTransaction", payload="{}", reason="unknown", received_at=NOON
        )

    return store.write(work)


def waiting(store):
    with store.reading():
        return [message.id for message in orphan_messages.search()], orphan_messages.count_open()


def test_a_message_waits_until_it_is_resolved_and_can_be_taken_back(store, orphan):
    subscription = events.subscribe(["transactions"])
    assert waiting(store) == ([orphan.id], 1)
    store.write(lambda unit: orphan_messages.resolve(unit, orphan.id))
    assert subscription.wait(1) == {"transactions"}
    events.unsubscribe(subscription)
    assert waiting(store) == ([], 0)
    with store.reading():
        assert [message.id for message in orphan_messages.search(resolved=True)] == [orphan.id]
    store.write(lambda unit: orphan_messages.resolve(unit, orphan.id, resolved=False))
    assert waiting(store) == ([orphan.id], 1)


def test_a_message_that_does_not_exist_cannot_be_resolved(store):
    with pytest.raises(OrphanMessage.DoesNotExist):
        store.write(lambda unit: orphan_messages.resolve(unit, 4711))
