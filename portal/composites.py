"""Composite schedules as pages show them: lines of a plot, and rows with what differs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from ocpp_server.charging.composite import Step
from ocpp_server.models import Command, CompositeReading
from ocpp_server.services.smart_charging import composite_schedules
from ocpp_server.services.smart_charging.composite_schedules import Holdings
from portal.charging import limit_word

#: A limit from a moment on; None is none.
Point = tuple[datetime, float | None]
#: What static/limits.js draws: `unit`, `at_ms`, and `lines` with `name`, `label` and `values` at those times.
Plot = dict[str, Any]


def reading_of(command: Command) -> dict[str, Any]:
    """For templates/charging/reading.html: what came of a GetCompositeSchedule; nothing without a schedule."""
    reading = composite_schedules.of_command(command.id)
    return {} if reading is None else shown(reading)


def shown(reading: CompositeReading) -> dict[str, Any]:
    """A station's report beside our calculation."""
    found = composite_schedules.differences(reading)
    rows = [
        (at, mine, theirs, next((item for item in found if _covers(reading, item, at)), None))
        for at, mine, theirs in composite_schedules.rows(reading)
    ]
    ends_at = reading.begins_at + timedelta(seconds=reading.duration)
    return {
        "reading": reading,
        "rows": rows,
        "ends_at": ends_at,
        "is_more": any(item.is_more for item in found),
        "is_less": any(not item.is_more for item in found),
        "plot": plot(reading.unit, ends_at, _lines(reading)),
        "limit_word": limit_word,
    }


def today(holdings: Holdings, connector_id: int, begin: datetime, end: datetime, unit: str) -> tuple[list[Step], Plot]:
    """What is calculated for a time, as steps; and as a plot, with what the station last reported of that time."""
    steps = holdings.calculate(connector_id, begin, end, unit=unit, planned=True)
    lines = [("calculated", _("Calculated"), points(steps))]
    reading = holdings.readings.get(connector_id)
    if reading is not None and reading.unit == unit:
        reported = _lines(reading)[1][2]
        ended = reading.begins_at + timedelta(seconds=reading.duration)
        within = [(max(at, begin), limit) for at, limit in [*reported, (ended, None)] if at < end and ended > begin]
        lines.append(("reported", _("Reported by the station"), within))
    return steps, plot(unit, end, lines)


def points(steps: Sequence[Step]) -> list[Point]:
    return [(step.at, None if step.limit is None else round(step.limit, 1)) for step in steps]


def plot(unit: str, end: datetime, lines: Sequence[tuple[str, str, Sequence[Point]]]) -> Plot:
    """Lines (name, label, points) at common times; each limit holds until the next, the last until the end."""
    times = sorted({at for _name, _label, found in lines for at, _limit in found if at < end})
    shown_lines = [
        {"name": name, "label": label, "values": [*(values := [_at(found, at) for at in times]), *values[-1:]]}
        for name, label, found in lines
        if found
    ]
    return {"unit": unit, "at_ms": [round(at.timestamp() * 1000) for at in [*times, end]], "lines": shown_lines}


def _lines(reading: CompositeReading) -> list[tuple[str, str, list[Point]]]:
    rows = composite_schedules.rows(reading)
    mine, theirs = [(row[0], row[1]) for row in rows], [(row[0], row[2]) for row in rows]
    return [("calculated", _("Calculated"), mine), ("reported", _("Reported by the station"), theirs)]


def _at(found: Sequence[Point], moment: datetime) -> float | None:
    return next((limit for at, limit in reversed(found) if at <= moment), None)


def _covers(reading: CompositeReading, item: composite_schedules.Difference, at: datetime) -> bool:
    second = (at - reading.begins_at).total_seconds()
    return item.begin <= second < item.end
