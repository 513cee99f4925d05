"""What a station may send: thousands in a row, but not for ever."""

import pytest

from ocpp_server.flood import BURST, ORDINARY, PAUSE, SLOW_BELOW, SUSTAINED, Allowance, Flooded


def send(allowance: Allowance, number: int, at: float = 0.0, every: float = 0.0) -> list[float]:
    """The pauses after so many messages."""
    return [allowance.take(at + index * every) for index in range(number)]


def test_a_long_offline_queue_is_not_hindered():
    assert set(send(Allowance(), BURST - SLOW_BELOW)) == {0.0}


def test_who_goes_on_is_slowed():
    allowance = Allowance()
    send(allowance, BURST - SLOW_BELOW)
    assert set(send(allowance, 10)) == {PAUSE}


def test_who_still_goes_on_is_cut_off():
    allowance = Allowance()
    send(allowance, BURST)
    with pytest.raises(Flooded, match="without waiting for answers"):
        allowance.take(0.0)


def test_the_sustained_rate_may_go_on_for_ever():
    assert set(send(Allowance(), 5 * BURST, every=1 / SUSTAINED)) == {0.0}


def test_silence_gives_the_allowance_back():
    allowance = Allowance()
    send(allowance, BURST)
    assert allowance.take(BURST / SUSTAINED) == 0.0
    assert allowance.left == BURST - 1


def test_after_being_cut_off_a_station_goes_on_at_the_sustained_rate():
    allowance = Allowance()
    send(allowance, BURST)
    assert send(allowance, 50, at=10.0) == [PAUSE] * 50
    with pytest.raises(Flooded):
        allowance.take(10.0)


def test_a_large_message_counts_as_many():
    allowance = Allowance()
    assert allowance.take(0.0, ORDINARY - 1) == 0.0
    assert allowance.left == BURST - 1
    allowance.take(0.0, 9 * ORDINARY)
    assert allowance.left == BURST - 11
