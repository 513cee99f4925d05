from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock
from ocpp_server.charging import fitting
from ocpp_server.charging.units import Supply
from ocpp_server.models import ChargePoint, Site, Transaction
from ocpp_server.services.site import site_loading, site_orders, site_sharing, sites
from ocpp_server.services.site.site_sharing import SITE
from ocpp_server.services.site.sites import Circuit, Member, Plan
from ocpp_server.services.smart_charging import installed_profiles
from ocpp_server.services.smart_charging.installed_profiles import Wished
from ocpp_server.site import happenings, wishes
from ocpp_server.site.controller import Order
from ocpp_server.site.hold import Lent
from tests.charging import session, station
from tests.charging_station import Answerer

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def point(store):
    clock.use(lambda: NOW)
    return store.write(lambda unit: station(last_seen_at=NOW - timedelta(minutes=1)))


@pytest.fixture
def site(store, point):
    plan = Plan("Yard", [Circuit("Main", 40.0)], [Member(point.id, 1, "Main")])
    return store.write(lambda unit: sites.save(unit, plan))


def load(store):
    with store.reading():
        site_sharing.take(site_loading.load())
    (live,) = site_sharing.all_sites()
    return live


def member_of(live):
    (member,) = live.site.members.values()
    return member


def install(store, order, at=NOW, *, fitted=lambda profile: profile):
    """The station has taken what the site sent; `fitted`: in the form that it takes."""
    purpose = "TxDefaultProfile" if order.transaction_id is None else "TxProfile"
    profile = wishes.profile(order, at, profile_id=SITE.profile_id(purpose, 1), stack_level=0)
    wished = Wished(SITE.name, 1, profile, at)
    store.write(
        lambda unit: installed_profiles.accepted(
            unit, order.key[0], 1, fitted(profile), source="Chargeyard", wished=wished
        )
    )


def in_watts(profile):
    return fitting.in_unit(profile, "W", Supply())


def in_one_step(profile):
    return fitting.with_fewer_periods(profile, 1)


def send(store, *orders):
    """The site has sent this, and the process ended."""
    store.write(lambda unit: site_orders.send(unit, orders))
    site_sharing.clear()


def test_what_stations_hold_is_remembered(store, site, point):
    started = store.write(lambda unit: session(point, NOW - timedelta(hours=1), hours=None))
    install(store, Order((point.id, 1), None, 0.0, 32.0, 960))
    install(store, Order((point.id, 1), started.id, 20.0, 32.0, 900), NOW - timedelta(minutes=5))
    member = member_of(load(store))
    assert (member.default.installed, member.can_wait) == ((0.0, 32.0), True)
    hold = member.session.hold
    assert hold.held == Lent(20.0, 32.0, NOW.timestamp() + 600.0)


def test_what_a_station_took_in_watts_is_remembered_in_amperes(store, site, point):
    started = store.write(lambda unit: session(point, NOW - timedelta(hours=1), hours=None))
    install(store, Order((point.id, 1), None, 0.0, 32.0, 960), fitted=in_watts)
    install(store, Order((point.id, 1), started.id, 20.0, 6.0, 900), fitted=in_watts)
    member = member_of(load(store))
    assert member.default.installed == (0.0, 32.0)
    hold = member.session.hold
    assert hold.held == Lent(20.0, 6.0, NOW.timestamp() + 900.0)


def test_what_a_station_took_counted_from_the_start_of_the_session_ends_when_it_was_to_end(store, site, point):
    started = store.write(lambda unit: session(point, NOW - timedelta(hours=1), hours=None))

    def relative(profile):
        return fitting.as_other_kind(profile, NOW, started.started_at)

    install(store, Order((point.id, 1), started.id, 20.0, 6.0, 900), fitted=relative)
    assert member_of(load(store)).session.hold.held.ends - NOW.timestamp() == 900.0


def test_a_default_that_the_station_took_on_connector_0_is_that_of_its_only_connector(store, site, point):
    def refuses(action, payload):
        return "Rejected" if payload["connectorId"] else "Accepted"

    send(store, Order((point.id, 1), None, 0.0, 32.0, 960))
    assert Answerer(store, point, refuses).answer() == 2
    assert member_of(load(store)).default.installed == (0.0, 32.0)


