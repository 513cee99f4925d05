"""What a connector counts with: never less than its car may draw."""

from ocpp_server.site import happenings
from ocpp_server.site.default import Steps
from ocpp_server.site.hold import LEAD, Hold, Lent
from tests.ocpp_server.site.plays import Play


def test_a_free_station_counts_with_its_fail_safe_as_long_after_it_was_last_heard_of_as_a_car_there_waits():
    """That its connection is lost may be noticed late, or never where nobody pings it."""
    play = Play(40, 2)
    play.run(10)
    heard_at, member = play.now, play.site.members[1, 1]
    happenings.connection(play.site, 1, False, heard_at + 85)
    assert member.possible(heard_at + play.site.wait - LEAD - 1).amperes == 0
    assert member.possible(heard_at + play.site.wait - LEAD).amperes == 20.0
    member.is_connected = True
    assert member.possible(heard_at + play.site.wait - LEAD).amperes == 20.0


def test_where_cars_begin_with_the_fail_safe_at_once_it_is_kept_free():
    play = Play(40, 2)
    play.site.members[2, 1].can_pause = False
    play.site.plan()
    play.run(30)
    play.car(1)
    play.run(60)
    assert play.given() == {1: 20.0}
    play.car(2)
    assert play.site.members[2, 1].possible(play.now).amperes == 20.0


def test_where_the_default_is_refused_all_that_the_connector_gives_is_kept_free():
    play = Play(40, 2)
    play.car(1)
    play.run(60)
    play.site.members[2, 1].default.installed = None
    for _ in range(2):
        play.look()
        play.fail(refused=True)
    assert play.look() == {1: 8.0}


def test_a_station_that_answers_nothing_and_draws_what_it_likes_is_counted_with_that():
    play = Play(40, 2)
    play.car(1)
    play.car(2)
    play.run(120)
    play.site.members[1, 1].session.hold.ask(Lent(10.0, 20.0, play.now + 900))
    play.site.members[1, 1].session.hold.fail(play.now, refused=False)
    for _ in range(2):
        play.now += 60
        happenings.measured(play.site, (1, 1), (32.0, 32.0, 32.0), play.now)
    assert play.site.members[1, 1].session.disobeys
    assert play.look()[2] == 8.0


def test_a_station_that_went_on_above_its_fail_safe_after_the_lease_is_counted_with_what_it_draws():
    play = Play(40, 4)
    play.car(1)
    play.run(60)
    happenings.connection(play.site, 1, False, play.now)
    play.now += play.site.lease + 120
    for _ in range(2):
        play.now += 60
        happenings.measured(play.site, (1, 1), (32.0, 32.0, 32.0), play.now)
    assert play.site.members[1, 1].possible(play.now).amperes == 32.0


def test_a_station_that_did_not_obey_when_it_was_last_heard_of_counts_with_that_reading():
    play = Play(40, 2)
    play.car(1)
    play.car(2)
    play.run(120)
    for _ in range(2):
        play.now += 60
        happenings.measured(play.site, (1, 1), (26.0, 26.0, 26.0), play.now)
    happenings.connection(play.site, 1, False, play.now)
    assert play.site.members[1, 1].possible(play.now + 3000).amperes == 26.0


def test_a_car_that_does_not_obey_is_counted_on_all_phases_that_it_is_seen_on():
    play = Play(40, 2)
    play.car(1)
    play.run(60)
    for _ in range(2):
        happenings.measured(play.site, (1, 1), (20.0, 0.0, 0.0), play.now)
    assert play.site.members[1, 1].site_phases == (0,)
    for _ in range(2):
        play.now += 60
        happenings.measured(play.site, (1, 1), (39.0, 39.0, 39.0), play.now)
    draw = play.site.members[1, 1].possible(play.now)
    assert (draw.phases, draw.amperes) == ((0, 1, 2), 39.0)


def test_a_session_that_was_told_nothing_yet_follows_a_higher_default_once_it_is_sent():
    play = Play(40, 2)
    play.car(1, age=3600)
    play.site.members[1, 1].default.installed = Steps(0.0, 6.0)
    play.site.members[1, 1].session.hold = Hold(Lent(0.0, 6.0, play.now - 2000))
    assert play.site.members[1, 1].possible(play.now).amperes == 6.0
    play.look()
    assert play.site.members[1, 1].possible(play.now).amperes == 20.0


def test_a_sleeping_car_whose_session_does_not_survive_a_pause_keeps_its_smallest_current():
    play = Play(20, 2)
    play.site.members[1, 1].can_pause = False
    play.site.plan()
    play.run(30)
    play.car(1)
    play.car(2)
    play.run(60)
    happenings.status(play.site, (1, 1), "SuspendedEV", play.now)
    play.run(300, takes={1: 0.0})
    assert play.site.members[1, 1].session.belief.is_asleep(play.now)
    assert play.given() == {1: 6.0, 2: 14.0}


def test_where_a_pause_is_forbidden_later_the_running_session_is_kept_as_well():
    play = Play(12, 3)
    for number in (1, 2, 3):
        play.car(number)
    play.run(60)
    paused = next(number for number, amperes in play.given().items() if not amperes)
    play.site.members[paused, 1].can_pause = False
    play.run(60)
    assert play.given()[paused] == 6.0


def test_a_session_whose_station_is_ahead_of_time_waits_no_longer_than_others():
    play = Play(40, 2)
    play.car(1, age=-3600)
    assert play.site.members[1, 1].possible(play.now + play.site.wait).amperes == 20.0


