"""Sites and loads for tests: some by hand, many by chance."""

import random
from collections.abc import Sequence

import numpy
from hypothesis import strategies as st
from scipy.optimize import linprog

from ocpp_server.site.allocation import Allotment, Draw, Load, ledger_with
from ocpp_server.site.grid import Circuit, Grid

ROTATIONS = ((0, 1, 2), (1, 2, 0), (2, 0, 1))


@st.composite
def sites(draw: st.DrawFn) -> tuple[Grid, list[Load]]:
    """Any tree of circuits, limits in A or kW, and loads on any of them."""
    count = draw(st.integers(1, 4))
    limits = st.floats(0, 200, allow_nan=False)
    circuits = [
        Circuit(
            number,
            draw(st.none() | st.integers(0, number - 1)) if number else None,
            limit_a=draw(st.none() | limits),
            limit_w=draw(st.none() | st.floats(0, 100_000, allow_nan=False)),
            reserve_a=draw(st.sampled_from((0.0, 5.0))),
        )
        for number in range(count)
    ]
    loads = draw(st.lists(st.builds(_load, *_parts(count)), max_size=12))
    return Grid(circuits), [_named(load, key) for key, load in enumerate(loads)]


def _parts(count: int) -> list[st.SearchStrategy]:
    phases = st.sampled_from([(0,), (1,), (2,), (0, 1), (2, 0), *ROTATIONS])
    wishes = st.sampled_from((0.0, 3.0, 6.0, 10.5, 16.0, 32.0))
    return [st.integers(0, count - 1), phases, st.sampled_from((6.0, 8.0)), wishes, st.integers(0, 1)]


def _load(circuit: int, phases: tuple[int, ...], minimum: float, most: float, tier: int) -> Load:
    return Load(None, circuit, phases, minimum, most, tier)


def _named(load: Load, key: int) -> Load:
    return Load(key, load.circuit, load.phases, load.minimum, load.most, load.tier)


def yard(rng: random.Random, cars: int) -> tuple[Grid, list[Load]]:
    """40 connectors with turned phases on a connection of 12 times 16 A, some of them with a car."""
    grid = Grid([Circuit(0, None, limit_a=192.0)])
    return grid, [_car(rng, place) for place in rng.sample(range(40), cars)]


def _car(rng: random.Random, place: int) -> Load:
    count = rng.choices((1, 2, 3), (20, 5, 75))[0]
    return Load(place, 0, ROTATIONS[place % 3][:count], 6.0, rng.choice((16.0, 16.0, 32.0)))


def handed_out(loads: list[Load], allotment: Allotment) -> float:
    """A summed over all phases, which is what power is."""
    return sum(len(load.phases) * allotment[load.key] for load in loads)


def linear_optimum(grid: Grid, loads: list[Load], floor: dict | None = None, taken: Sequence[Draw] = ()) -> float:
    """The most that could be handed out, if fairness did not matter; `floor`: what each has at least."""
    matrix = numpy.zeros((len(grid.bounds), len(loads)))
    for column, load in enumerate(loads):
        for bound, count in grid.usage(load.circuit, load.phases):
            matrix[bound, column] = count
    solved = linprog(
        [-len(load.phases) for load in loads],
        A_ub=matrix,
        b_ub=[left / 10 for left in ledger_with(grid, taken).left],
        bounds=[((floor or {}).get(load.key, 0.0), max(load.most, load.minimum)) for load in loads],
    )
    assert solved.status == 0, solved.message
    return -solved.fun