def test_what_a_station_took_only_in_part_counts_as_not_taken(store, site, point):
    install(store, Order((point.id, 1), None, 0.0, 32.0, 960), fitted=in_one_step)
    assert member_of(load(store)).default.installed is None


def test_what_was_on_its_way_when_the_process_ended_may_have_arrived(store, site, point):
    started = store.write(lambda unit: session(point, NOW - timedelta(hours=1), hours=None))
    key = (point.id, 1)
    install(store, Order(key, started.id, 6.0, 6.0, 900), NOW - timedelta(minutes=5))
    send(store, Order(key, started.id, 16.0, 6.0, 900))
    hold = member_of(load(store)).session.hold
    assert (hold.most(NOW.timestamp()), hold.is_uncertain) == (16.0, True)


def test_a_higher_default_that_was_on_its_way_counts_and_is_made_anew(store, site, point):
    install(store, Order((point.id, 1), None, 0.0, 16.0, 960), NOW - timedelta(minutes=5))
    send(store, Order((point.id, 1), None, 0.0, 32.0, 960))
    default = member_of(load(store)).default
    assert default.most(40.0) == (0.0, 32.0)
    assert default.is_due(default.installed, NOW.timestamp())


def test_what_arrives_after_a_restart_is_remembered_as_it_is_accepted(store, site, point):
    started = store.write(lambda unit: session(point, NOW - timedelta(hours=1), hours=None))
    send(store, Order((point.id, 1), started.id, 16.0, 6.0, 900))
    live = load(store)
    assert Answerer(store, point).answer() == 1
    hold = member_of(live).session.hold
    assert (hold.now(NOW.timestamp()), hold.falls_to, hold.is_uncertain) == (16.0, 6.0, False)


def test_a_default_for_another_lease_counts_as_if_it_rose_at_once_and_is_made_anew(store, site, point):
    install(store, Order((point.id, 1), None, 0.0, 16.0, 180))
    member = member_of(load(store))
    assert member.default.most(member.maximum) == (16.0, 16.0)
    assert member.default.is_due(member.wanted_default, NOW.timestamp())


def test_a_constant_default_says_that_the_station_takes_no_rising_one(store, site, point):
    install(store, Order((point.id, 1), None, 32.0, 32.0, 960))
    member = member_of(load(store))
    assert (member.default.installed, member.can_wait) == ((32.0, 32.0), False)


def test_a_session_whose_start_came_hours_late_needs_a_sign_that_it_runs(store, site, point):
    store.write(
        lambda unit: session(point, NOW - timedelta(hours=3), hours=None, start_received_at=NOW - timedelta(minutes=1))
    )
    assert not member_of(load(store)).session.is_proven


def test_what_was_learnt_of_a_car_outlives_a_change_of_the_site(store, site, point):
    live = load(store)
    happenings.started(live.site, (point.id, 1), 7, NOW.timestamp(), NOW.timestamp())
    member_of(live).session.belief.most = 11.0
    store.write(lambda unit: session(point, NOW, hours=None, id=7))
    with store.reading():
        plan = sites.plan_of(Site.get())
    store.write(lambda unit: sites.save(unit, replace(plan, circuits=[Circuit("Main", 50.0)]), site.id))
    assert site_sharing.is_stale()
    again = load(store)
    assert (again.site.circuits[0].limit_a, member_of(again).session.belief.most) == (50.0, 11.0)


def test_sessions_that_ended_without_a_word_are_noticed(store, site, point):
    row = store.write(lambda unit: session(point, NOW, hours=None))
    live = load(store)
    assert member_of(live).session is not None
    store.write(lambda unit: Transaction.update(stopped_at=NOW).where(Transaction.id == row.id).execute())
    with store.reading():
        site_loading.reconcile([live])
    assert member_of(live).session is None


def test_a_station_that_was_just_here_is_quiet_and_one_that_was_deleted_is_noticed(store, site, point):
    live = load(store)
    assert member_of(live).quiet_until == NOW.timestamp() - 60 + live.site.wait
    with store.reading():
        assert not site_loading.has_deleted([live])
    store.write(lambda unit: ChargePoint.update(deleted_at=NOW).where(ChargePoint.id == point.id).execute())
    with store.reading():
        assert site_loading.has_deleted([live])
