"""The times that stations tell."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_server import clock
from ocpp_server.timestamps import is_credible, parse

TEN = datetime(2026, 11, 22, 10, tzinfo=UTC)
TEN_MS = int(TEN.timestamp()) * 1000
MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00.000Z",
        "2026-11-22t10:00:00z",
        " 2026-11-22T10:00:00Z\n",
        "2026-11-22T10:00:00",
        "2026-11-22 10:00:00",
        "2026-11-22T12:00:00+02",
        "2026-11-22T12:00:00+0200",
        "2026-11-22T12:00:00+02:00",
        "2026-11-22T04:30:00-05:30",
        "2026-11-22T10:00Z",
        "20261122T100000Z",
    ],
)
def test_every_spelling_of_a_time_is_read_and_without_a_zone_utc_is_meant(text):
    assert parse(text) == TEN_MS


def test_fractions_of_a_second_are_kept_to_the_millisecond():
    assert parse("2026-11-22T10:00:00.1234567Z") == TEN_MS + 123
    assert parse("2026-11-22T10:00:00.5Z") == TEN_MS + 500


@pytest.mark.parametrize("text", ["", "now", "2026-13-01T00:00:00Z", "2026-11-22T10:00:60Z", None, 5, [], {}, "٢٠٢٦"])
def test_what_is_no_time_is_none(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.9999999Z", "0001-01-01"]
)
def test_a_time_at_the_edge_of_the_calendar_can_be_shown_or_is_none(text):
    moment = parse(text)
    assert moment is None or clock.from_ms(moment).year in (1, 9999)


@given(st.integers(0, 30_000_000_000_000), st.integers(-1439, 1439))
def test_a_time_is_the_same_in_every_zone(milliseconds, minutes):
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse(local.isoformat()) == parse(moment.isoformat()) == clock.to_ms(moment)


@given(st.text() | st.datetimes(timezones=st.timezones() | st.none()).map(datetime.isoformat))
def test_any_text_is_a_time_that_can_be_shown_or_none(text):
    moment = parse(text)
    if moment is not None:
        assert clock.to_ms(clock.from_ms(moment)) == moment


@pytest.mark.parametrize(
    ("reported", "credible"),
    [
        (TEN_MS, True),
        (TEN_MS - 300 * 24 * HOUR, True),
        (TEN_MS + 5 * MINUTE, True),
        (TEN_MS + 5 * MINUTE + 1, False),
        (parse("1970-01-01T00:00:00Z"), False),
        (parse("0001-01-01T00:00:00Z"), False),
        (parse("2014-12-31T23:59:59Z"), False),
        (None, False),
    ],
)
def test_a_clock_that_is_not_set_is_not_believed_and_one_that_queued_is(reported, credible):
    assert is_credible(reported, TEN_MS) is credible
