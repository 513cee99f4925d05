import math

from ocpp_server.site.hold import CLOCKS, LEAD, RETRIES, SETTLE, Hold, Lent


def test_a_lower_limit_counts_once_it_is_accepted_and_followed():
    hold = Hold(Lent(16.0, 6.0, 1000.0))
    hold.ask(Lent(8.0, 6.0, 1900.0))
    assert hold.most(100.0) == 16.0
    hold.accept(100.0)
    assert (hold.now(100.0), hold.most(100.0)) == (8.0, 16.0)
    assert hold.most(100.0 + SETTLE) == 8.0


def test_a_higher_limit_counts_from_the_moment_it_is_sent():
    hold = Hold(Lent(8.0, 6.0, 1000.0))
    hold.ask(Lent(16.0, 6.0, 1900.0))
    assert (hold.now(100.0), hold.most(100.0), hold.wanted(100.0)) == (8.0, 16.0, 16.0)


def test_when_the_lease_ends_the_fail_safe_holds():
    hold = Hold(Lent(16.0, 6.0, 1000.0))
    assert (hold.now(999.0), hold.now(1000.0), hold.most(1000.0)) == (16.0, 6.0, 16.0)
    assert hold.most(1000.0 + SETTLE) == 6.0, "the car has followed"


def test_what_was_not_answered_may_have_arrived_or_not():
    hold = Hold(Lent(8.0, 6.0, 1000.0))
    hold.ask(Lent(16.0, 6.0, 1900.0))
    hold.fail(100.0, refused=False)
    assert (hold.now(1500.0), hold.is_settled(1500.0)) == (16.0, False)


def test_what_was_refused_changes_nothing():
    hold = Hold(Lent(8.0, 6.0, 1000.0))
    hold.ask(Lent(16.0, 6.0, 1900.0))
    hold.fail(100.0, refused=True)
    assert (hold.now(100.0), hold.refused) == (8.0, True)
    assert (hold.is_left_alone(100.0), hold.is_left_alone(100.0 + RETRIES[0])) == (True, False)


def test_after_the_last_retry_it_is_left_alone():
    hold = Hold(Lent(8.0, 6.0, 1000.0))
    for _ in range(len(RETRIES) + 1):
        hold.ask(Lent(16.0, 6.0, 1900.0))
        hold.fail(100.0, refused=True)
    assert hold.retry_at == math.inf
    hold.retry()
    assert hold.retry_at == 0


def test_what_is_measured_while_a_limit_is_new_says_nothing():
    hold = Hold(Lent(8.0, 6.0, 1000.0))
    hold.ask(Lent(16.0, 6.0, 1900.0))
    assert not hold.is_settled(100.0)
    hold.accept(100.0)
    assert not hold.is_settled(101.0)
    assert hold.is_settled(100.0 + 2 * SETTLE)


def test_an_unanswered_pause_hides_nothing_of_what_held_before():
    hold = Hold(Lent(0.0, 10.0, 960.0))
    hold.ask(Lent(0.0, 10.0, 2880.0))
    hold.fail(0.0, refused=False)
    assert (hold.most(959.0), hold.most(961.0)) == (0.0, 10.0)
    for at in (10.0, 20.0):
        hold.ask(Lent(0.0, 10.0, 2880.0 + at))
        hold.fail(at, refused=False)
    assert hold.most(961.0) == 10.0
    hold.ask(Lent(0.0, 10.0, 3000.0))
    hold.accept(30.0)
    assert hold.most(961.0) == 0.0


def test_of_many_that_were_not_answered_the_highest_counts_at_each_moment():
    hold = Hold(Lent(8.0, 6.0, 500.0))
    for lent in (Lent(16.0, 6.0, 1000.0), Lent(7.0, 10.0, 2000.0)):
        hold.ask(lent)
        hold.fail(0.0, refused=False)
    assert [hold.now(at) for at in (0.0, 999.0, 1000.0, 2000.0)] == [16.0, 16.0, 7.0, 10.0]
    assert hold.falls_to == 10.0


def test_what_rises_by_itself_counts_before_it_does():
    hold = Hold(Lent(0.0, 10.0, 1000.0))
    assert (hold.soon(999.0 - LEAD), hold.soon(1000.0 - LEAD)) == (0.0, 10.0)


def test_a_refused_limit_leaves_the_fail_safe_of_the_one_before():
    hold = Hold(Lent(16.0, 20.0, 1000.0))
    hold.ask(Lent(16.0, 10.0, 1900.0))
    hold.fail(100.0, refused=True)
    assert (hold.now(1000.0), hold.falls_to) == (20.0, 20.0)


def test_around_the_end_of_a_lease_nothing_is_concluded_and_later_the_fail_safe_is_what_holds():
    hold = Hold(Lent(16.0, 6.0, 1000.0))
    settled = [hold.is_settled(at) for at in (1000.0 - CLOCKS, 1000.0, 1000.0 + CLOCKS)]
    assert settled == [True, False, True]
    assert Hold(Lent(6.0, 6.0, 1000.0)).is_settled(1000.0), "nothing changes then"


def test_what_a_station_lost_is_replaced_by_what_follows_there():
    hold = Hold(Lent(8.0, 6.0, 1000.0))
    hold.lose(Lent(0.0, 10.0, 500.0), 100.0)
    assert [hold.now(at) for at in (100.0, 600.0, 1000.0)] == [8.0, 10.0, 10.0]
    assert hold.is_uncertain
