import pytest

from ocpp_server.site import happenings
from ocpp_server.site.controller import PRIORITY
from ocpp_server.site.default import Steps
from ocpp_server.site.hold import Lent
from tests.ocpp_server.site.plays import Play


def test_the_first_car_gets_all_it_can_use():
    play = Play(40, 3)
    play.car(1)
    assert play.look() == {1: 32.0}


def test_a_second_car_gets_nothing_before_the_first_has_given_way():
    play = Play(40, 3)
    play.car(1)
    play.look()
    play.accept()
    play.now += 60
    play.car(2)
    assert play.look() == {1: 20.0}
    assert play.look() == {}
    play.accept()
    play.now += 2
    assert play.look() == {}, "the first car has not followed yet"
    play.now += 5
    assert play.look() == {2: 20.0}


def test_what_was_not_answered_counts_as_before_until_it_is():
    play = Play(40, 3)
    play.car(1)
    play.run(60)
    play.car(2)
    play.look()
    play.fail(refused=False)
    play.now += 10
    assert play.look() == {2: 8.0}
    play.accept()
    play.now += 10
    assert play.look() == {1: 20.0}


def test_a_station_that_refuses_keeps_what_it_has_and_the_others_share_the_rest():
    play = Play(40, 3)
    play.car(1)
    play.run(60)
    play.car(2)
    play.look()
    play.fail(refused=True)
    play.now += 5
    assert play.look() == {2: 8.0}


def test_a_station_is_asked_a_few_times_and_then_left_alone_until_it_reconnects():
    play = Play(40, 3)
    play.car(1)
    asked = 0
    for _ in range(400):
        asked += len(play.look())
        play.fail(refused=True)
        play.now += 30
    assert asked == 5
    happenings.connection(play.site, 1, False, play.now)
    happenings.connection(play.site, 1, True, play.now)
    assert play.look()[1] == 32.0


def test_a_car_that_leaves_frees_its_share():
    play = Play(40, 3)
    play.car(1)
    play.car(2)
    play.run(60)
    assert play.given() == {1: 20.0, 2: 20.0}
    play.leave(2)
    assert play.look() == {1: 32.0}


def test_what_a_car_does_not_take_the_others_get():
    play = Play(40, 2)
    play.car(1)
    play.car(2)
    play.run(300, takes={1: 10.0})
    assert play.given() == {1: 11.0, 2: 29.0}


def test_a_car_that_takes_more_again_is_given_more():
    play = Play(40, 2)
    play.car(1)
    play.car(2)
    play.run(300, takes={1: 10.0})
    play.run(600)
    assert play.given()[1] == pytest.approx(20.0, abs=3)


def test_a_car_that_stays_below_its_limit_does_not_make_it_flap():
    play = Play(40, 2)
    play.car(1)
    play.car(2)
    play.run(600, takes={1: 10.0})
    renewals = 2 * 2 * 3600 / play.site.lease / (2 / 3)
    assert play.run(2 * 3600, takes={1: 10.0}) <= renewals + 4


def test_a_full_car_makes_room_and_is_left_a_little_where_nobody_needs_it():
    play = Play(20, 2)
    play.car(1)
    play.car(2)
    play.run(60)
    happenings.status(play.site, (1, 1), "SuspendedEV", play.now)
    play.run(200, takes={1: 0.0})
    assert play.given() == {1: 0.0, 2: 20.0}
    play.leave(2)
    play.run(20, takes={1: 0.0})
    assert play.given() == {1: 6.0}


def test_not_all_minimums_fit_so_the_cars_take_turns_and_all_get_the_same():
    play = Play(20, 4)
    for number in range(1, 5):
        play.car(number)
    charged = dict.fromkeys(range(1, 5), 0)
    for _ in range(8 * 60):
        play.run(60, step=20)
        for number, amperes in play.given().items():
            charged[number] += amperes > 0
        assert sum(play.given().values()) <= 20
    assert min(charged.values()) > 0.9 * max(charged.values())


def test_by_priority_the_first_gets_all_and_the_last_what_is_left():
    play = Play(40, 3)
    play.site.mode = PRIORITY
    play.site.members[2, 1].priority = 5
    play.car(1)
    play.car(2)
    play.run(60)
    assert play.given() == {1: 8.0, 2: 32.0}


