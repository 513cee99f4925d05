import pytest

from ocpp_server.services.site.site_readings import currents


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
        ([sample(12)], (12, 12, 12)),
        ([sample(-3)], (0, 0, 0)),
        ([sample(100, "Energy.Active.Import.Register")], None),
        ("nonsense", None),
    ],
)
def test_what_flows_on_each_phase_is_read_from_what_a_meter_says(samples, found):
    assert currents(samples, 3) == (None if found is None else pytest.approx(found))


def test_a_connector_on_one_phase_has_all_of_the_power_there():
    assert currents([sample(3680, "Power.Active.Import")], 1) == (16.0,)