def test_the_first_limit_may_be_the_pause_that_ended_a_session():
    play = Play(40, 1)
    play.car(1)
    assert play.site.members[1, 1].is_just_paused(play.now + 5)


def test_what_a_station_is_told_in_watts_may_all_go_to_one_phase_until_its_car_is_seen():
    play = Play(20, 1, takes_watts=True)
    play.car(1)
    assert play.look() == {1: 20.0}
    assert play.sent[-1].phases == 1
    play.accept()
    play.now += 60
    happenings.measured(play.site, (1, 1), (6.7, 6.7, 6.7), play.now)
    assert play.look() == {1: 20.0}
    assert play.sent[-1].phases == 3
    play.accept()
    play.now += 60
    happenings.measured(play.site, (1, 1), (20.0, 20.0, 20.0), play.now)
    assert play.look() == {}


def test_what_is_told_in_watts_is_enough_for_a_car_on_all_phases_or_for_none():
    play = Play(30, 2, takes_watts=True)
    play.car(1)
    play.car(2)
    play.run(120, takes={1: 0.0, 2: 0.0})
    assert sorted(play.given().values()) == [0.0, 30.0]
    assert sorted(member.fail_safe for member in play.site.members.values()) == [0.0, 30.0]


def test_a_car_on_all_phases_starts_also_where_the_connector_gives_less_than_its_smallest_power_on_one():
    play = Play(40, 1, takes_watts=True, maximum=16.0)
    play.car(1)
    assert play.look() == {1: 18.0}
    play.accept()
    play.now += 60
    happenings.measured(play.site, (1, 1), (6.0, 6.0, 6.0), play.now)
    assert play.look() == {1: 16.0}


def test_a_total_does_not_show_which_phases_carry_it():
    play = Play(40, 1, takes_watts=True)
    play.car(1)
    play.look()
    play.accept()
    for seconds in (60, 120):
        now = play.now + seconds
        happenings.measured(play.site, (1, 1), (10.6, 10.6, 10.6), now, is_total=True, is_sure=False)
    assert play.site.members[1, 1].sure_phases == 1
    assert play.site.members[1, 1].session.belief.most == 32.0, "all of it may go to one phase, so it takes all"


def test_a_station_that_takes_no_limit_that_changes_by_itself_never_has_more_than_its_fail_safe():
    play = Play(40, 2, installed=False)
    play.site.members[1, 1].can_step = False
    play.site.plan()
    play.look()
    assert {order.key[0]: (order.amperes, order.fail_safe) for order in play.sent} == {1: (20.0, 20.0), 2: (0.0, 20.0)}
    play.accept()
    play.car(1)
    play.car(2)
    play.run(60)
    assert play.given() == {1: 20.0, 2: 20.0}
    play.leave(2)
    play.run(60)
    assert play.given() == {1: 20.0}
    play.site.members[1, 1].session.belief.most = 10.0
    play.run(30, takes={1: 10.0})
    assert {order.fail_safe for order in play.sent} <= {10.0}
    assert play.given()[1] == 10.0
    assert play.site.members[1, 1].session.hold.most(play.now + 1e6) == 10.0


def test_one_that_does_not_obey_and_keeps_what_it_was_given_is_not_asked_again_and_again():
    play = Play(40, 2, can_step=False)
    play.car(1)
    play.run(60)
    member = play.site.members[1, 1]
    for _ in range(2):
        play.now += 60
        happenings.measured(play.site, (1, 1), (26.0, 26.0, 26.0), play.now)
    assert member.session.disobeys
    member.fail_safe = 10.0
    assert {order.transaction_id for order in play.site.decide(play.now)} == {None}


def test_who_keeps_for_ever_what_it_is_given_gets_nothing_where_a_car_needs_more_than_it_fell_back_to():
    """Its smallest current rises as it is found to take watts."""
    play = Play(40, 2, can_step=False, takes_watts=True)
    play.car(1)
    play.site.members[1, 1].default.installed = Steps(6.0, 6.0)
    play.site.members[1, 1].default.asked = Steps(6.0, 6.0)
    assert play.look().get(1, 0.0) == 0.0


def test_a_session_that_begins_with_a_pause_is_not_told_to_pause_in_watts():
    play = Play(30, 2, takes_watts=True)
    play.car(1)
    play.run(60, takes={1: 0.0})
    play.car(2)
    assert play.look() == {}


def test_trickles_say_nothing_about_the_phases_that_share_a_limit_in_watts():
    play = Play(40, 1, takes_watts=True)
    play.car(1)
    play.look()
    play.accept()
    for currents in ((6.0, 6.0, 6.0), (0.6, 0.4, 0.4), (0.4, 0.4, 0.6)):
        play.now += 60
        happenings.measured(play.site, (1, 1), currents, play.now)
        play.look()
        play.accept()
        assert play.site.members[1, 1].sure_phases == 3


def test_a_phase_that_carries_next_to_nothing_shares_no_limit_in_watts():
    play = Play(40, 1, takes_watts=True)
    play.car(1)
    happenings.measured(play.site, (1, 1), (9.0, 9.0, 0.6), play.now)
    assert play.site.members[1, 1].sure_phases == 2


def test_a_limit_in_watts_for_fewer_phases_that_was_refused_is_sent_again():
    play = Play(40, 1, takes_watts=True)
    play.car(1)
    play.run(600)
    happenings.measured(play.site, (1, 1), (32.0, 0.0, 0.0), play.now)
    assert play.look() == {1: 32.0}
    play.fail(refused=True)
    assert play.look() == {}
    play.now += 20
    assert play.look() == {1: 32.0}
    assert [order.phases for order in play.sent] == [1]
