"""The time, and its spellings."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from ocpp_server import clock

TEN = datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_the_systems_clock_tells_utc():
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_the_clock_can_be_set_and_given_back():
    clock.use(lambda: TEN)
    assert clock.now() == TEN
    clock.use(None)
    assert clock.now() > TEN or clock.now() < TEN


def test_iso_is_utc_with_a_z_and_without_fractions():
    east = datetime(2026, 11, 22, 12, 0, 0, 999_000, tzinfo=timezone(timedelta(hours=2)))
    assert clock.iso(east) == "2026-11-22T10:00:00Z"


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_a_stored_time_comes_back_as_it_was(milliseconds):
    assert clock.to_ms(clock.from_ms(milliseconds)) == milliseconds
