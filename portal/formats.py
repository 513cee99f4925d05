"""How figures and times read on every page: always with their unit, times in the viewer's zone.

Filters: `energy` (Wh), `power` (W), `percent`, `number`, `duration` (seconds or timedelta), `datetime`, `time`,
`relative` and `since` (aware times; these two tick in the browser). What is not known is a dash.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from babel.dates import format_datetime, format_timedelta
from flask_babel import format_decimal, get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from ocpp_server import clock
from portal.locale import zone

UNKNOWN = "–"


def energy(watt_hours: float | None) -> str:
    """`12.34 kWh`."""
    if watt_hours is None:
        return UNKNOWN
    return f"{format_decimal(round(watt_hours / 1000, 2), format='#,##0.00')} kWh"


def power(watts: float | None) -> str:
    """`7.4 kW`."""
    if watts is None:
        return UNKNOWN
    return f"{format_decimal(round(watts / 1000, 1), format='#,##0.0')} kW"


def percent(value: float | None) -> str:
    """`80 %`."""
    return UNKNOWN if value is None else f"{value:.0f} %"


def number(value: float | None) -> str:
    """`1,234`."""
    return UNKNOWN if value is None else format_decimal(value)


def size(value: float | None) -> str:
    """`1.2 GB`, in powers of ten."""
    if value is None:
        return UNKNOWN
    # 999,960 is 1 MB, not 1,000 kB.
    thousands = min(4, int(math.log10(max(1.0, abs(value) * 1.0005)) // 3))
    scaled = value / 1000**thousands
    rounded = round(scaled, 1) if thousands and abs(scaled) < 100 else round(scaled)
    return f"{format_decimal(rounded)} {('B', 'kB', 'MB', 'GB', 'TB')[thousands]}"


def marked(text: str, wanted: str) -> Markup:
    """The text with each place where the wanted stands marked, without regard to case."""
    if not wanted:
        return Markup.escape(text)
    parts = re.split(f"({re.escape(wanted)})", text, flags=re.IGNORECASE)
    return Markup("").join(Markup("<mark>{}</mark>").format(part) if i % 2 else part for i, part in enumerate(parts))


def duration(value: float | timedelta | None) -> str:
    """`45 s`, `12 min`, `1 h 05 min`, `3 d 4 h`."""
    if value is None:
        return UNKNOWN
    seconds = max(0, int(value.total_seconds() if isinstance(value, timedelta) else value))
    if seconds < 60:
        return _("%(s)d s", s=seconds)
    minutes = seconds // 60
    if minutes < 60:
        return _("%(m)d min", m=minutes)
    hours = minutes // 60
    if hours < 24:
        return _("%(h)d h %(m)02d min", h=hours, m=minutes % 60)
    return _("%(d)d d %(h)d h", d=hours // 24, h=hours % 24)


def date_time(moment: datetime | None) -> str | Markup:
    """`23 Nov 2026 04:16` in the viewer's zone."""
    return _element(moment, _local(moment, "d MMM y HH:mm"))


def time(moment: datetime | None) -> str | Markup:
    """`04:16:44` in the viewer's zone, with the date before it unless that is today."""
    if moment is None:
        return UNKNOWN
    today = moment.astimezone(zone()).date() == clock.now().astimezone(zone()).date()
    return _element(moment, _local(moment, "HH:mm:ss" if today else "d MMM HH:mm:ss"))


def plain(moment: datetime | None) -> str:
    """`23 Nov 04:16` in the viewer's zone, for the middle of a sentence."""
    return _local(moment, "d MMM HH:mm")


def relative(moment: datetime | None) -> str | Markup:
    """`3 minutes ago`; goes on in the browser."""
    if moment is None:
        return UNKNOWN
    elapsed = moment - clock.now()
    text = format_timedelta(elapsed, add_direction=True, locale=get_locale(), threshold=1)
    return _element(moment, text if abs(elapsed) >= timedelta(seconds=10) else _("just now"), "relative")


def since(moment: datetime | None) -> str | Markup:
    """`1 h 05 min`, the time that has passed; goes on in the browser."""
    return UNKNOWN if moment is None else _element(moment, duration(clock.now() - moment), "since")


def _local(moment: datetime | None, pattern: str) -> str:
    if moment is None:
        return UNKNOWN
    return format_datetime(moment, pattern, tzinfo=zone(), locale=get_locale())


def _element(moment: datetime | None, text: str, ticking: str = "") -> str | Markup:
    """A <time> that shows UTC on hover; the local time too where the text is none."""
    if moment is None:
        return UNKNOWN
    title = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if ticking:
        title = f"{_local(moment, 'd MMM y HH:mm:ss')} · {title}"
    mark = Markup(' data-tick="{}"').format(ticking) if ticking else ""
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(clock.iso(moment), title, mark, text)


FILTERS: dict[str, Callable] = {
    "datetime": date_time,
    "duration": duration,
    "energy": energy,
    "marked": marked,
    "number": number,
    "percent": percent,
    "plain": plain,
    "power": power,
    "relative": relative,
    "since": since,
    "size": size,
    "time": time,
}
