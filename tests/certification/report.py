"""The abstract of a test report: which profile passed with which cases, and how fast the answers were."""

import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

#: What a certificate calls them; the limits and a certified system's figures are in seconds.
RESPONSE, AUTHORIZE = "OCPP response time", "Response time Authorize"
LIMITS = {RESPONSE: 180, AUTHORIZE: 60}
#: The profiles in the order of a certificate; what is named otherwise follows.
ORDER = (
    "Core",
    "Firmware Management",
    "Local Authorization List Management",
    "Smart Charging",
    "Remote Trigger",
    "Reservation",
    "Security",
)


@dataclass
class Results:
    """Outcomes by profile and case, and seconds by performance figure."""

    cases: dict[str, dict[str, bool]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=lambda: {RESPONSE: [], AUTHORIZE: []})


_results = Results()


def note_response(action: str, seconds: float) -> None:
    """How long an answer took, on the wire."""
    _results.seconds[RESPONSE].append(seconds)
    if action == "Authorize":
        _results.seconds[AUTHORIZE].append(seconds)


def note_case(profile: str, case: str, passed: bool) -> None:
    """A case passes where it passed on every database it ran on."""
    cases = _results.cases.setdefault(profile, {})
    cases[case] = passed and cases.get(case, True)


def write(path: Path, title: str) -> None:
    """Write what was noted as Markdown."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*_head(title), *_profiles(), *_performance()]) + "\n")


def _head(title: str) -> list[str]:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return [
        f"# OCPP 1.6 test report: {title}",
        "",
        f"Run on {now}; {platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}. The cases are those of the OCA's test tool for a Central System, played by"
        " Chargeyard's own test suite; this is not a certificate.",
        "",
        "Additional question AQ-1, whether the system can be configured to answer BootNotification first with"
        " Pending or Rejected: **Yes**.",
        "",
    ]


def _profiles() -> list[str]:
    lines = ["| Profile | Result | Cases |", "|---|---|---|"]
    ordered = sorted(_results.cases.items(), key=lambda item: ORDER.index(item[0]) if item[0] in ORDER else len(ORDER))
    for profile, cases in ordered:
        result = "Pass" if all(cases.values()) else "**Fail**"
        words = ", ".join(case if passed else f"**{case} failed**" for case, passed in cases.items())
        lines.append(f"| {profile} | {result} | {words} |")
    return [*lines, ""]


def _performance() -> list[str]:
    lines = ["| Performance | limit | minimum | maximum | average | measured |", "|---|---|---|---|---|---|"]
    for name, seconds in _results.seconds.items():
        if seconds:
            figures = (min(seconds), max(seconds), sum(seconds) / len(seconds))
            words = " | ".join(f"{figure:.4f} s" for figure in figures)
            lines.append(f"| {name} | {LIMITS[name]} s | {words} | {len(seconds)} answers |")
    return lines
