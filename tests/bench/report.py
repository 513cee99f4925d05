"""The figures as one Markdown page: throughput, times, cost, each also as a ratio to the yardsticks."""

from collections.abc import Iterable, Sequence

from tests.bench.checks import Check, checks
from tests.bench.drive import Load
from tests.bench.results import Results
from tests.bench.targets import ASYNCIO, BARE, NAMES

UNKNOWN = "–"


def markdown(results: Results, machine: dict[str, str], rounds: int) -> str:
    """The whole page."""
    parts = ["# Measured capacity", _introduction(rounds), table(("Machine", ""), machine.items())]
    parts += _section("Targets", _checks(checks(results)))
    parts += _section("Closed loop: each station sends its next call as soon as it is answered", _closed(results))
    for load in [*results.loads("closed"), *results.loads("open")]:
        parts += _section(f"Milliseconds to the answer, {load.name} stations", _times(results, load))
    parts += _section("Open loop: what a yard sends, whatever the answers take", _open(results))
    parts += _section("Storm: all connect and boot at once", _storm(results))
    parts += _section("Idle stations", _idle(results))
    return "\n\n".join(part for part in parts if part) + "\n"


def _introduction(rounds: int) -> str:
    return (
        "The product as shipped (validation, message log, every commit waits for the disk), on a fresh database each"
        f" time, its process on one core and the load generator on another. Medians of {rounds} rounds; the"
        " yardsticks, which have no database, were measured within the same rounds. Ratios are to the bare"
        " responder (flask-sock on gevent with a fixed answer) and to the `ocpp` package's asyncio central system."
    )


def _section(title: str, body: str) -> list[str]:
    return [f"## {title}", body] if body else []


def _checks(found: Sequence[Check]) -> str:
    rows = [(check.target, check.measured, "met" if check.met else "**not met**") for check in found]
    return table(("Target", "Measured", ""), rows)


def _closed(results: Results) -> str:
    head = ("Stations", "Server", "Calls/s", "to bare", "to asyncio", *_USAGE_HEAD, "Errors, lost")
    rows = []
    for load in results.loads("closed"):
        for kind in results.kinds(load):
            rate = results.median(load, kind, "calls_per_second")
            ratios = [results.ratio(load, kind, "calls_per_second", to=to) for to in (BARE, ASYNCIO)]
            cells = [_number(rate), *map(_ratio, ratios), *_usage(results, load, kind), _failures(results, load, kind)]
            rows.append((f"{load.stations:,}", NAMES[kind], *cells))
    return table(head, rows)


def _open(results: Results) -> str:
    head = ("Stations", "Server", "Calls/s", *_USAGE_HEAD, "Late by, p99 ms", "Unanswered", "Errors, lost")
    rows = []
    for load in results.loads("open"):
        for kind in results.kinds(load):
            rows.append(
                (
                    f"{load.stations:,}",
                    NAMES[kind],
                    _number(results.median(load, kind, "calls_per_second")),
                    *_usage(results, load, kind),
                    _number(results.median(load, kind, "lag", "p99")),
                    _number(results.median(load, kind, "unanswered")),
                    _failures(results, load, kind),
                )
            )
    return table(head, rows)


_USAGE_HEAD = ("CPU µs/call", "to bare", "Database µs/call", "Core busy", "MB", "Messages/commit", "Generator µs/call")


def _usage(results: Results, load: Load, kind: str) -> list[str]:
    median = [
        results.median(load, kind, name)
        for name in (
            "server_us_per_call",
            "database_us_per_call",
            "server_busy",
            "rss_mb",
            "messages_per_commit",
            "generator_us_per_call",
        )
    ]
    ratio = results.ratio(load, kind, "server_us_per_call")
    cost, database, busy, memory, shared, generator = median
    return [_number(cost), _ratio(ratio), _number(database), _percent(busy), *map(_number, (memory, shared, generator))]


def _times(results: Results, load: Load) -> str:
    head = ("Action", "Server", "Calls", "p50", "p95", "p99", "p99 to bare", "Average")
    rows = []
    for action in results.actions(load):
        for kind in results.kinds(load):
            path = ("actions", action)
            cells = [results.median(load, kind, *path, name) for name in ("count", "p50", "p95", "p99", "average")]
            ratio = _ratio(results.ratio(load, kind, *path, "p99"))
            *before, average = map(_number, cells)
            rows.append((action, NAMES[kind], *before, ratio, average))
    return table(head, rows)


def _storm(results: Results) -> str:
    head = ("Stations", "Server", "Seconds", "to bare", "CPU µs/call", "Boot p50 ms", "p99 ms", "All there", "Refused")
    rows = []
    for load in results.loads("storm"):
        for kind in results.kinds(load):
            boot = [results.median(load, kind, "actions", "BootNotification", name) for name in ("p50", "p99")]
            rows.append(
                (
                    f"{load.stations:,}",
                    NAMES[kind],
                    _number(results.median(load, kind, "seconds")),
                    _ratio(results.ratio(load, kind, "seconds")),
                    _number(results.median(load, kind, "server_us_per_call")),
                    *map(_number, boot),
                    _number(results.median(load, kind, "rested")),
                    _failures(results, load, kind),
                )
            )
    return table(head, rows)


def _idle(results: Results) -> str:
    rows = [
        (
            f"{load.stations:,}",
            NAMES[kind],
            _number(results.median(load, kind, "bytes_per_station")),
            _ratio(results.ratio(load, kind, "bytes_per_station")),
        )
        for load in results.loads("idle")
        for kind in results.kinds(load)
    ]
    return table(("Stations", "Server", "Bytes each", "to bare"), rows)


def _failures(results: Results, load: Load, kind: str) -> str:
    """Answers of type 4, sockets that were lost, handshakes that were refused: over all rounds."""
    rounds = results.rounds[load, kind]
    errors = sum(sum(each["errors"].values()) for each in rounds)
    refused = sum(sum(each["refused"].values()) for each in rounds)
    return f"{errors}, {sum(each['lost'] for each in rounds) + refused}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines])


def _number(value: float | None) -> str:
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _ratio(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.0%}"
