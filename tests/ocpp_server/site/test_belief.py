from ocpp_server.services.site.site_readings import currents
from ocpp_server.site import happenings
from tests.ocpp_server.site.plays import Play


def test_a_car_on_one_phase_whose_station_tells_only_its_power_keeps_what_it_takes():
    play = Play(40, 2)
    play.car(1)
    play.car(2)
    for _ in range(10):
        play.run(60)
        amperes = min(play.given()[1], 16.0)
        reading = currents([{"value": str(230 * amperes), "measurand": "Power.Active.Import"}], 3)
        happenings.measured(play.site, (1, 1), reading.each, play.now, is_total=reading.is_total)
    assert play.given()[1] >= 16.0


def test_a_car_that_was_seen_to_need_all_phases_and_takes_less_later_gives_the_rest_away():
    play = Play(40, 2)
    play.car(1)
    play.car(2)
    for minute in range(10):
        play.run(60, takes={1: 10.0})
        amperes = 20.0 if minute < 2 else 10.0
        happenings.measured(play.site, (1, 1), (amperes,) * 3, play.now, is_total=True)
    assert play.given()[1] == 11.0
