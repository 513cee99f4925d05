"""Is it still as fast when it is full? The same load and the same pages on a small and on a large database."""

import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import grow, pages
from tests.bench.drive import Load, drive
from tests.bench.pages import Took
from tests.bench.report import table
from tests.bench.targets import BARE, NAMES, ROOT, Workshop

STATIONS = 1000
_LOAD = Load("closed", 200, 6, 2)
#: Meter values and frames of a yard that began last week.
_SMALL = (60_000, 30_000)
#: A page that takes less than this is fast, whatever it took before, in ms.
_FAST = 15.0


@dataclass
class Size:
    """What was measured on a database of one size."""

    #: Calls a second and processor time for each call, as ratios to the bare responder of the same round.
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    pages: dict[str, Took] = field(default_factory=dict)


def run(engines: tuple[str, ...], port: int, meter_values: int, frames: int, rounds: int) -> str:
    """The page of figures."""
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    with tempfile.TemporaryDirectory(dir=folder) as work, Workshop(Path(work), port, STATIONS) as workshop:
        for kind in engines:
            small = _measure(workshop, kind, _SMALL, rounds)
            large = _measure(workshop, kind, (meter_values, frames), rounds)
            parts.append(_report(kind, small, large, (meter_values, frames)))
    return "\n\n".join(parts)


def _measure(workshop: Workshop, kind: str, rows: tuple[int, int], rounds: int) -> Size:
    size = Size()
    url = workshop.fresh(kind)
    grow.grow(url, STATIONS, *rows)
    for _ in range(rounds):
        with workshop.running(BARE) as target:
            bare = drive(target, _LOAD)
        with workshop.running(kind, url) as target:
            if not size.pages:
                size.pages = pages.measure(target.port)
            ours = drive(target, _LOAD)
        size.rates.append(ours["calls_per_second"] / bare["calls_per_second"])
        size.costs.append(ours["server_us_per_call"] / bare["server_us_per_call"])
    return size


def _report(kind: str, small: Size, large: Size, rows: tuple[int, int]) -> str:
    lines = [
        _compared(f"closed {_LOAD.stations}, calls/s (to bare)", small.rates, large.rates, at_least=0.8),
        _compared(f"closed {_LOAD.stations}, CPU per call (to bare)", small.costs, large.costs, at_most=1.2),
    ]
    for path, took in large.pages.items():
        before = small.pages[path]
        ratio = took.page / before.page
        cells = (f"`{path}`", _both(before), _both(took), f"{ratio:.2f}")
        lines.append((*cells, _met(ratio <= 2 or took.page <= _FAST)))
    title = f"## {NAMES[kind]} with {rows[0]:,} meter values and {rows[1]:,} frames"
    return f"{title}\n\n{table(('', 'Small', 'Large', '', ''), lines)}"


def _both(took: Took) -> str:
    """The page, and in brackets how long a station waited meanwhile."""
    return f"{took.page:.1f} ms ({took.station:.1f})"


def _compared(
    what: str, small: list[float], large: list[float], *, at_least: float = 0.0, at_most: float = float("inf")
) -> tuple[str, str, str, str, str]:
    before, after = statistics.median(small), statistics.median(large)
    ratio = after / before
    return (what, f"{before:.2f}", f"{after:.2f}", f"{ratio:.2f}", _met(at_least <= ratio <= at_most))


def _met(is_met: bool) -> str:
    return "met" if is_met else "**not met**"
