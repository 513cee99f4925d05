"""The times that stations tell (OCPP 1.6 sections 3.14 and 3.15), and those that cannot be meant."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
#: Before this no OCPP 1.6 station can have been running: its clock is not set (quirk 27).
_FIRST_CREDIBLE = datetime(2015, 1, 1, tzinfo=UTC).timestamp() * 1000
#: A clock that runs ahead by more than this is not set either, or it tells local time as UTC (quirk 26): sessions
#: would begin in the future.
_MAX_AHEAD_MS = 5 * 60 * 1000


def parse(text: object) -> int | None:
    """Milliseconds since 1970, or None for what is no time. Without a zone, UTC is meant (quirk 26)."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip().upper())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        # A zone can push the ends of the calendar over the edge, where nothing could show the time again.
        return (moment.astimezone(UTC) - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None


def is_credible(reported: int | None, received: int) -> bool:
    """Whether a station's time can be meant, seen from when it arrived. It may be old: stations queue."""
    return reported is not None and _FIRST_CREDIBLE <= reported <= received + _MAX_AHEAD_MS
