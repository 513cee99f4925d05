"""The figures of a simulated day in words, and what is promised of them."""

from statistics import mean

from tests.site_simulation.day import METER_INTERVAL, Plan
from tests.site_simulation.live import Outcome
from tests.site_simulation.record import Record

#: Of what a linear program could hand out, at every change.
SHARE = 0.98
#: The longest that a car may wait: two turns of half an hour, and a meter interval.
LONGEST_WAIT = 2 * 1800 + METER_INTERVAL


def of_day(plan: Plan, record: Record, seconds: float) -> str:
    """One line for each figure."""
    events = record.arrivals + record.departures
    lines = [
        ("seed, hours, played in", f"{plan.seed}, {plan.hours:g}, {seconds:.0f} s"),
        ("connectors, limit per phase, reserve", f"{plan.posts}, {plan.limit_a:g} A, {plan.reserve_a:g} A"),
        ("cars that came, and left", f"{record.arrivals}, {record.departures}"),
        ("highest current on a phase", f"{record.peak_a:.1f} A"),
        (
            "longest time above the limit",
            f"{record.longest_above_s:.0f} s (a meter interval is {METER_INTERVAL:.0f} s)",
        ),
        ("changes", f"{record.changes}"),
        ("limits sent, for each change", f"{record.limits}, {record.limits / max(1, record.changes):.2f}"),
        ("limits sent for each car that came or left", f"{record.limits / max(1, events):.1f}"),
        ("renewals of what stayed, an hour and car", f"{record.renewals}, {_renewals(record):.1f}"),
        ("fail-safe limits sent", f"{record.defaults}"),
        ("handed out of what the linear program can, least and mean", _shares(record.shares)),
        ("the same without minimum currents and fairness", _shares(record.plain_shares)),
        ("longest wait of a car in reach", f"{record.longest_wait_s / 60:.0f} min"),
        ("current flows after, median", f"{_median(record.first_current_s):.0f} s"),
    ]
    return "\n".join(f"{name:<60}{figure}" for name, figure in lines)


def failures(record: Record) -> list[str]:
    """What does not hold."""
    found = []
    if record.longest_above_s > METER_INTERVAL:
        found.append(f"the limit was exceeded for {record.longest_above_s:.0f} s")
    if record.shares and min(record.shares) < SHARE:
        found.append(f"only {min(record.shares):.1%} were handed out at one change")
    if record.longest_wait_s > LONGEST_WAIT:
        found.append(f"a car waited for {record.longest_wait_s / 60:.0f} minutes")
    return found


def of_live(outcome: Outcome, limit: float, killed_at: float) -> str:
    before = max(max(sums) for at, sums, lives in outcome.samples if lives)
    after = max(max(sums) for at, sums, lives in outcome.samples if not lives)
    above = outcome.longest_above(limit)
    first = f"real server: {before:.1f} A at most of {limit:g} A, above it for {above:.0f} s"
    return f"{first}; killed after {killed_at:.0f} s, then {after:.1f} A at most"


def _renewals(record: Record) -> float:
    """An hour for each car that is there."""
    lively = [cars for _, _, _, cars, lives in record.samples if lives]
    return record.renewals / max(1.0, sum(lively) / 60)


def _shares(shares: list[float]) -> str:
    return f"{min(shares):.1%}, {mean(shares):.1%}" if shares else "–"


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
