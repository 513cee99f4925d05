"""What a load generator has seen, and the figures drawn from it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

SHARES = (50, 95, 99)


@dataclass
class Figures:
    """Seconds each call took, by action; what failed; how late the generator itself was."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    #: Answers of type 4, by error code.
    errors: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: Sockets that the server ended, or refused with this HTTP status.
    lost: int = 0
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    connected: int = 0
    #: Seconds between the time at which something was due and the time at which it was sent, for open loops.
    lag: list[float] = field(default_factory=list)
    #: Calls without an answer at the end, and the seconds that the oldest of them has waited.
    unanswered: int = 0
    longest_wait: float = 0.0
    started: float = 0.0
    finished: float = 0.0

    @property
    def elapsed(self) -> float:
        return self.finished - self.started

    @property
    def gone(self) -> int:
        """Stations that nothing more is to be expected of."""
        return self.lost + sum(self.refused.values())

    @property
    def calls(self) -> int:
        return sum(len(each) for each in self.seconds.values())

    def summary(self) -> dict:
        """Calls a second, and milliseconds at the 50th, 95th and 99th percentile and on average, by action."""
        return {
            "calls": self.calls,
            "seconds": round(self.elapsed, 3),
            "calls_per_second": round(self.calls / self.elapsed, 1) if self.elapsed else 0.0,
            "errors": dict(self.errors),
            "lost": self.lost,
            "refused": dict(self.refused),
            "connected": self.connected,
            "unanswered": self.unanswered,
            "longest_wait_ms": round(self.longest_wait * 1000, 1),
            "lag": percentiles(self.lag),
            "actions": {action: percentiles(each) for action, each in sorted(self.seconds.items())},
        }


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds. Nearest rank: a value that was really seen."""
    if not seconds:
        return {"count": 0}
    ordered = sorted(seconds)
    at = {f"p{share}": ordered[min(len(ordered) - 1, len(ordered) * share // 100)] for share in SHARES}
    at |= {"max": ordered[-1], "average": sum(ordered) / len(ordered)}
    return {"count": len(ordered), **{name: round(value * 1000, 3) for name, value in at.items()}}
