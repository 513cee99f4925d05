"""What operators' schedules make of a connector of a site."""

from datetime import UTC, datetime, timedelta

from ocpp_server.charging.building import Drawing, constant, from_drawing
from ocpp_server.charging.profile import TX, TX_DEFAULT, parse
from ocpp_server.site import happenings, others
from ocpp_server.site.others import Instead
from tests.ocpp_server.site.plays import Play

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
#: 8 A from six in the morning, 16 A from ten in the evening.
NIGHT = ((0, 16.0), (6 * 3600, 8.0), (22 * 3600, 16.0))
HOUR, WAIT = 3600.0, 960.0


def drawn(connector_id=1, **more):
    return parse(connector_id, from_drawing(Drawing(**{"steps": NIGHT, **more}), 5, NOON))


def always(amperes, connector_id=1, purpose=TX_DEFAULT, level=1, unit="A"):
    profile = constant(5, purpose, amperes, stack_level=level, phases=None, now=NOON, unit=unit)
    return parse(connector_id, profile)


def allowed(profiles, hours=0.0, phases=3):
    now = (NOON + timedelta(hours=hours)).timestamp()
    return others.cap(profiles, 1, now - HOUR, phases, now)


def follows(*profiles, wait=WAIT):
    return others.instead(profiles, 1, wait, 32.0, NOON.timestamp())


def test_a_schedule_allows_what_it_says_at_each_moment():
    assert [allowed([drawn()], hours) for hours in (0, 9.9, 10.1)] == [8.0, 8.0, 16.0]


def test_a_schedule_of_the_whole_station_counts_for_each_connector_and_one_of_another_connector_does_not():
    assert allowed([always(10, connector_id=0)]) == 10
    assert allowed([always(10, connector_id=2)]) is None


def test_power_is_shared_by_the_phases_that_the_car_uses():
    assert allowed([always(6900, unit="W")]) == 10.0
    assert allowed([always(6900, unit="W")], phases=1) == 30.0


def test_what_power_allows_is_rounded_down_to_what_can_be_told():
    assert allowed([always(7000, unit="W")]) == 10.1


def test_sessions_follow_a_schedule_that_stands_above_the_sites_default():
    assert follows(always(20)) == Instead(20.0, 20.0, True)
    assert follows(drawn()) == Instead(8.0, 16.0, True)
    assert follows(drawn(), wait=11 * HOUR) == Instead(16.0, 16.0, True)


def test_a_schedule_on_the_lowest_level_does_not_stand_above_it():
    assert follows(always(20, level=0)) is None
    assert follows(always(20, purpose=TX)) is None
    assert follows() is None


def test_where_a_schedule_says_nothing_for_a_time_the_default_holds_meanwhile():
    assert follows(drawn(repeat="from_start", duration=7200)) == Instead(16.0, 16.0, False)


def test_no_schedule_gives_more_than_the_connector_and_power_may_go_to_one_phase():
    assert follows(always(80)) == Instead(32.0, 32.0, True)
    assert follows(always(6900, unit="W")) == Instead(30.0, 30.0, True)


def test_what_a_schedule_allows_at_the_beginning_of_a_session_counts_for_those_that_begin_later_too():
    early = drawn(repeat="from_start", steps=((0, 25.0), (600, 10.0)), duration=None)
    assert follows(early) == Instead(25.0, 25.0, True)
    today = drawn(repeat="once", begins_on=NOON, duration=24 * 3600, steps=((0, 8.0),), stack_level=2)
    assert follows(today, early) == Instead(8.0, 25.0, True)


# -- and what the site does --------------------------------------------------------------------------------


def test_a_session_is_given_no_more_than_schedules_allow():
    play = Play(40, 2)
    play.car(1)
    play.car(2)
    play.site.members[1, 1].cap = 10.0
    play.run(120)
    assert play.given() == {1: 10.0, 2: 30.0}
    play.site.members[1, 1].cap = None
    play.run(600)
    assert play.given()[1] > 15


def test_without_chargeyard_a_session_falls_to_no_more_than_schedules_allowed_when_it_was_told_last():
    play = Play(40, 2)
    play.car(1)
    member = play.site.members[1, 1]
    for amperes in (10.0, 8.0):
        member.cap = amperes
        play.run(60)
        assert member.session.hold.falls_to == amperes
    assert play.run(300) == 0


def test_a_session_that_is_allowed_less_than_its_smallest_current_is_paused_unless_it_must_not_be():
    play = Play(40, 2)
    for number in (1, 2):
        play.car(number)
        play.site.members[number, 1].cap = 4.0
    play.site.members[2, 1].can_pause = False
    play.run(120)
    assert play.given() == {1: 0.0, 2: 6.0}
    assert play.site.members[2, 1].session.hold.falls_to == 6.0


def test_what_a_station_takes_in_watts_and_a_schedule_allows_is_compared_with_what_is_needed_in_watts():
    play = Play(40, 1, takes_watts=True)
    play.car(1)
    play.site.members[1, 1].cap = 17.9
    assert play.look() == {1: 0.0}
    play.accept()
    play.site.members[1, 1].cap = 18.0
    assert play.look() == {1: 18.0}


def test_what_cars_follow_by_a_schedule_is_kept_free_and_planned_with():
    play = Play(40, 3)
    play.run(10)
    member = play.site.members[3, 1]
    member.instead = Instead(32.0, 25.0, True)
    play.run(60)
    assert member.possible(play.now).amperes == 32.0
    assert member.falls_to == 25.0
    assert sum(member.falls_to for member in play.site.members.values()) <= 40
    play.car(1)
    play.run(60)
    assert play.given() == {1: 8.0}


def test_a_session_follows_the_profile_of_its_remote_start_until_it_has_taken_a_limit():
    play = Play(40, 2)
    play.car(1)
    happenings.follows_another(play.site, (1, 1), 101, always(25, purpose=TX), play.now)
    assert play.site.members[1, 1].possible(play.now).amperes == 25.0
    play.car(2)
    play.run(60)
    assert play.given() == {1: 20.0, 2: 20.0}
    assert play.site.members[1, 1].possible(play.now).amperes == 20.0
