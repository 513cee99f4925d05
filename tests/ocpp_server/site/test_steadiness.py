import random

from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp_server.site.allocation import Load, allocate
from ocpp_server.site.grid import Circuit, Grid, tenths
from ocpp_server.site.steadiness import steady
from tests.ocpp_server.site.grids import handed_out, sites, yard

ALL = (0, 1, 2)


def changes(before, after):
    return sum(before.get(key) != amperes for key, amperes in after.items())


@given(sites(), st.lists(st.floats(0, 32), min_size=12, max_size=12))
@settings(max_examples=100, deadline=None)
def test_what_is_kept_breaks_no_bound_and_no_minimum(site, numbers):
    grid, loads = site
    before = {load.key: round(number, 1) for load, number in zip(loads, numbers, strict=False)}
    after = steady(grid, loads, allocate(grid, loads), before)
    ledger = grid.ledger()
    for load in loads:
        assert after[load.key] == 0 or load.minimum <= after[load.key] <= max(load.most, load.minimum)
        ledger.take(grid.usage(load.circuit, load.phases), tenths(after[load.key]))
    assert min(ledger.left, default=0) >= 0


@given(sites(), st.lists(st.floats(0, 32), min_size=12, max_size=12))
@settings(max_examples=100, deadline=None)
def test_who_pauses_in_the_fair_answer_pauses_here_and_nobody_else(site, numbers):
    grid, loads = site
    fair = allocate(grid, loads)
    after = steady(grid, loads, fair, {load.key: n for load, n in zip(loads, numbers, strict=False)})
    assert {key for key, amperes in after.items() if amperes} == {key for key, amperes in fair.items() if amperes}


def test_a_car_that_comes_to_a_full_yard_does_not_move_everyone():
    grid = Grid([Circuit(0, None, limit_a=192)])
    loads = [Load(key, 0, ALL) for key in range(20)]
    before = allocate(grid, loads)
    loads.append(Load("new", 0, ALL))
    after = steady(grid, loads, allocate(grid, loads), before)
    assert changes(before, after) <= 12


def test_nothing_changes_where_nothing_happened():
    grid, loads = yard(random.Random(3), 30)
    before = allocate(grid, loads)
    assert steady(grid, loads, allocate(grid, loads), before) == before


def test_many_arrivals_and_departures_leave_little_unused_and_everyone_near_the_fair_share():
    rng = random.Random(7)
    grid, loads = yard(rng, 40)
    rng.shuffle(loads)
    here, given = loads[:10], {}
    for _ in range(200):
        here = [load for load in loads if rng.random() < 0.8] if rng.random() < 0.3 else here
        away = [load for load in loads if load not in here]
        if away and rng.random() < 0.5:
            here = [*here, rng.choice(away)]
        elif here:
            here = [load for load in here if load is not rng.choice(here)]
        fair = allocate(grid, here)
        given = steady(grid, here, fair, given)
        assert handed_out(here, given) >= 0.99 * handed_out(here, fair)
        assert all(abs(given[key] - fair[key]) <= max(1.0, 0.15 * fair[key]) + 0.01 for key in fair)
