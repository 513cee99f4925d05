"""The charging curve."""

import itertools

import pytest

from ocpp_server.simulator import car
from ocpp_server.simulator.car import CarModel, Supply

SALOON = CarModel(battery_wh=60_000, ac_watts=11_000, ac_phases=3, dc_watts=130_000)
SMALL = CarModel(battery_wh=38_000, ac_watts=7_400, ac_phases=1, dc_watts=50_000)
HYBRID = CarModel(battery_wh=13_000, ac_watts=3_700, ac_phases=1, dc_watts=0)
AC_22 = Supply(22_000, 3)
DC_150 = Supply(150_000, 0)


def test_the_weaker_of_car_and_station_sets_the_power() -> None:
    assert car.most_watts(SALOON, AC_22) == 11_000
    assert car.most_watts(SALOON, DC_150) == 130_000
    assert car.most_watts(SALOON, Supply(50_000, 0)) == 50_000


def test_a_single_phase_car_gets_a_third_of_a_three_phase_outlet_at_most() -> None:
    assert car.most_watts(SMALL, AC_22) == pytest.approx(22_000 / 3)


def test_a_car_without_dc_inlet_does_not_fit_a_rapid_charger() -> None:
    assert not car.fits(HYBRID, DC_150)
    assert car.fits(HYBRID, AC_22)


def test_the_power_ramps_up_and_then_stays() -> None:
    powers = [car.charging_watts(SALOON, AC_22, 30, seconds) for seconds in (0, 6, 12, 600)]
    assert powers == [0, 5_500, 11_000, 11_000]


def test_dc_power_tapers_above_80_percent() -> None:
    powers = [car.charging_watts(SALOON, DC_150, soc, 600) for soc in (50, 80, 90, 99, 100)]
    assert powers[0] == powers[1] == 130_000
    assert powers[1] > powers[2] > powers[3] > powers[4] == 0


@pytest.mark.parametrize("is_dc", [True, False])
def test_the_taper_never_jumps(is_dc: bool) -> None:
    shares = [car.taper(soc / 10, is_dc) for soc in range(1000)]
    assert max(abs(after - before) for before, after in itertools.pairwise(shares)) < 0.03


def test_noise_never_lifts_the_power_over_the_limit() -> None:
    assert car.charging_watts(SALOON, AC_22, 30, 600, limit_watts=7_000, noise=0.05) == 7_000


def test_below_six_amperes_no_car_charges() -> None:
    assert car.charging_watts(SALOON, AC_22, 30, 600, limit_watts=4_000) == 0
    assert car.charging_watts(SALOON, AC_22, 30, 600, limit_watts=4_200) == 4_200


def test_ten_percent_of_the_battery_take_more_than_ten_percent_of_its_energy() -> None:
    assert car.soc_gain(SALOON, AC_22, 6_000) == pytest.approx(9.0)
    assert car.soc_gain(SALOON, DC_150, 6_000) == pytest.approx(9.5)


def test_the_outlet_warms_up_under_load_only() -> None:
    assert car.outlet_temperature(0, 3600) == 19
    assert 40 < car.outlet_temperature(1, 3600) < 46
