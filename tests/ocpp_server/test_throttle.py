from datetime import timedelta

import pytest

from ocpp_server import clock, throttle
from ocpp_server.throttle import Seldom, Throttle


@pytest.fixture(autouse=True)
def back_to_real_time():
    yield
    clock.use(None)


def test_the_first_failures_cost_nothing_and_each_later_one_twice_the_time() -> None:
    now = clock.now()
    clock.use(lambda: now)
    guesses = Throttle(free=3)
    waits = []
    for _ in range(6):
        guesses.fail("anna")
        waits.append(guesses.wait("anna").total_seconds())
    assert waits == [0, 0, 2, 4, 8, 16]
    assert not guesses.wait("berta")


def test_waiting_helps_and_success_forgets() -> None:
    now = clock.now()
    clock.use(lambda: now)
    guesses = Throttle(free=1)
    guesses.fail("anna")
    assert guesses.wait("anna")
    clock.use(lambda: now + timedelta(seconds=2))
    assert not guesses.wait("anna")
    guesses.forget("anna")
    guesses.fail("anna")
    assert guesses.wait("anna") == timedelta(seconds=2)


def test_nobody_waits_longer_than_the_longest_pause() -> None:
    guesses = Throttle(free=1, longest=timedelta(minutes=1))
    for _ in range(50):
        guesses.fail("anna")
    assert guesses.wait("anna") <= timedelta(minutes=1)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "CAPACITY", 3)
    guesses = Throttle(free=1)
    for name in "abcde":
        guesses.fail(name)
    assert [bool(guesses.wait(name)) for name in "abcde"] == [False, False, True, True, True]


def test_what_is_worth_a_record_passes_once_in_a_while(time):
    seldom = Seldom(timedelta(hours=1))
    assert [seldom.lets_pass(name) for name in ("a", "a", "b")] == [True, False, True]
    time.go_on(minutes=59)
    assert not seldom.lets_pass("a")
    time.go_on(minutes=1)
    assert seldom.lets_pass("a")
    for number in range(throttle.CAPACITY):
        seldom.lets_pass(str(number))
    assert seldom.lets_pass("a")
