"""Operators' profiles on a site's connectors, as the record has them."""

from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock, outgoing, stations
from ocpp_server.charging.building import constant
from ocpp_server.charging.profile import TX, TX_DEFAULT
from ocpp_server.frames import CallResult
from ocpp_server.jobs import share_sites
from ocpp_server.models import Command
from ocpp_server.services import commands
from ocpp_server.services.configuration import configuration
from ocpp_server.services.site import site_loading, site_orders, site_sharing, sites
from ocpp_server.services.site.sites import Circuit, Member, Plan
from ocpp_server.services.smart_charging import charging_profiles
from ocpp_server.services.smart_charging.charging_profiles import Spot
from ocpp_server.site import happenings
from ocpp_server.site.controller import Order
from ocpp_server.site.default import Steps
from ocpp_server.site.hold import Lent
from ocpp_server.site.others import Instead
from tests.charging import station
from tests.charging_station import Answerer

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def point(store):
    clock.use(lambda: NOW)
    return store.write(lambda unit: station(last_seen_at=NOW - timedelta(minutes=1)))


@pytest.fixture
def answerer(store, point):
    return Answerer(store, point)


@pytest.fixture
def member(store, point):
    plan = Plan("Yard", [Circuit("Main", 20.0)], [Member(point.id, 1, "Main")])
    store.write(lambda unit: sites.save(unit, plan))
    load(store)
    return site_sharing.at((point.id, 1)).site.members[point.id, 1]


def load(store):
    with store.reading():
        site_sharing.take(site_loading.load())
    (live,) = site_sharing.all_sites()
    return next(iter(live.site.members.values()))


def profile(limit, purpose=TX_DEFAULT, level=1, unit="A"):
    return constant(7, purpose, limit, stack_level=level, phases=None, now=NOW, unit=unit)


def apply(store, answerer, wish):
    spots = [Spot(answerer.charge_point.id, 1)]
    store.write(lambda unit: charging_profiles.apply(unit, wish, spots, by="Otto"))
    answerer.answer()


def start(store, answerer):
    """A session begins; its transactionId."""
    payload = {"connectorId": 1, "timestamp": clock.iso(NOW)}
    number = answerer.start(clock.iso(NOW), clock.to_ms(NOW))
    point_id = answerer.charge_point.id
    store.write(lambda unit: site_sharing.note_start(unit, point_id, payload, number, clock.to_ms(NOW)))
    return number


def test_a_schedule_that_is_applied_counts_within_seconds_and_until_it_is_cleared(
    store, settings, point, answerer, member
):
    apply(store, answerer, profile(15))
    share_sites.share_sites(store, settings)
    assert (member.instead.first, member.instead.then) == (15.0, 15.0)
    assert member.falls_to == 15.0
    start(store, answerer)
    share_sites.share_sites(store, settings)
    assert (member.cap, member.session.hold.most(NOW.timestamp())) == (15.0, 15.0)
    store.write(lambda unit: commands.request(unit, point.id, "ClearChargingProfile", {}, by="Otto"))
    answerer.answer()
    share_sites.share_sites(store, settings)
    assert (member.cap, member.instead) == (None, None)


def test_a_schedule_counts_also_after_a_restart(store, answerer, member):
    apply(store, answerer, profile(15))
    site_sharing.clear()
    assert load(store).instead.first == 15.0


def test_a_session_begins_with_the_profile_of_its_remote_start(store, point, answerer, member):
    member.default.installed = member.wanted_default
    payload = {"idTag": "CARD", "connectorId": 1, "chargingProfile": profile(25, TX)}
    store.write(lambda unit: commands.request(unit, point.id, "RemoteStartTransaction", payload, by="Otto"))
    answerer.answer()
    start(store, answerer)
    assert member.session.hold.most(NOW.timestamp()) == 25.0
    site_sharing.clear()
    assert load(store).session.hold.most(NOW.timestamp()) == 32.0, "without a default it may be all"


def test_what_a_schedule_allows_in_watts_is_shared_by_the_phases_that_surely_share_it(
    store, settings, point, answerer, member
):
    member.takes_watts = True
    apply(store, answerer, profile(4600, unit="W"))
    start(store, answerer)
    share_sites.share_sites(store, settings)
    assert member.cap == 20.0
    happenings.measured(site_sharing.at((point.id, 1)).site, (point.id, 1), (6.0, 6.0, 6.0), NOW.timestamp())
    share_sites.share_sites(store, settings)
    assert member.cap == 6.6