def test_a_station_that_draws_more_than_it_was_given_is_found_and_the_others_pay_for_it():
    play = Play(40, 2)
    play.car(1)
    play.car(2)
    play.run(120)
    for _ in range(2):
        play.now += 60
        happenings.measured(play.site, (1, 1), (26.0, 26.0, 26.0), play.now)
    assert play.site.members[1, 1].session.disobeys
    assert play.look() == {2: 14.0}
    play.accept()
    for _ in range(2):
        play.now += 60
        happenings.measured(play.site, (1, 1), (19.5, 19.5, 19.5), play.now)
    assert not play.site.members[1, 1].session.disobeys
    assert play.look() == {2: 20.0}


def test_a_car_on_one_phase_leaves_the_others_to_those_who_use_them():
    play = Play(40, 2)
    play.car(1)
    play.car(2)
    play.run(60)
    for _ in range(2):
        play.now += 60
        happenings.measured(play.site, (1, 1), (20.0, 0.0, 0.0), play.now)
    assert play.site.members[1, 1].site_phases == (0,)
    happenings.measured(play.site, (1, 1), (20.0, 20.0, 20.0), play.now)
    assert play.site.members[1, 1].site_phases == (0, 1, 2)


def test_a_session_reported_late_gets_a_limit_only_once_it_is_seen_to_run():
    """Section 5.16.1: the transaction may be over already."""
    play = Play(40, 2)
    play.car(1, age=3600)
    assert play.look() == {}
    happenings.status(play.site, (1, 1), "Charging", play.now)
    assert play.look() == {1: 32.0}


def test_limits_are_lent_and_renewed_before_they_end():
    play = Play(40, 2)
    play.car(1)
    play.run(30)
    assert play.run(play.site.lease / 2, step=30) == 0
    assert play.run(play.site.lease / 2, step=30) == 1


def test_a_station_out_of_reach_counts_with_what_it_was_lent_and_then_with_its_fail_safe():
    play = Play(40, 4)
    play.car(1)
    play.car(2)
    play.run(60)
    happenings.connection(play.site, 1, False, play.now)
    play.run(60)
    assert play.given() == {1: 20.0, 2: 20.0}
    play.run(play.site.lease)
    assert play.given() == {1: 10.0, 2: 30.0}


def test_a_free_station_that_is_lost_for_a_moment_costs_the_others_nothing():
    """A car that comes there unseen begins with nothing, until all that was lent has ended."""
    play = Play(40, 4)
    play.car(1)
    play.car(2)
    play.run(60)
    happenings.connection(play.site, 3, False, play.now)
    play.run(300)
    assert play.given() == {1: 20.0, 2: 20.0}
    play.run(play.site.wait)
    assert sum(play.given().values()) == 30.0


def test_every_connector_is_given_a_fail_safe_that_holds_for_all_together():
    play = Play(40, 8, installed=False)
    play.look()
    defaults = [order for order in play.sent if order.transaction_id is None]
    assert sorted(order.fail_safe for order in defaults) == [0.0, 0.0, 6.6, 6.6, 6.7, 6.7, 6.7, 6.7]
    assert {order.amperes for order in defaults} == {0.0}, "nothing until all that was lent has ended"
    assert {order.lease for order in defaults} == {play.site.lease + 60}


def test_a_station_that_takes_no_rising_default_gets_a_constant_one():
    play = Play(40, 1, installed=False)
    play.look()
    play.fail(refused=True)
    play.look()
    (order,) = play.sent
    assert (order.amperes, order.fail_safe) == (32.0, 32.0)


def test_a_station_that_may_not_be_asked_counts_with_all_it_could_draw():
    play = Play(40, 2)
    play.site.members[1, 1].may_be_asked = False
    play.site.plan()
    play.look()
    play.accept()
    play.car(2)
    assert play.look() == {2: 8.0}


def test_a_station_whose_sessions_do_not_survive_a_pause_is_never_paused():
    play = Play(12, 3)
    play.site.members[3, 1].can_pause = False
    play.site.plan()
    assert play.site.members[3, 1].fail_safe == 6.0
    for number in (3, 1, 2):
        play.car(number)
    for _ in range(10):
        play.run(1800, step=60)
        assert play.given()[3] == 6.0


