"""Times as forms spell them: without a zone, meaning the viewer's. Stored times are UTC."""

from datetime import UTC, date, datetime, time, timedelta

from ocpp_server import clock
from portal.locale import zone

#: Beyond these, adding a zone's offset may leave what a datetime can hold.
_YEARS = range(1970, 9000)


def moment_from(text: str) -> datetime | None:
    """What a `datetime-local` field holds; None when it is empty. Raises ValueError."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.year not in _YEARS:
        raise ValueError(f"the year {moment.year} is out of range")
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone())).astimezone(UTC)


def moment_to(moment: datetime | None) -> str:
    """The value of a `datetime-local` field."""
    return moment.astimezone(zone()).strftime("%Y-%m-%dT%H:%M") if moment else ""


def day_from(text: str) -> date | None:
    """What a `date` field holds; None when it is empty or cannot be read."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def start_of(day: date | None, plus_days: int = 0) -> datetime | None:
    """When a day begins, or the day so many days after it."""
    if day is None or day.year not in _YEARS:
        return None
    return datetime.combine(day + timedelta(days=plus_days), time(), zone()).astimezone(UTC)


def start_of_month() -> datetime:
    """When this month began."""
    today = clock.now().astimezone(zone())
    return today.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
