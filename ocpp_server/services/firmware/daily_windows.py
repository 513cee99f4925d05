"""The hours of each day in which a firmware job asks stations, by the clocks of a place: 22:00 to 05:00. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ocpp_server.services.errors import Invalid

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True)
class DailyWindow:
    """From `begin` until before `end`, past midnight where that is the earlier one."""

    begin: time
    end: time
    zone: ZoneInfo

    def contains(self, moment: datetime) -> bool:
        now = moment.astimezone(self.zone).time()
        if self.begin < self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end

    def opens(self, moment: datetime) -> datetime:
        """From when on it is open: this moment, or the next time it begins."""
        if self.contains(moment):
            return moment
        local = moment.astimezone(self.zone)
        day = local.date() + timedelta(days=local.time() > self.begin)
        return datetime.combine(day, self.begin, self.zone).astimezone(UTC)


def read(window_from: str | None, window_to: str | None, zone: str | None) -> DailyWindow | None:
    """What `22:00`, `05:00` and `Europe/Berlin` say; None where no times are given. Raises Invalid."""
    if not window_from and not window_to:
        return None
    begin, end = _time("window_from", window_from), _time("window_to", window_to)
    if begin == end:
        raise Invalid("window_to", "The hours must end at another time than they begin.")
    try:
        return DailyWindow(begin, end, ZoneInfo(zone or ""))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("zone", "There is no such time zone.") from None


def _time(field: str, text: str | None) -> time:
    if not text or not _TIME.fullmatch(text):
        raise Invalid(field, "Write a time of day like 22:00; both are needed, or none.")
    return time.fromisoformat(text)
