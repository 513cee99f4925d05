import pytest

from ocpp_server.services.site.site_readings import Reading, currents


def sample(value, measurand="Current.Import", **words):
    return {"value": str(value), "measurand": measurand, **words}


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        ([sample(10, phase="L1"), sample(9, phase="L2"), sample(8, phase="L3")], (10, 9, 8)),
        ([sample(16, phase="L1-N", unit="A")], (16, 0, 0)),
        ([sample(2300, "Power.Active.Import", phase="L2")], (0, 10, 0)),
        ([sample(6.9, "Power.Active.Import", unit="kW")], (10, 10, 10)),
        ([sample(6900, "Power.Active.Import"), sample(17, "Current.Import")], (10, 10, 10)),
        ([sample(3680, "Power.Active.Import"), sample(16, "Current.Import")], (16, 0, 0)),
        ([sample(11000, "Power.Active.Import"), sample(16, "Current.Import")], (16, 16, 16)),
        ([sample(46000, "Power.Active.Import"), sample(100, "Current.Import")], (100, 100, 66.7)),
        ([sample(46000, "Power.Active.Import"), sample(80, "SoC")], (66.7, 66.7, 66.7)),
        ([sample(12)], (12, 12, 12)),
        ([sample(-3)], (0, 0, 0)),
        ([sample(100, "Energy.Active.Import.Register")], None),
        ("nonsense", None),
    ],
)
def test_what_flows_on_each_phase_is_read_from_what_a_meter_says(samples, found):
    reading = currents(samples, 3)
    assert (reading and reading.each) == (found and pytest.approx(found, abs=0.1))


def power(watts, amperes):
    return [sample(watts, "Power.Active.Import"), sample(amperes)]


@pytest.mark.parametrize(
    ("samples", "is_sure"),
    [
        (power(3680, 16), True),
        (power(11_000, 16), True),
        # 400 V are those of a battery. 460 V may be two phases as well, 184 V one with a poor power factor.
        (power(6800, 17), True),
        (power(46_000, 100), False),
        (power(2944, 16), False),
    ],
)
def test_power_and_current_show_which_phases_share_them_unless_they_can_be_read_in_two_ways(samples, is_sure):
    assert currents(samples, 3).is_sure is is_sure


def test_a_connector_on_one_phase_has_all_of_the_power_there():
    assert currents([sample(3680, "Power.Active.Import")], 1) == Reading((16.0,))


@pytest.mark.parametrize(
    ("samples", "is_total"),
    [
        ([sample(3680, "Power.Active.Import")], True),
        ([sample(3680, "Power.Active.Import"), sample(16)], False),
        ([sample(6900, "Power.Active.Import"), sample(17)], False),
        ([sample(16, phase="L1")], False),
    ],
)
def test_power_alone_does_not_say_how_it_spreads_over_the_phases(samples, is_total):
    assert currents(samples, 3).is_total is is_total
