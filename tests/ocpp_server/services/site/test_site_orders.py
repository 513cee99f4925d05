"""From an order of a site to what its station is sent."""

from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock
from ocpp_server.charging.limits import Traits
from ocpp_server.services.configuration import configuration
from ocpp_server.services.site import site_loading, site_orders, site_sharing, sites
from ocpp_server.services.site.sites import Circuit, Member, Plan
from ocpp_server.services.smart_charging import charging_traits
from ocpp_server.site import happenings
from ocpp_server.site.controller import Order
from tests.charging import reading, session, station
from tests.charging_station import Answerer

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def point(store):
    clock.use(lambda: NOW)
    return store.write(lambda unit: station())


def sent(store, point, transaction_id):
    """The schedule of a limit of 20 A, lent for 15 minutes, then 6 A."""
    order = Order((point.id, 1), transaction_id, 20.0, 6.0, 900.0)
    store.write(lambda unit: site_orders.send(unit, [order]))
    answerer = Answerer(store, point)
    answerer.answer()
    return answerer.profiles[-1]["chargingSchedule"]


def start(store, point, hours_ago, *, ahead):
    """A session whose start was reported by a clock that is so far ahead; it is taken to have begun by then at most."""
    begun = NOW - timedelta(hours=hours_ago)
    times = {"start_reported_at": begun + ahead, "start_received_at": begun}
    return store.write(lambda unit: session(point, begun + min(ahead, timedelta(0)), hours=None, **times))


def read(store, transaction, *, received, ahead):
    store.write(lambda unit: reading(transaction, received + ahead, received_at=received))


def test_a_limit_in_watts_is_made_for_the_phases_that_surely_share_it(store, point):
    store.write(lambda unit: charging_traits.learn(unit, point.id, Traits(unit="W")))
    answerer = Answerer(store, point)
    for phases in (1, 3):
        order = Order((point.id, 1), None, 6.0, 32.0, 960.0, phases=phases)
        store.write(lambda unit, order=order: site_orders.send(unit, [order]))
        answerer.answer()
    sent = [
        [step["limit"] for step in item["chargingSchedule"]["chargingSchedulePeriod"]] for item in answerer.profiles
    ]
    assert sent == [[1380.0, 7360.0], [4140.0, 22_080.0]]


def load(store):
    with store.reading():
        site_sharing.take(site_loading.load())
    (live,) = site_sharing.all_sites()
    return live.site, next(iter(live.site.members.values()))


def test_a_station_that_is_found_to_take_one_step_only_is_given_constant_limits_from_then_on(store, point):
    plan = Plan("Yard", [Circuit("Main", 20.0)], [Member(point.id, 1, "Main")])
    store.write(lambda unit: sites.save(unit, plan))
    site, member = load(store)
    item = {"key": "ChargingScheduleMaxPeriods", "value": "1"}
    store.write(lambda unit: configuration.report(unit, point.id, item, NOW))
    answerer = Answerer(store, point)
    happenings.connection(site, point.id, True, NOW.timestamp())

    def decide():
        orders = site.decide(NOW.timestamp())
        for order in orders:
            site_sharing.sent(site_sharing.at(order.key), order, NOW.timestamp())
        store.write(lambda unit: site_orders.send(unit, orders))
        answerer.answer()
        return [(order.amperes, order.fail_safe) for order in orders]

    assert decide() == [(0.0, 20.0)]
    assert (member.can_step, member.default.installed) == (False, None)
    assert decide() == [(20.0, 20.0)]
    assert member.default.installed == (20.0, 20.0)
    assert decide() == []


