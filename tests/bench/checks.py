"""What the figures must show; said, never asserted: a busy machine is no failure."""

from dataclasses import dataclass

from tests.bench.results import Results
from tests.bench.targets import ASYNCIO, BARE, NAMES, OURS, POSTGRES, SQLITE

_RATE = ("calls_per_second",)
#: Bytes of memory that an idle station may cost.
_IDLE_BYTES = 60_000
#: A tenth of the average Authorize on a certificate of a comparable product, in ms.
_AUTHORIZE_MS = 26.0


@dataclass(frozen=True)
class Check:
    """One target with what was measured; `met` is None where nothing was."""

    target: str
    measured: str
    met: bool | None


def checks(results: Results) -> list[Check]:
    """Every target that this run can say something about."""
    found = [*_closed(results), *_open(results), *_storm(results), *_idle(results), *_generator(results)]
    return [check for check in found if check.met is not None]


def _closed(results: Results) -> list[Check]:
    found = []
    for load in results.loads("closed"):
        if load.stations != 200:
            continue
        to_asyncio = results.ratio(load, SQLITE, *_RATE, to=ASYNCIO)
        to_bare = results.ratio(load, SQLITE, *_RATE)
        halves = results.ratio(load, POSTGRES, *_RATE, to=SQLITE)
        found += [
            _at_least(f"{load.name}: at least 4 times the ocpp package on asyncio", to_asyncio, 4),
            _at_least(f"{load.name}: at least a third of bare flask-sock", to_bare, 1 / 3),
            _at_least(f"{load.name}: PostgreSQL at least half of SQLite", halves, 0.5),
        ]
    return found


def _open(results: Results) -> list[Check]:
    found = []
    for load in results.loads("open"):
        if load.stations != 1000:
            continue
        for kind in OURS:
            ratios = {
                action: ratio
                for action in results.actions(load)
                if (ratio := results.ratio(load, kind, "actions", action, "p99")) is not None
            }
            worst = max(ratios, key=ratios.__getitem__, default="")
            target = f"{load.name}, {NAMES[kind]}: p99 of each action below 10 times bare"
            found.append(_at_most(f"{target} (worst: {worst})", ratios.get(worst), 10))
            average = results.median(load, kind, "actions", "Authorize", "average")
            found.append(_at_most(f"{load.name}, {NAMES[kind]}: Authorize on average", average, _AUTHORIZE_MS, " ms"))
    return found


def _storm(results: Results) -> list[Check]:
    found = []
    for load in results.loads("storm"):
        for kind in OURS:
            ratio = results.ratio(load, kind, "seconds")
            found.append(_at_most(f"{load.name}, {NAMES[kind]}: at most twice as long as bare", ratio, 2))
            rested = results.median(load, kind, "rested")
            target = f"{load.name}, {NAMES[kind]}: all booted, none refused"
            found.append(_at_least(target, rested, load.stations, " stations"))
    return found


def _idle(results: Results) -> list[Check]:
    return [
        _at_most(
            f"{load.name}, {NAMES[kind]}: memory of an idle station",
            results.median(load, kind, "bytes_per_station"),
            _IDLE_BYTES,
            " bytes",
        )
        for load in results.loads("idle")
        for kind in OURS
    ]


def _generator(results: Results) -> list[Check]:
    """Where the load generator is busy all the time, or late, the figures are its own."""
    found = []
    for load in [*results.loads("closed"), *results.loads("open")]:
        busiest = max((results.median(load, kind, "generator_busy") or 0.0 for kind in results.kinds(load)), default=0)
        found.append(_at_most(f"{load.name}: the load generator's share of its core", busiest, 0.7))
    for load in results.loads("open"):
        lags = [results.median(load, kind, "lag", "p99") for kind in (*OURS, BARE)]
        worst = max((lag for lag in lags if lag is not None), default=None)
        found.append(_at_most(f"{load.name}: p99 by which the load generator sends late", worst, 20, " ms"))
    return found


def _at_least(target: str, measured: float | None, wanted: float, unit: str = "") -> Check:
    return Check(target, _words(measured, wanted, unit), None if measured is None else measured >= wanted)


def _at_most(target: str, measured: float | None, wanted: float, unit: str = "") -> Check:
    return Check(target, _words(measured, wanted, unit), None if measured is None else measured <= wanted)


def _words(measured: float | None, wanted: float, unit: str) -> str:
    return "–" if measured is None else f"{measured:,.4g}{unit} (target {wanted:,.3g}{unit})"
