"""The figures that the README shows: what a reader wants to know first, with the machine named."""

from collections.abc import Iterator
from pathlib import Path

from tests.bench.report import table
from tests.bench.results import Results
from tests.bench.targets import ASYNCIO, BARE, NAMES, OURS, POSTGRES, SQLITE

BEGIN, END = "<!-- capacity: written by `make bench-record` -->", "<!-- end of capacity -->"
_KINDS = (SQLITE, POSTGRES, ASYNCIO, BARE)


def update(path: Path, results: Results, machine: dict[str, str]) -> None:
    """Replace what stands between the two marks."""
    before, _, rest = path.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{capacity(results, machine)}\n\n{END}{after}")


def capacity(results: Results, machine: dict[str, str]) -> str:
    """The table, what else was measured, and the machine."""
    rows = []
    for load in results.loads("closed"):
        rates = {kind: results.median(load, kind, "calls_per_second") for kind in _KINDS}
        rows.append((f"{load.stations:,}", *(_rounded(rates[kind]) for kind in _KINDS)))
    head = ("Stations", *(f"{NAMES[kind]}{'' if kind in OURS else ', no database'}" for kind in _KINDS))
    words = "Calls answered a second, each station sending its next call as soon as it is answered:"
    facts = ", ".join(f"{name}: {fact}" for name, fact in machine.items() if name in ("Processor", "fsync of 4 kB"))
    more = "\n".join(f"* {line}" for line in (*_open(results), *_storm(results), *_idle(results)))
    return "\n\n".join(part for part in (words, table(head, rows), more, f"Measured on: {facts}.") if part)


def _open(results: Results) -> Iterator[str]:
    for load in results.loads("open"):
        for kind in OURS:
            times = [results.median(load, kind, "actions", "MeterValues", share) for share in ("p50", "p99")]
            busy = results.median(load, kind, "server_busy")
            if busy is not None and None not in times:
                yield (
                    f"{NAMES[kind]}, {load.stations:,} charging stations with meter values each 10 s: answered within"
                    f" {times[0]:.3g} ms (half of them) and {times[1]:.3g} ms (99 of 100), {busy:.0%} of one core."
                )


def _storm(results: Results) -> Iterator[str]:
    for load in results.loads("storm"):
        for kind in OURS:
            seconds, bare = (results.median(load, which, "seconds") for which in (kind, BARE))
            if seconds is not None and bare is not None:
                yield (
                    f"{NAMES[kind]}: {load.stations:,} stations that connect and boot at once are all there after"
                    f" {seconds:.1f} s (bare flask-sock: {bare:.1f} s)."
                )


def _idle(results: Results) -> Iterator[str]:
    for load in results.loads("idle"):
        used = results.median(load, SQLITE, "bytes_per_station")
        if used is not None:
            yield f"A connected station that is silent takes {used / 1000:.0f} kB of memory."


def _rounded(rate: float | None) -> str:
    return "–" if rate is None else f"{round(rate, -2):,.0f}"
