import math

from ocpp_server.site.hold import RETRIES, SETTLE, Hold


def test_a_lower_limit_counts_once_it_is_accepted_and_followed():
    hold = Hold(16.0, 6.0, 1000.0)
    hold.ask(8.0, 1900.0)
    assert hold.most(100.0) == 16.0
    hold.accept(100.0)
    assert (hold.now(100.0), hold.most(100.0)) == (8.0, 16.0)
    assert hold.most(100.0 + SETTLE) == 8.0


def test_a_higher_limit_counts_from_the_moment_it_is_sent():
    hold = Hold(8.0, 6.0, 1000.0)
    hold.ask(16.0, 1900.0)
    assert (hold.now(100.0), hold.most(100.0), hold.wanted(100.0)) == (8.0, 16.0, 16.0)


def test_when_the_lease_ends_the_fail_safe_holds():
    hold = Hold(16.0, 6.0, 1000.0)
    assert (hold.now(999.0), hold.now(1000.0), hold.most(1000.0)) == (16.0, 6.0, 6.0)


def test_what_was_not_answered_may_have_arrived_or_not():
    hold = Hold(8.0, 6.0, 1000.0)
    hold.ask(16.0, 1900.0)
    hold.fail(100.0, refused=False)
    assert (hold.now(1500.0), hold.is_settled(1500.0)) == (16.0, False)


def test_what_was_refused_changes_nothing():
    hold = Hold(8.0, 6.0, 1000.0)
    hold.ask(16.0, 1900.0)
    hold.fail(100.0, refused=True)
    assert (hold.now(100.0), hold.is_refused(100.0), hold.is_refused(100.0 + RETRIES[0])) == (8.0, True, False)


def test_after_the_last_retry_it_is_left_alone():
    hold = Hold(8.0, 6.0, 1000.0)
    for _ in range(len(RETRIES) + 1):
        hold.ask(16.0, 1900.0)
        hold.fail(100.0, refused=True)
    assert hold.retry_at == math.inf
    hold.retry()
    assert hold.retry_at == 0


def test_what_is_measured_while_a_limit_is_new_says_nothing():
    hold = Hold(8.0, 6.0, 1000.0)
    hold.ask(16.0, 1900.0)
    assert not hold.is_settled(100.0)
    hold.accept(100.0)
    assert not hold.is_settled(101.0)
    assert hold.is_settled(100.0 + 2 * SETTLE)
