"""The figures of all rounds, and their medians."""

import statistics
from collections import defaultdict
from typing import Any

from tests.bench.drive import Load
from tests.bench.targets import BARE

Figures = dict[str, Any]


class Results:
    """What was measured of each kind of server under each load, round after round."""

    def __init__(self) -> None:
        self.rounds: dict[tuple[Load, str], list[Figures]] = defaultdict(list)
        self.failed: list[str] = []

    def add(self, load: Load, kind: str, figures: Figures) -> None:
        self.rounds[load, kind].append(figures)

    def loads(self, mode: str) -> list[Load]:
        return list(dict.fromkeys(load for load, _ in self.rounds if load.mode == mode))

    def kinds(self, load: Load) -> list[str]:
        return [kind for known, kind in self.rounds if known == load]

    def median(self, load: Load, kind: str, *path: str) -> float | None:
        """The median over the rounds of one figure: `median(load, kind, "actions", "Authorize", "p99")`."""
        values = [value for each in self.rounds.get((load, kind), ()) if (value := _at(each, path)) is not None]
        return statistics.median(values) if values else None

    def ratio(self, load: Load, kind: str, *path: str, to: str = BARE) -> float | None:
        """The median of the rounds' own ratios: what disturbs a machine disturbs both sides of a round."""
        pairs = zip(self.rounds.get((load, kind), ()), self.rounds.get((load, to), ()), strict=False)
        values = [
            mine / theirs
            for ours, others in pairs
            if (mine := _at(ours, path)) is not None and (theirs := _at(others, path))
        ]
        return statistics.median(values) if values else None

    def actions(self, load: Load) -> list[str]:
        """Every action that was answered under this load."""
        found = {name for kind in self.kinds(load) for each in self.rounds[load, kind] for name in each["actions"]}
        return sorted(found)

    def as_json(self) -> list[dict]:
        return [
            {"mode": load.mode, "stations": load.stations, "server": kind, "rounds": rounds}
            for (load, kind), rounds in self.rounds.items()
        ]


def _at(figures: Figures, path: tuple[str, ...]) -> float | None:
    value: Any = figures
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return float(value)
