"""The one source of the time, so that tests can set it, and the spellings of time that OCPP needs."""

from collections.abc import Callable
from datetime import UTC, datetime


def _system_now() -> datetime:
    return datetime.now(UTC)


_now: Callable[[], datetime] = _system_now


def now() -> datetime:
    """The current time, aware, in UTC."""
    return _now()


def use(source: Callable[[], datetime] | None) -> None:
    """Let `now` answer from another source; None goes back to the system's clock."""
    global _now
    _now = source or _system_now


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 in UTC: how every time is stored."""
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The stored milliseconds as an aware time in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def iso(moment: datetime) -> str:
    """`2026-11-22T10:00:00Z`: what stations and API clients read (OCPP 1.6 sections 3.14 and 3.15)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
