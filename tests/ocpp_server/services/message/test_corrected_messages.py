import json
from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock
from ocpp_server.models import Frame
from ocpp_server.services.message import corrected_messages
from tests import charging

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def say(store):
    """Put a message of the first station on record; its id."""

    def say(action, at, payload, note="odd", charge_point_id=1):
        text = payload if isinstance(payload, str) else json.dumps([2, "1", action, payload])
        values = {"outgoing": False, "message_type": 2, "message_id": "1", "text": text, "note": note}
        facts = {"charge_point_id": charge_point_id, "at": at, "action": action}
        return store.write(lambda unit: Frame.create(**facts, **values).id)

    return say


@pytest.fixture
def session(store):
    return store.write(lambda unit: charging.session(charging.station(), NOON, 1))


def found(store, session):
    with store.reading():
        return corrected_messages.find(session)


def test_those_of_the_session_are_found_by_its_number_or_its_connector(store, session, say):
    wanted = [
        say("StartTransaction", NOON, {"connectorId": "1"}),
        say("MeterValues", NOON + MINUTE, {"connectorId": 1, "transactionId": str(session.id)}),
        say("MeterValues", NOON + 2 * MINUTE, {"connectorId": 1}),
        say("StopTransaction", NOON + 60 * MINUTE, {"transactionId": session.id}),
    ]
    say("MeterValues", NOON - MINUTE, {"connectorId": 1, "transactionId": session.id})
    say("MeterValues", NOON + 61 * MINUTE, {"connectorId": 1})
    say("MeterValues", NOON + MINUTE, {"connectorId": 1, "transactionId": session.id}, note="")
    say("MeterValues", NOON + MINUTE, {"connectorId": 1, "transactionId": session.id}, charge_point_id=2)
    say("MeterValues", NOON + MINUTE, {"connectorId": 2})
    say("MeterValues", NOON + MINUTE, {"transactionId": session.id + 1})
    say("StatusNotification", NOON + MINUTE, {"connectorId": 1})
    for text in ("{", "[2]", "7", '[2, "1", "MeterValues", null]'):
        say("MeterValues", NOON + MINUTE, text)
    assert found(store, session) == wanted


def test_they_are_found_in_the_midst_of_a_long_log_with_gaps(store, session, say):
    first = say("MeterValues", NOON - 600 * MINUTE, {"connectorId": 1})
    same = {"charge_point_id": 1, "outgoing": False, "message_type": 2, "message_id": "1", "action": "MeterValues"}
    same |= {"text": json.dumps([2, "1", "MeterValues", {"transactionId": session.id}]), "note": "odd"}
    rows = [{"id": first + 3 * number, "at": NOON + (number - 500) * MINUTE, **same} for number in range(1, 1001)]
    store.write(lambda unit: Frame.insert_many(rows).execute())
    assert found(store, session) == [first + 3 * number for number in range(500, 561)]


def test_a_running_session_goes_on_until_now(store, say):
    session = store.write(lambda unit: charging.session(charging.station(), NOON, None))
    clock.use(lambda: NOON + 10 * MINUTE)
    late = say("MeterValues", NOON + 9 * MINUTE, {"transactionId": session.id})
    assert found(store, session) == [late]
