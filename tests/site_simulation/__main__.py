"""The simulated day, its figures and its plot: `python -m tests.site_simulation` (`--help` for the rest)."""

import argparse
import sys
import time
from pathlib import Path

from tests.site_simulation import live, plots, report
from tests.site_simulation.day import Day, Plan

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.site_simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another day")
    parser.add_argument("--hours", type=float, default=24.0, help="how much of the day")
    parser.add_argument("--docs", action="store_true", help="write the plots into docs/")
    parser.add_argument("--live", action="store_true", help="also with the real server and real sockets: 12 minutes")
    chosen = parser.parse_args()
    begin = time.monotonic()
    plan = Plan(seed=chosen.seed, hours=chosen.hours)
    record = Day(plan).run()
    print(report.of_day(plan, record, time.monotonic() - begin))
    failures = report.failures(record)
    if chosen.docs:
        plots.day(plan, record, DOCS / "site-day.png")
    if chosen.live:
        failures += _live(write=chosen.docs)
    print("\n".join(failures) or "All that is promised holds.")
    return 1 if failures else 0


def _live(*, write: bool) -> list[str]:
    limit, killed_at = 60.0, 300.0
    outcome = live.play(posts=12, limit_a=limit, seconds=720.0, kill_at=killed_at)
    print(report.of_live(outcome, limit, killed_at))
    if write:
        plots.live(outcome, limit, killed_at, DOCS / "site-killed.png")
    above = outcome.longest_above(limit)
    return [f"live: above the limit for {above:.0f} s"] if above > live.INTERVAL else []


if __name__ == "__main__":
    sys.exit(main())
