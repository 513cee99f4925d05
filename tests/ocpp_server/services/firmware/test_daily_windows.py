"""The hours of each day, on the clocks of a place."""

from datetime import UTC, datetime

import pytest

from ocpp_server.services.errors import Invalid
from ocpp_server.services.firmware import daily_windows
from ocpp_server.services.firmware.daily_windows import DailyWindow


def window(window_from: str, window_to: str, zone: str = "Europe/Berlin") -> DailyWindow:
    found = daily_windows.read(window_from, window_to, zone)
    assert found is not None
    return found


def winter(hour: int, minute: int = 0, day: int = 22) -> datetime:
    """In UTC, an hour behind Berlin."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_hours_of_the_day_are_those_of_the_place() -> None:
    office = window("08:00", "17:30")
    assert not office.contains(winter(6, 59))
    assert office.contains(winter(7))
    assert office.contains(winter(16, 29))
    assert not office.contains(winter(16, 30))


def test_hours_may_go_past_midnight() -> None:
    night = window("22:00", "05:00")
    assert not night.contains(winter(20, 59))
    assert night.contains(winter(21))
    assert night.contains(winter(23, 30))
    assert night.contains(winter(3, 59))
    assert not night.contains(winter(4))


def test_a_window_opens_at_once_today_or_tomorrow() -> None:
    assert window("22:00", "05:00").opens(winter(23)) == winter(23)
    assert window("22:00", "05:00").opens(winter(12)) == winter(21)
    assert window("08:00", "17:00").opens(winter(17)) == winter(7, day=23)
    assert window("08:00", "17:00").opens(winter(23, 30)) == winter(7, day=23)


def test_the_hours_stay_where_they_are_when_the_clocks_change() -> None:
    night = window("22:00", "05:00")
    assert night.opens(datetime(2027, 3, 27, 12, tzinfo=UTC)) == datetime(2027, 3, 27, 21, tzinfo=UTC)
    assert night.opens(datetime(2027, 3, 28, 12, tzinfo=UTC)) == datetime(2027, 3, 28, 20, tzinfo=UTC)


def test_without_times_there_is_no_window() -> None:
    assert daily_windows.read(None, None, "Europe/Berlin") is None
    assert daily_windows.read("", "", None) is None


@pytest.mark.parametrize(
    ("field", "times"),
    [
        ("window_from", ("", "05:00", "UTC")),
        ("window_to", ("22:00", None, "UTC")),
        ("window_from", ("24:00", "05:00", "UTC")),
        ("window_to", ("22:00", "5", "UTC")),
        ("window_to", ("22:00", "22:00", "UTC")),
        ("zone", ("22:00", "05:00", "Europe/Nowhere")),
        ("zone", ("22:00", "05:00", None)),
        ("zone", ("22:00", "05:00", "../UTC")),
    ],
)
def test_what_is_no_window_is_named(field: str, times: tuple[str, str, str]) -> None:
    with pytest.raises(Invalid) as error:
        daily_windows.read(*times)
    assert error.value.field == field
