"""How much was charged: quirks 34 to 37, each with its figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_server.services.session import energy
from ocpp_server.services.session.energy import (
    ESTIMATED,
    IMPLAUSIBLE,
    MAX_POWER_W,
    METER_DECREASED,
    METER_RESET,
    RELATIVE,
    SLACK_WH,
    Counter,
    advance,
    finish,
)

MINUTE = 60_000
HOUR = 60 * MINUTE


def count(meter_start, readings, **known):
    """A session that began at 0 with these readings: minutes and Wh."""
    counter = Counter(meter_start, 0, **known)
    for minutes, register in readings:
        advance(counter, register, round(minutes * MINUTE))
    return counter


@pytest.mark.parametrize(
    ("meter_start", "readings", "energy_wh", "flags"),
    [
        # As it should be.
        (5_000_000, [(0, 5_000_000), (1, 5_000_120), (2, 5_000_240)], 240, set()),
        (5_000_000, [], 0, set()),
        (0, [(1, 120), (2, 240.5)], 240.5, set()),
        # 35: the register counts the session in MeterValues, and the meter's life in Start and Stop.
        (5_000_000, [(1, 120), (2, 240), (60, 7000)], 7000, {RELATIVE}),
        (5_000_000, [(0, 0), (1, 0), (2, 120)], 120, {RELATIVE}),
        (50_000, [(15, 2000), (30, 4000), (31, 0), (45, 6000)], 6000, {RELATIVE}),
        # The lifetime register comes back at the end: an outlier for a relative meter.
        (5_000_000, [(1, 120), (2, 5_000_240)], 120, {RELATIVE, IMPLAUSIBLE, ESTIMATED}),
        # 36: the register restarts when the station reboots.
        (5_000_000, [(1, 5_000_500), (2, 20), (3, 50)], 550, {METER_RESET, ESTIMATED}),
        (5_000_000, [(1, 5_000_500), (2, 0), (3, 0), (4, 50)], 550, {METER_RESET, ESTIMATED}),
        # 36: meterStart is 0 or missing, the register is the meter's life.
        (0, [(1, 5_000_100), (2, 5_000_200)], 100, {IMPLAUSIBLE, ESTIMATED}),
        # A meter that is not read for a moment.
        (50_000, [(15, 51_000), (30, 0), (45, 52_000)], 2000, set()),
        (50_000, [(0, 0), (15, 52_000)], 2000, set()),
        # An outlier, and back.
        (5_000_000, [(1, 5_000_100), (2, 99_000_000), (3, 5_000_200), (4, 5_000_300)], 200, None),
        (100, [(1, 200), (2, 99_000_000), (3, 300), (4, 400)], 200, None),
        # Rounded to tenths of a kWh in between: no restart, and nothing is counted twice.
        (12_346, [(5, 12_300), (10, 12_400), (15, 12_500)], 154, set()),
        (12_346, [(5, 12_446), (10, 12_400), (15, 12_500)], 154, set()),
        (900, [(5, 850), (10, 1000)], 100, set()),
        # Older readings that come late, as those that StopTransaction repeats.
        (0, [(1, 100), (2, 200), (3, 300), (1, 100), (2, 200), (3, 300), (4, 400)], 400, set()),
        (0, [(2, 200), (1, 300)], 300, set()),
        # Slack: a reading may come at once.
        (0, [(0, 1000)], 1000, set()),
        (0, [(0, 1001)], 0, {IMPLAUSIBLE, ESTIMATED}),
        # Negative registers say nothing.
        (0, [(1, -5), (2, 100)], 100, set()),
    ],
)
def test_energy_is_counted_from_registers(meter_start, readings, energy_wh, flags):
    counter = count(meter_start, readings)
    assert counter.energy_wh == energy_wh
    assert flags is None or counter.flags == flags


@pytest.mark.parametrize(
    ("meter_start", "readings", "meter_stop", "energy_wh", "flags"),
    [
        (1000, [], 21_000, 20_000, set()),
        (1000, [], 1000, 0, set()),
        (1000, [(30, 11_000)], 21_000, 20_000, set()),
        # Stop minus start is right even where the readings were not.
        (1000, [(1, 99_000_000), (2, 1200)], 21_000, 20_000, set()),
        (5_000_000, [(30, 3000)], 5_007_000, 7000, {RELATIVE}),
        # 36: no meterStop.
        (1000, [(30, 11_000)], None, 10_000, {ESTIMATED}),
        (1000, [(30, 11_000)], -1, 10_000, {ESTIMATED}),
        (1000, [], None, 0, {ESTIMATED}),
        # 36: meterStop, or both, are not filled in.
        (1000, [(30, 11_000)], 0, 10_000, {ESTIMATED, METER_DECREASED}),
        (0, [(1, 120), (50, 5000)], 0, 5000, {ESTIMATED}),
        # 36: meterStart is not filled in; the readings tell.
        (0, [(1, 5_000_100), (2, 5_000_200)], 5_000_300, 200, {IMPLAUSIBLE, ESTIMATED}),
        (0, [], 5_000_300, 0, {IMPLAUSIBLE, ESTIMATED}),
        # 36: the register restarted in between.
        (5_000_000, [(30, 5_010_000), (31, 20)], 2020, 12_020, {METER_RESET, METER_DECREASED, ESTIMATED}),
        (5_000_000, [], 7000, 7000, {METER_DECREASED, ESTIMATED}),
        # The last reading is a little above meterStop.
        (5_000_000, [(30, 3000)], 2900, 3000, {RELATIVE, METER_DECREASED, ESTIMATED}),
    ],
)
def test_the_end_settles_the_energy(meter_start, readings, meter_stop, energy_wh, flags):
    counter = count(meter_start, readings)
    finish(counter, meter_stop, HOUR)
    assert (counter.energy_wh, counter.flags) == (energy_wh, flags)


def test_a_session_whose_times_are_unknown_may_have_lasted_a_day():
    counter = Counter(1000, HOUR)
    finish(counter, 61_000, HOUR, times_are_known=False)
    assert (counter.energy_wh, counter.flags) == (60_000, set())
    counter = Counter(0, HOUR)
    finish(counter, 24 * MAX_POWER_W + SLACK_WH + 1, HOUR, times_are_known=False)
    assert (counter.energy_wh, counter.flags) == (0, {IMPLAUSIBLE, ESTIMATED})


def test_what_a_reading_added_is_told():
    counter = Counter(1000, 0)
    assert [advance(counter, register, MINUTE * at) for at, register in enumerate([1000, 1100, 1100, 1250])] == [
        0,
        100,
        0,
        150,
    ]


READINGS = st.lists(st.tuples(st.integers(-HOUR, 48 * HOUR), st.integers(-10, 10**9) | st.floats(0, 1e9)), max_size=30)
METERS = st.integers(-10, 10**9)


@given(METERS, READINGS)
def test_energy_is_never_negative_and_never_shrinks(meter_start, readings):
    counter = Counter(meter_start, 0)
    for at, register in readings:
        before = counter.energy_wh
        assert advance(counter, register, at) >= 0
        assert counter.energy_wh >= before >= 0


@given(METERS, READINGS)
def test_no_reading_adds_more_than_a_connector_can_deliver(meter_start, readings):
    counter = Counter(meter_start, 0)
    for at, register in readings:
        since = counter.last_at or counter.started_at
        added = advance(counter, register, at)
        assert added <= MAX_POWER_W * max(0, at - since) / HOUR + SLACK_WH + 1e-6


@given(METERS, READINGS, st.none() | METERS, st.integers(0, 48 * HOUR), st.booleans())
def test_the_end_never_makes_energy_negative_or_takes_what_was_counted_for_less(
    meter_start, readings, meter_stop, stopped_at, times_are_known
):
    counter = Counter(meter_start, 0)
    for at, register in readings:
        advance(counter, register, at)
    counted = counter.energy_wh
    finish(counter, meter_stop, stopped_at, times_are_known=times_are_known)
    assert counter.energy_wh >= 0
    if ESTIMATED in counter.flags and METER_DECREASED not in counter.flags:
        assert counter.energy_wh >= counted


@given(st.integers(0, 10**9), READINGS, st.integers(1, 10**6), st.integers(0, 48 * HOUR))
def test_stop_minus_start_wins_when_it_can_be_true(meter_start, readings, charged, stopped_at):
    counter = Counter(meter_start, 0)
    for at, register in readings:
        advance(counter, register, at)
    finish(counter, meter_start + charged, stopped_at)
    if charged <= MAX_POWER_W * stopped_at / HOUR + SLACK_WH:
        assert counter.energy_wh == charged
        assert not counter.flags & {ESTIMATED, IMPLAUSIBLE, METER_RESET, METER_DECREASED}
    else:
        assert IMPLAUSIBLE in counter.flags


@given(st.integers(0, 10**9), st.lists(st.integers(0, 300), min_size=1, max_size=60))
def test_a_meter_that_only_rises_is_counted_to_the_watt_hour(meter_start, steps):
    counter = Counter(meter_start, 0)
    register = meter_start
    for at, step in enumerate(steps, 1):
        register += step
        advance(counter, register, at * MINUTE)
    assert (counter.energy_wh, counter.flags) == (register - meter_start, set())


def test_the_words_of_the_flags_are_distinct():
    assert len({ESTIMATED, IMPLAUSIBLE, METER_DECREASED, METER_RESET, RELATIVE}) == 5
    assert energy.SLACK_WH < MAX_POWER_W
