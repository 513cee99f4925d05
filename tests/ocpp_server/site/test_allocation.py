import random
from itertools import pairwise

import pytest
from hypothesis import given, settings

from ocpp_server.site.allocation import Draw, Load, allocate
from ocpp_server.site.grid import Circuit, Grid, tenths, tenths_up
from tests.ocpp_server.site.grids import handed_out, linear_optimum, sites, yard

ALL = (0, 1, 2)


def rooms(grid, loads, allotment):
    ledger = grid.ledger()
    for load in loads:
        ledger.take(grid.usage(load.circuit, load.phases), tenths(allotment[load.key]))
    return ledger


@given(sites())
@settings(max_examples=80, deadline=None)
def test_no_bound_is_ever_broken_and_nobody_is_between_nothing_and_the_minimum(site):
    grid, loads = site
    allotment = allocate(grid, loads)
    assert min(rooms(grid, loads, allotment).left, default=0) >= 0
    for load in loads:
        assert allotment[load.key] == 0 or load.minimum <= allotment[load.key] <= max(load.most, load.minimum)
        assert load.most > 0 or allotment[load.key] == 0


@given(sites())
@settings(max_examples=80, deadline=None)
def test_nothing_that_anybody_could_use_is_left(site):
    grid, loads = site
    allotment = allocate(grid, loads)
    ledger = rooms(grid, loads, allotment)
    for load in loads:
        room = ledger.room(grid.usage(load.circuit, load.phases))
        if allotment[load.key]:
            assert room < 1 or allotment[load.key] == max(load.most, load.minimum)
        else:
            assert load.most == 0 or room < tenths_up(load.minimum)


@given(sites())
@settings(max_examples=40, deadline=None)
def test_the_same_question_has_the_same_answer(site):
    grid, loads = site
    assert allocate(grid, loads) == allocate(grid, list(loads))


@given(sites())
@settings(max_examples=60, deadline=None)
def test_what_is_drawn_anyway_is_taken_from_the_others(site):
    grid, loads = site
    if not loads:
        return
    uncontrolled, *others = loads
    draw = Draw(uncontrolled.circuit, uncontrolled.phases, 7.3)
    allotment = allocate(grid, others, [draw])
    ledger = rooms(grid, others, allotment)
    ledger.take(grid.usage(draw.circuit, draw.phases), 73)
    for bound, left in zip(grid.bounds, ledger.left, strict=True):
        assert left >= 0 or bound.capacity < 73 * 3


def test_equal_cars_get_the_same():
    grid = Grid([Circuit(0, None, limit_a=60)])
    assert set(allocate(grid, [Load(key, 0, ALL) for key in range(6)]).values()) == {10.0}


def test_what_one_does_not_take_the_others_get():
    grid = Grid([Circuit(0, None, limit_a=40)])
    loads = [Load("small", 0, ALL, most=8), Load("large", 0, ALL), Load("other", 0, ALL)]
    assert allocate(grid, loads) == {"small": 8.0, "large": 16.0, "other": 16.0}


def test_where_not_all_minimums_fit_the_last_in_turn_pauses():
    grid = Grid([Circuit(0, None, limit_a=20)])
    assert list(allocate(grid, [Load(key, 0, ALL) for key in range(4)]).values()) == [6.7, 6.7, 6.6, 0.0]


def test_a_higher_tier_is_filled_before_a_lower_one_gets_more_than_its_minimum():
    grid = Grid([Circuit(0, None, limit_a=40)])
    loads = [Load("first", 0, ALL, tier=1), Load("second", 0, ALL), Load("third", 0, ALL)]
    assert allocate(grid, loads) == {"first": 28.0, "second": 6.0, "third": 6.0}


def test_an_inner_circuit_holds_and_the_outer_one_is_used_up_by_the_others():
    grid = Grid([Circuit(0, None, limit_a=60), Circuit(1, 0, limit_a=16)])
    loads = [Load("a", 1, ALL), Load("b", 1, ALL), Load("c", 0, ALL)]
    assert allocate(grid, loads) == {"a": 8.0, "b": 8.0, "c": 32.0}


def test_a_limit_in_kilowatts_counts_all_phases_and_a_reserve_stays_free():
    grid = Grid([Circuit(0, None, limit_w=13_800, reserve_a=4)])
    assert allocate(grid, [Load("three", 0, ALL), Load("one", 0, (1,))]) == {"three": 12.0, "one": 12.0}


def test_cars_on_one_phase_share_it_by_their_rotation():
    grid = Grid([Circuit(0, None, limit_a=20)])
    loads = [Load("l1", 0, (0,)), Load("also l1", 0, (0,)), Load("l2", 0, (1,))]
    assert allocate(grid, loads) == {"l1": 10.0, "also l1": 10.0, "l2": 20.0}


def test_more_drawn_than_the_circuit_allows_leaves_nothing():
    grid = Grid([Circuit(0, None, limit_a=16)])
    assert allocate(grid, [Load("a", 0, ALL)], [Draw(0, ALL, 40)]) == {"a": 0.0}


def test_circuits_in_a_circle_do_not_hang():
    grid = Grid([Circuit(0, 1, limit_a=16), Circuit(1, 0, limit_a=10)])
    assert allocate(grid, [Load("a", 0, ALL)]) == {"a": 10.0}


@pytest.mark.parametrize("seed", range(60))
def test_at_least_98_percent_of_what_a_linear_program_hands_out(seed):
    """The program keeps the minimum of those who charge and the bounds, and knows no fairness at all."""
    rng = random.Random(seed)
    grid, loads = yard(rng, rng.randint(2, 40))
    allotment = allocate(grid, loads)
    charging = [load for load in loads if allotment[load.key]]
    best = linear_optimum(grid, charging, {load.key: load.minimum for load in charging})
    assert handed_out(charging, allotment) >= 0.98 * best


def test_fair_shares_on_unequal_phases_give_way_only_as_far_as_needed():
    """Nine three-phase cars with two single-phase cars on L1: a little less for these, not nothing."""
    grid = Grid([Circuit(0, None, limit_a=100)])
    loads = [*(Load(key, 0, ALL) for key in range(9)), Load("one", 0, (0,)), Load("two", 0, (0,))]
    allotment = allocate(grid, loads)
    assert 6.0 <= allotment["one"] < allotment[0]
    levels = sorted({allotment[key] for key in range(9)})
    assert all(upper - lower <= 0.11 for lower, upper in pairwise(levels))