def test_a_session_that_is_found_later_follows_the_profile_that_it_has(store, settings, point, answerer, member):
    number = start(store, answerer)
    apply(store, answerer, profile(25, TX, level=3))
    site_sharing.clear()
    load(store)
    happenings.ended(site_sharing.at((point.id, 1)).site, (point.id, 1), number)
    with store.reading():
        site_loading.reconcile(site_sharing.all_sites())
    session = site_sharing.at((point.id, 1)).site.members[point.id, 1].session
    session.hold.recall(Lent(0.0, 0.0))
    share_sites.share_sites(store, settings)
    assert session.hold.most(NOW.timestamp()) == 25.0


def ask(store, point, action, payload):
    """Of the station, which takes it and says nothing; the claimed command."""
    station = stations.of(point)
    store.write(lambda unit: commands.request(unit, point.id, action, payload, by="Otto"))
    claimed, _ = store.write(lambda unit: outgoing.take(unit, station))
    store.write(lambda unit: commands.timed_out(unit, claimed))
    return claimed


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_schedule_that_may_have_arrived_though_nothing_was_answered_is_kept_free(
    store, settings, point, member, is_restarted
):
    member.default.installed = Steps(0.0, 6.0)
    claimed = ask(store, point, "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile(15)})
    if is_restarted:
        site_sharing.clear()
    share_sites.share_sites(store, settings)
    member = site_sharing.at((point.id, 1)).site.members[point.id, 1]
    assert member.instead == Instead(15.0, 15.0, False)
    answer = CallResult(claimed.message_id, {"status": "Rejected"}, "")
    store.write(lambda unit: outgoing.late(unit, stations.of(point), claimed, answer))
    share_sites.share_sites(store, settings)
    assert member.instead is None


def test_a_profile_for_the_session_that_may_have_taken_the_place_of_its_limit_counts(
    store, settings, point, answerer, member
):
    number = start(store, answerer)
    order = Order((point.id, 1), number, 6.0, 6.0, 900.0)
    store.write(lambda unit: site_orders.send(unit, [order]))
    answerer.answer()
    member.session.hold.recall(Lent(6.0, 6.0))
    for level, most in ((8, 6.0), (9, 16.0)):
        wish = {**profile(16, TX, level=level), "transactionId": number}
        ask(store, point, "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": wish})
        share_sites.share_sites(store, settings)
        assert member.session.hold.most(NOW.timestamp()) == most


def test_a_schedule_that_may_be_cleared_leaves_the_sites_default_possible(store, settings, point, answerer, member):
    member.default.installed = Steps(0.0, 20.0)
    apply(store, answerer, profile(15))
    ask(store, point, "ClearChargingProfile", {})
    share_sites.share_sites(store, settings)
    assert member.instead == Instead(15.0, 15.0, False)
    assert member.falls_to == 20.0


def test_a_schedule_whose_place_the_sites_default_takes_counts_no_more(store, settings, point, answerer, member):
    apply(store, answerer, profile(15, level=0))
    start(store, answerer)
    share_sites.share_sites(store, settings)
    assert member.cap == 15.0
    store.write(lambda unit: site_orders.send(unit, [Order((point.id, 1), None, 0.0, 20.0, 960.0)]))
    answerer.answer()
    share_sites.share_sites(store, settings)
    assert member.cap is None


def test_a_profile_for_the_session_that_stands_above_the_sites_is_overruled_by_the_next_limit(
    store, settings, point, answerer, member
):
    number = start(store, answerer)
    share_sites.share_sites(store, settings)
    order = Order((point.id, 1), number, 6.0, 6.0, 900.0)
    store.write(lambda unit: site_orders.send(unit, [order]))
    answerer.answer()
    assert answerer.profiles[-1]["stackLevel"] == 9
    assert member.session.hold.now(NOW.timestamp()) == 6.0
    apply(store, answerer, profile(30, TX, level=12))
    share_sites.share_sites(store, settings)
    assert (member.session.hold.most(NOW.timestamp()), member.session.hold.is_uncertain) == (30.0, True)
    store.write(lambda unit: site_orders.send(unit, [order]))
    answerer.answer()
    assert answerer.profiles[-1]["stackLevel"] == 12


def test_a_limit_has_the_highest_level_that_the_station_knows(store, point, answerer, member):
    number = start(store, answerer)
    key = "ChargeProfileMaxStackLevel"
    store.write(lambda unit: configuration.report(unit, point.id, {"key": key, "value": "20"}, NOW))
    store.write(lambda unit: site_orders.send(unit, [Order((point.id, 1), number, 6.0, 6.0, 900.0)]))
    with store.reading():
        assert '"stackLevel": 20' in Command.get().payload
