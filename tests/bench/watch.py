"""What the server, its database and the load generator use between two moments."""

import os
import re
import urllib.request

from tests.bench import processes

_COUNTER = re.compile(r"^chargeyard_store_(commits|pieces)_total(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE)


class Watch:
    """Of one server; `metrics` is where it tells how often it has committed, empty where it does not."""

    def __init__(self, server: int, database: str = "", metrics: str = "") -> None:
        self.server = server
        self.database = database
        self.metrics = metrics
        self._before: dict[str, float] = {}
        self._after: dict[str, float] = {}
        self._counters_before: dict[str, float] = {}
        self._counters_after: dict[str, float] = {}

    def count(self) -> None:
        """Ask the server for its counters. Everything waits meanwhile, so let that pass before `begin`."""
        self._counters_before = self._counters()

    def begin(self) -> None:
        self._before = self._look()

    def end(self) -> None:
        self._after = self._look()
        self._counters_after = self._counters()

    @property
    def grown_bytes(self) -> float:
        return self._after["rss_bytes"] - self._before["rss_bytes"]

    def usage(self, calls: int) -> dict[str, float]:
        """Processor microseconds for each call, and how busy everyone was."""
        spent = {name: self._after[name] - self._before[name] for name in self._after}
        wall = spent["wall"] or 1.0
        used = {
            "server_us_per_call": _per(spent["server"] * 1e6, calls),
            "database_us_per_call": _per(spent["database"] * 1e6, calls),
            "generator_us_per_call": _per(spent["generator"] * 1e6, calls),
            "server_busy": round(spent["server"] / wall, 3),
            "generator_busy": round(spent["generator"] / wall, 3),
            "rss_mb": round(self._after["rss_bytes"] / 1e6, 1),
        }
        counted = {name: after - self._counters_before.get(name, 0.0) for name, after in self._counters_after.items()}
        if counted.get("commits"):
            used["messages_per_commit"] = round(counted["pieces"] / counted["commits"], 2)
        return used

    def _look(self) -> dict[str, float]:
        own = os.times()
        seen = {
            "wall": own.elapsed,
            "generator": own.user + own.system,
            "server": processes.cpu_seconds(self.server),
            "rss_bytes": float(processes.rss_bytes(self.server)),
            "database": 0.0,
        }
        if self.database:
            seen["database"] = sum(processes.cpu_seconds(pid) for pid in processes.named(self.database))
        return seen

    def _counters(self) -> dict[str, float]:
        if not self.metrics:
            return {}
        try:
            with urllib.request.urlopen(self.metrics, timeout=30) as answer:
                text = answer.read().decode()
        except OSError:
            return {}
        return {name: float(value) for name, value in _COUNTER.findall(text)}


def _per(amount: float, calls: int) -> float:
    return round(amount / calls, 1) if calls else 0.0
