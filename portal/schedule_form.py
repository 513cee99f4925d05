"""The form of a charging schedule: from what was typed to a drawing, and back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from ocpp_server.charging.building import SPAN, Drawing
from ocpp_server.charging.profile import WEEKLY
from ocpp_server.services.errors import Invalid
from portal.local_times import moment_from, moment_to

DAY = 86_400
_AT = re.compile(r"(\d{1,3}):([0-5]\d)")
#: Empty lines below the steps, to add some without a script.
SPARE = 3


@dataclass(frozen=True)
class Row:
    """One step as it stands in the form."""

    day: str = "0"
    at: str = ""
    limit: str = ""


@dataclass(frozen=True)
class Typed:
    """The whole form as it was typed."""

    values: Mapping[str, str]
    rows: Sequence[Row] = field(default_factory=list)

    @property
    def shown(self) -> list[Row]:
        """With empty lines to add steps to."""
        return [*self.rows, *[Row()] * SPARE]


def typed(form: MultiDict[str, str]) -> Typed:
    """What a browser sent; lines without a limit are left out."""
    columns = (form.getlist("step_day"), form.getlist("step_at"), form.getlist("step_limit"))
    rows = [Row(day or "0", at.strip(), limit.strip()) for day, at, limit in zip(*columns, strict=False)]
    return Typed(form.to_dict(), [row for row in rows if row.at or row.limit])


def read(form: Typed) -> Drawing:
    """The drawing. Raises Invalid for the field that cannot be read."""
    values = form.values
    repeat = values.get("repeat", "")
    hours = _number("duration", values.get("duration", ""))
    return Drawing(
        steps=[_step(row, repeat) for row in form.rows],
        repeat=repeat,
        unit=values.get("unit", ""),
        purpose=values.get("purpose", ""),
        phases=_whole("phases", values.get("phases", "")),
        min_rate=_number("min_rate", values.get("min_rate", "")),
        zone=values.get("zone", "UTC"),
        begins_on=_moment("begins_on", values.get("begins_on", "")),
        duration=None if hours is None or repeat in SPAN else round(hours * 3600),
        valid_from=_moment("valid_from", values.get("valid_from", "")),
        valid_to=_moment("valid_to", values.get("valid_to", "")),
        stack_level=_whole("stack_level", values.get("stack_level", "")) or 0,
    )


def written(name: str, drawing: Drawing) -> Typed:
    """The form that makes this drawing."""
    values = {
        "name": name,
        "purpose": drawing.purpose,
        "repeat": drawing.repeat,
        "unit": drawing.unit,
        "phases": _text(drawing.phases),
        "min_rate": _text(drawing.min_rate),
        "zone": drawing.zone,
        "begins_on": moment_to(drawing.begins_on)[:10],
        "duration": _text(drawing.duration and drawing.duration / 3600),
        "valid_from": moment_to(drawing.valid_from),
        "valid_to": moment_to(drawing.valid_to),
        "stack_level": _text(drawing.stack_level),
    }
    return Typed(values, [_row(second, limit, drawing.repeat) for second, limit in drawing.steps])


def _row(second: int, limit: float, repeat: str) -> Row:
    day, rest = divmod(second, DAY) if repeat == WEEKLY else (0, second)
    return Row(str(day), f"{rest // 3600:02d}:{rest % 3600 // 60:02d}", _text(limit))


def _step(row: Row, repeat: str) -> tuple[int, float]:
    found = _AT.fullmatch(row.at)
    if found is None:
        raise Invalid("steps", "Write each time of the day as hours and minutes, like 22:00.")
    second = int(found[1]) * 3600 + int(found[2]) * 60
    if repeat == WEEKLY:
        day = int(row.day) if row.day in set("0123456") else 0
        second += day * DAY
    limit = _number("steps", row.limit)
    if limit is None:
        raise Invalid("steps", "Give each step a limit.")
    return second, limit


def _number(name: str, text: str) -> float | None:
    text = text.strip().replace(",", ".")
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not abs(found) < 1e9:
        raise Invalid(name, "This must be a number.")
    return found


def _whole(name: str, text: str) -> int | None:
    found = _number(name, text)
    if found is not None and found != int(found):
        raise Invalid(name, "This must be a whole number.")
    return None if found is None else int(found)


def _moment(name: str, text: str) -> datetime | None:
    try:
        return moment_from(text)
    except (ValueError, OverflowError):
        raise Invalid(name, "This is no date and time.") from None


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