def test_fail_safe_limits_are_shared_out_anew_for_a_station_that_is_found_to_take_watts_only(store, point):
    plan = Plan("Yard", [Circuit("Main", 20.0)], [Member(point.id, number, "Main") for number in (1, 2)])
    store.write(lambda unit: sites.save(unit, plan))
    site, _ = load(store)
    happenings.connection(site, point.id, True, NOW.timestamp())
    assert [member.fail_safe for member in site.members.values()] == [10.0, 10.0]
    store.write(lambda unit: charging_traits.learn(unit, point.id, Traits(unit="W")))
    order = Order((point.id, 1), None, 0.0, 10.0, 960.0)
    store.write(lambda unit: site_orders.send(unit, [order]))
    Answerer(store, point).answer()
    assert [member.fail_safe for member in site.members.values()] == [20.0, 0.0]


def test_in_which_form_a_station_takes_limits_is_known_from_its_configuration(store, point):
    plan = Plan("Yard", [Circuit("Main", 20.0)], [Member(point.id, 1, "Main")])
    store.write(lambda unit: sites.save(unit, plan))
    keys = {"ChargingScheduleMaxPeriods": "1", "ChargingScheduleAllowedChargingRateUnit": "Power"}
    for key, value in keys.items():
        item = {"key": key, "value": value}
        store.write(lambda unit, item=item: configuration.report(unit, point.id, item, NOW))
    _site, member = load(store)
    assert (member.takes_watts, member.can_step) == (True, False)


HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=-10)


def test_a_limit_begins_at_once_by_the_clock_of_a_station_that_is_ahead(store, point):
    row = start(store, point, 2, ahead=HOUR)
    assert sent(store, point, row.id)["startSchedule"] == clock.iso(NOW + HOUR - timedelta(minutes=1))


def test_values_whose_time_cannot_be_meant_say_nothing_against_it(store, point):
    """They are kept with the time of their arrival."""
    row = start(store, point, 2, ahead=HOUR)
    read(store, row, received=NOW, ahead=timedelta(0))
    assert sent(store, point, row.id)["startSchedule"] == clock.iso(NOW + HOUR - timedelta(minutes=1))


def test_a_clock_that_was_put_right_after_the_start_counts_as_right(store, point):
    row = start(store, point, 2, ahead=HOUR)
    read(store, row, received=NOW, ahead=timedelta(seconds=-1))
    assert sent(store, point, row.id)["startSchedule"] == clock.iso(NOW - timedelta(minutes=1, seconds=1))


def test_a_clock_that_no_zone_explains_is_not_followed(store, point):
    row = start(store, point, 2, ahead=timedelta(days=365 * 70))
    assert sent(store, point, row.id)["startSchedule"] == clock.iso(NOW - timedelta(minutes=1))


def test_a_limit_begins_at_once_by_the_clock_of_a_station_that_is_behind(store, point):
    row = start(store, point, 2, ahead=MINUTES)
    for seconds in (180, 120, 60):
        read(store, row, received=NOW - timedelta(seconds=seconds), ahead=MINUTES)
    assert sent(store, point, row.id)["startSchedule"] == clock.iso(NOW + MINUTES - timedelta(minutes=1))


def test_what_a_station_kept_while_it_was_offline_says_nothing_of_its_clock(store, point):
    row = start(store, point, 2, ahead=timedelta(hours=-1))
    assert sent(store, point, row.id)["startSchedule"] == clock.iso(NOW - timedelta(minutes=1))
    read(store, row, received=NOW, ahead=timedelta(0))
    for minutes in (20, 15, 10):
        read(store, row, received=NOW, ahead=timedelta(minutes=-minutes))
    assert sent(store, point, row.id)["startSchedule"] == clock.iso(NOW - timedelta(minutes=1))


def test_a_station_whose_clock_is_ahead_and_that_counts_from_the_start_of_the_session_is_told_the_right_moment(
    store, point
):
    row = start(store, point, 2, ahead=HOUR)
    store.write(lambda unit: charging_traits.learn(unit, point.id, Traits(kind="Relative")))
    assert [item["startPeriod"] for item in sent(store, point, row.id)["chargingSchedulePeriod"]] == [0, 7200 + 900]
