"""What is measured, for how long, and in which order: the short form for every day, the long one for the record."""

from dataclasses import dataclass

from tests.bench.drive import Load
from tests.bench.targets import ASYNCIO, BARE, OURS

MODES = ("closed", "open", "storm", "idle")


@dataclass(frozen=True)
class Step:
    """One load, and the servers that are measured under it, one after the other within each round."""

    load: Load
    kinds: tuple[str, ...]


def steps(long: bool, modes: tuple[str, ...], engines: tuple[str, ...]) -> list[Step]:
    """The steps of one round."""
    ours = tuple(kind for kind in OURS if kind in engines)
    yardsticks = {"closed": (BARE, ASYNCIO), "open": (BARE,), "storm": (BARE,), "idle": (BARE,)}
    loads = _LONG if long else _SHORT
    return [Step(load, ours + yardsticks[load.mode]) for load in loads if load.mode in modes]


_SHORT = [
    Load("closed", 200, 4, 1),
    Load("open", 1_000, 11, 1),
    Load("storm", 1_000),
    Load("idle", 1_000, warm_up=2),
]
_LONG = [
    Load("closed", 50, 8, 2),
    Load("closed", 200, 8, 2),
    Load("closed", 1_000, 8, 2),
    Load("open", 1_000, 25, 3),
    Load("open", 5_000, 20, 3),
    Load("storm", 5_000),
    Load("idle", 5_000, warm_up=5),
]


def most_stations(plan: list[Step]) -> int:
    return max((step.load.stations for step in plan), default=200)