def test_after_a_restart_what_was_lent_before_still_counts():
    play = Play(40, 2)
    happenings.resumed(play.site, (1, 1), 101, play.now - 600, Lent(32.0, 20.0, play.now + 300))
    play.car(2)
    assert play.look() == {1: 20.0}


def test_what_somebody_cleared_is_sent_again():
    play = Play(40, 1)
    play.car(1)
    play.run(60)
    happenings.lost(play.site, (1, 1), play.now, is_default=False)
    assert play.look() == {1: 32.0}
    play.accept()
    happenings.lost(play.site, (1, 1), play.now, is_default=True)
    play.look()
    assert [order.transaction_id for order in play.sent] == [None]


def test_a_paused_car_out_of_reach_counts_before_it_rises_by_itself_and_the_others_have_given_way_by_then():
    play = Play(10, 2)
    play.car(2)
    play.run(60)
    play.car(1)
    play.run(60)
    assert play.given() == {1: 0.0, 2: 10.0}
    play.site.members[1, 1].default.installed = Steps(0.0, 10.0)
    held = Lent(0.0, 10.0, play.now + 300)
    play.site.members[1, 1].session.hold.held = held
    happenings.connection(play.site, 1, False, play.now)
    while play.now < held.ends + 60:
        play.now += 1
        if play.now % 10 == 0:
            play.look()
            play.accept()
        assert sum(member.session.hold.most(play.now) for member in play.site.members.values()) <= 10


@pytest.mark.parametrize("before", [None, Steps(13.3, 13.3)])
def test_nobody_pauses_while_a_free_station_is_being_told_to_begin_with_less_but_nobody_gets_more_either(before):
    play = Play(40, 3)
    play.car(1)
    play.car(2)
    play.run(60)
    play.leave(2)
    play.site.members[3, 1].default.installed = before
    assert {key: amperes for key, amperes in play.look().items() if key != 1} == {3: 0.0}
    play.accept()
    assert play.look() == {1: 32.0}


def test_others_fall_back_to_no_more_than_a_station_out_of_reach_leaves():
    """It holds a higher limit from before, and cannot be told."""
    play = Play(22, 2)
    away, here = play.site.members.values()
    away.default.installed, here.default.installed = Steps(0.0, 16.0), Steps(0.0, 6.0)
    happenings.connection(play.site, 1, False, play.now)
    play.look()
    play.accept()
    assert here.default.installed == (0.0, 6.0)
    happenings.connection(play.site, 1, True, play.now)
    play.look()
    assert [(order.key[0], order.fail_safe) for order in play.sent] == [(1, 11.0)], "the lower one first"
    play.accept()
    play.look()
    assert [(order.key[0], order.fail_safe) for order in play.sent] == [(2, 11.0)]


def test_who_answers_no_default_is_planned_with_what_it_may_have():
    play = Play(40, 2, installed=False)
    for _ in range(2):
        play.look()
        for order in play.sent:
            if order.key == (1, 1):
                happenings.failed(play.site, order, play.now, refused=False)
            else:
                happenings.accepted(play.site, order, play.now)
        play.sent = []
        play.now += 20
    play.look()
    play.accept()
    assert play.site.members[2, 1].default.installed.then == 8.0


def test_a_limit_falls_back_to_no_more_than_was_installed_until_others_have_paid_for_more():
    play = Play(40, 2)
    play.site.members[1, 1].default.installed = Steps(0.0, 6.0)
    play.car(1)
    play.look()
    limit = next(order for order in play.sent if order.transaction_id)
    assert (play.site.members[1, 1].fail_safe, limit.fail_safe) == (20.0, 6.0)


def test_a_limit_that_would_go_on_with_more_than_is_planned_now_is_sent_anew_at_once():
    play = Play(40, 2)
    play.car(1)
    play.run(60)
    assert play.site.members[1, 1].session.hold.falls_to == 20.0
    happenings.connection(play.site, 2, False, play.now)
    play.site.members[2, 1].default.installed = Steps(0.0, 32.0)
    play.look()
    play.accept()
    play.look()
    play.accept()
    assert play.site.members[1, 1].session.hold.falls_to == 8.0
