import json
from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock, dispatch, frames, stations
from ocpp_server.models import ChargePoint, SiteMember
from ocpp_server.services.site import site_loading, site_sharing, sites
from ocpp_server.services.site.sites import Circuit, Member, Plan
from ocpp_server.site import happenings
from ocpp_server.site.hold import Lent
from tests.charging import station

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def live(store):
    clock.use(lambda: NOW)
    point = store.write(lambda unit: station())
    plan = Plan("Yard", [Circuit("Main", 40.0)], [Member(point.id, 1, "Main")])
    store.write(lambda unit: sites.save(unit, plan))
    with store.reading():
        site_sharing.take(site_loading.load())
    return site_sharing.all_sites()[0]


def end_after_a_pause(store, live, number, reason, seconds=5):
    """A session is paused and ends so many seconds later."""
    (key,), now = live.site.members, NOW.timestamp()
    happenings.started(live.site, key, number, now - 600, now - 600)
    hold = live.site.members[key].session.hold
    hold.ask(Lent(0.0, 6.0, now + 900))
    hold.accept(now - seconds)
    payload = {"transactionId": number, "reason": reason}
    store.write(lambda unit: site_sharing.note_stop(unit, key[0], payload, clock.to_ms(NOW)))
    assert live.site.members[key].session is None


def can_pause(store):
    with store.reading():
        return SiteMember.get().can_pause


def test_who_twice_ends_a_session_that_is_paused_is_not_paused_any_more(store, live):
    end_after_a_pause(store, live, 1, "Other")
    assert can_pause(store)
    end_after_a_pause(store, live, 2, "Other")
    assert not can_pause(store)
    assert site_sharing.is_stale()


@pytest.mark.parametrize(("reason", "seconds"), [("Local", 5), ("EVDisconnected", 5), ("Other", 600)])
def test_a_session_that_ends_for_another_reason_or_later_says_nothing(store, live, reason, seconds):
    for number in (1, 2, 3):
        end_after_a_pause(store, live, number, reason, seconds)
    assert can_pause(store)


def test_a_status_that_is_older_than_the_known_one_tells_the_site_nothing(store, settings, live):
    (key,), now = live.site.members, NOW.timestamp()
    happenings.started(live.site, key, 7, now, now)
    with store.reading():
        here = stations.of(ChargePoint.get_by_id(key[0]))
    for status, minutes in (("Charging", 0), ("SuspendedEV", -30)):
        at = clock.iso(NOW + timedelta(minutes=minutes))
        payload = {"connectorId": key[1], "status": status, "errorCode": "NoError", "timestamp": at}
        call = frames.parse(json.dumps([2, "1", "StatusNotification", payload]))
        store.write(lambda unit, call=call: dispatch.answer(unit, here, settings, call))
    session = live.site.members[key].session
    assert (session.is_proven, session.suspended_since) == (True, None)


def test_messages_of_other_connectors_and_queued_readings_are_left_alone(store, live):
    ((station_id, _),) = live.site.members
    now = clock.to_ms(NOW)
    happenings.started(live.site, (station_id, 1), 7, NOW.timestamp(), NOW.timestamp())
    old = {
        "timestamp": clock.iso(NOW - timedelta(minutes=30)),
        "sampledValue": [{"value": "9", "measurand": "Current.Import"}],
    }
    for connector_id in (1, 2):
        payload = {"connectorId": connector_id, "meterValue": [old]}
        store.write(lambda unit, payload=payload: site_sharing.note_values(unit, station_id, payload, now))
    assert live.site.members[station_id, 1].session.currents is None
    fresh = {"connectorId": 1, "meterValue": [{**old, "timestamp": clock.iso(NOW)}]}
    store.write(lambda unit: site_sharing.note_values(unit, station_id, fresh, now))
    assert live.site.members[station_id, 1].session.currents == (9.0, 9.0, 9.0)
