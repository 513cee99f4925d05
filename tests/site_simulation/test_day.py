"""A few hours of the simulated day, so that the whole of it cannot rot."""

import pytest

from tests.site_simulation.day import METER_INTERVAL, Day, Plan

SHORT = Plan(seed=5, posts=10, limit_a=45.0, reserve_a=1.0, cars=300.0, begin=7.5, hours=1.2, killed=None)


@pytest.fixture(scope="module")
def record():
    return Day(SHORT).run()


def test_the_connection_is_never_overdrawn_for_longer_than_a_meter_interval(record):
    assert record.longest_above_s <= METER_INTERVAL
    assert record.arrivals >= 10


def test_at_every_change_what_could_be_handed_out_is(record):
    assert record.changes > 10
    assert min(record.shares) >= 0.98


def test_no_car_is_starved(record):
    assert record.longest_wait_s < 1800


def test_a_change_costs_few_messages(record):
    assert record.limits / record.changes < 6


def test_with_the_server_killed_the_fail_safe_holds():
    killed = Plan(**{**SHORT.__dict__, "hours": 0.8, "killed": (7.9, 20.0)})
    day = Day(killed)
    record = day.run()
    assert record.longest_above_s <= METER_INTERVAL
    assert not record.samples[-1][4]
    assert sum(sum(post.currents()) for post in day.posts) > 0, "some still charge"
