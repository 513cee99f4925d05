"""Charging profiles in words: what a schedule is for and how it goes, and what a station takes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from ocpp_server.charging.building import FROM_START, ONCE, SPAN, Drawing
from ocpp_server.charging.limits import Limits, Traits
from ocpp_server.charging.profile import CHARGE_POINT_MAX, DAILY, RECURRING, RELATIVE, TX, TX_DEFAULT, WEEKLY
from ocpp_server.charging.units import Supply

Json = dict[str, Any]


def purpose_word(purpose: str) -> str:
    words = {
        TX_DEFAULT: _("Every session"),
        CHARGE_POINT_MAX: _("The whole station"),
        TX: _("The running session"),
    }
    return words.get(purpose, purpose)


def repeat_word(repeat: str) -> str:
    words = {
        DAILY: _("Every day"),
        WEEKLY: _("Every week"),
        ONCE: _("Once"),
        FROM_START: _("From the start of each session"),
    }
    return words.get(repeat, repeat)


def stops_cars(drawing: Drawing) -> bool:
    """Whether a limit is below the 6 A at which cars stop; some stations end the session then (quirk 43)."""
    factor = Supply().voltage * (drawing.phases or 1) if drawing.unit == "W" else 1
    return any(limit < 6 * factor for _second, limit in drawing.steps)


def place_word(connector_id: int) -> str:
    return _("Connector %(number)s", number=connector_id) if connector_id else _("Whole station")


def limit_word(limit: float | None, unit: str) -> str:
    """`16 A`, `11 kW`, `no limit`."""
    if limit is None:
        return _("no limit")
    if unit == "W":
        return f"{format_decimal(round(limit / 1000, 2))} kW"
    return f"{format_decimal(round(limit, 1))} A"


def clock_word(second: int, repeat: str) -> str:
    """`22:00`, `Tue 06:00`."""
    hours, minutes = divmod(second // 60, 60)
    if repeat == WEEKLY:
        day, hours = divmod(hours, 24)
        return f"{weekdays()[day % 7]} {hours:02d}:{minutes:02d}"
    return f"{hours:02d}:{minutes:02d}"


def weekdays() -> list[str]:
    return [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]


def steps_word(steps: Sequence[tuple[int, float | None]], unit: str, repeat: str, most: int = 4) -> str:
    """`16 A, from 06:00 8 A, from 22:00 16 A`; the rest of a long schedule is counted."""
    words = [
        limit_word(limit, unit)
        if second == 0
        else _("from %(at)s %(limit)s", at=clock_word(second, repeat), limit=limit_word(limit, unit))
        for second, limit in steps[:most]
    ]
    left = len(steps) - most
    if left > 0:
        words.append(ngettext("%(num)d more step", "%(num)d more steps", left))
    return ", ".join(words)


def profile_word(profile: Json) -> str:
    """A profile of a station in a line: how it repeats, and its limits; times since its start."""
    schedule = profile.get("chargingSchedule") or {}
    unit = "W" if schedule.get("chargingRateUnit") == "W" else "A"
    periods = [item for item in schedule.get("chargingSchedulePeriod") or [] if isinstance(item, dict)]
    steps = [(int(item.get("startPeriod", 0)), float(item.get("limit", 0))) for item in periods]
    if len(steps) == 1:
        return limit_word(steps[0][1], unit)
    found = [limit_word(limit, unit) for _second, limit in steps]
    low, high = min(steps, key=lambda step: step[1])[1], max(steps, key=lambda step: step[1])[1]
    if not found:
        return _("no limit")
    return _(
        "%(low)s to %(high)s in %(count)s steps",
        low=limit_word(low, unit),
        high=limit_word(high, unit),
        count=len(steps),
    )


def kind_word(profile: Json) -> str:
    """How a profile of a station goes on."""
    kind, recurs = profile.get("chargingProfileKind"), profile.get("recurrencyKind")
    if kind == RECURRING:
        return repeat_word(recurs if recurs in SPAN else DAILY)
    return repeat_word(FROM_START) if kind == RELATIVE else _("From its start on")


def learnt_words(traits: Traits) -> list[str]:
    """What is remembered of a station."""
    words = []
    if traits.supported is False:
        words.append(_("It says that it has no smart charging, so a refused profile is not tried in other forms."))
    if traits.max_stack_level is not None:
        words.append(_("It takes profiles up to stack level %(level)s.", level=traits.max_stack_level))
    if traits.unit:
        words.append(_("It takes limits in %(unit)s.", unit=_("watts") if traits.unit == "W" else _("amperes")))
    if traits.kind:
        words.append(_("It prefers schedules of kind %(kind)s.", kind=traits.kind))
    if traits.charge_point_max is False:
        words.append(_("It refuses a limit of the whole station; each connector gets its share as a default instead."))
    if traits.station_default:
        words.append(_("It takes the default of its connector as one of the whole station only, on connector 0."))
    return words


def limits_words(limits: Limits) -> list[tuple[str, str]]:
    """What a station said that it can keep; label and value."""
    units = {"A": _("amperes"), "W": _("watts")}
    unknown = _("not known")
    return [
        (_("Units"), ", ".join(units[unit] for unit in sorted(limits.units)) or unknown),
        (_("Highest stack level"), unknown if limits.max_stack_level is None else str(limits.max_stack_level)),
        (_("Steps in a schedule"), unknown if limits.max_periods is None else str(limits.max_periods)),
        (_("Profiles at the same time"), unknown if limits.max_installed is None else str(limits.max_installed)),
    ]


def day_around(moment: datetime) -> tuple[datetime, datetime]:
    """The day of an aware local time, from midnight to midnight."""
    begin = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return begin, begin + timedelta(days=1)
