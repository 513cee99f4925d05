"""The totals in a list of sampled values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_server.services.session import meter_values
from ocpp_server.services.session.meter_values import Totals, totals


def one(value="1", **fields):
    return [{"value": value, **fields}]


def phases(measurand, **values):
    return [
        {"value": value, "measurand": measurand, "phase": phase.replace("_", "-")} for phase, value in values.items()
    ]


POWER = "Power.Active.Import"


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        # The defaults: the energy register in Wh at the outlet.
        (one("1234"), {"energy_wh": 1234}),
        (one("1234", measurand=None), {"energy_wh": 1234}),
        (one("1234", location="Outlet", context="Sample.Clock", format="Raw"), {"energy_wh": 1234}),
        # Units, as they should be and as they are spelled.
        (one("21.4", unit="kWh"), {"energy_wh": 21400}),
        (one("21.4", unit=" KWH "), {"energy_wh": 21400}),
        (one("7.4", measurand=POWER, unit="kW"), {"power_w": 7400}),
        (one("7400", measurand=POWER, unit="W"), {"power_w": 7400}),
        (one("16000", measurand="Current.Import", unit="mA"), {"current_a": 16}),
        (one("230", measurand="Voltage", unit="V"), {"voltage_v": 230}),
        (one("42", measurand="SoC", unit="Percent", location="EV"), {"soc_percent": 42}),
        (one("5", unit="bananas"), {"energy_wh": 5}),
        (one("5", unit=""), {"energy_wh": 5}),
        # 37: values with blanks, or as numbers.
        (one(" 12 "), {"energy_wh": 12}),
        (one(12), {"energy_wh": 12}),
        (one(12.5), {"energy_wh": 12.5}),
        # 37: only phases, in either spelling.
        (phases("Energy.Active.Import.Register", L1="10", L2="20", L3="30"), {"energy_wh": 60}),
        (phases(POWER, L1_N="10", L2_N="20", L3_N="30"), {"power_w": 60}),
        (phases(POWER, L1="10", L1_N="10"), {"power_w": 10}),
        (phases("Current.Import", L1="10", L2="12", L3="11", N="1"), {"current_a": 12}),
        (phases("Voltage", L1_N="229", L2_N="231", L1_L2="400"), {"voltage_v": 230}),
        (phases("Voltage", L1_L2="400", L2_L3="402"), {"voltage_v": 401}),
        # A total counts for itself.
        ([*one("60", measurand=POWER), *phases(POWER, L1="10", L2="20")], {"power_w": 60}),
        (one("60", measurand=POWER, phase=""), {"power_w": 60}),
        # What is another quantity.
        (one("1", measurand="Frequency"), {}),
        (one("1", measurand="Energy.Active.Import.Interval"), {}),
        (one("1", measurand="Energy.Active.Export.Register"), {}),
        (one("1", location="Inlet"), {}),
        (one("0AFF", format="SignedData"), {}),
        # 24, 25: what cannot be read is left out, and only that.
        ([*one(""), *one("x"), *one(None), {}, None, "x", 7, [], *one("5")], {"energy_wh": 5}),
        (one("nan"), {}),
        (one("inf"), {}),
        (one("1e300"), {}),
        (one(10**400), {}),
        (one([]), {}),
        (one({}), {}),
        (one("1", measurand=[]), {"energy_wh": 1}),
        (one("1", measurand={"x": 1}), {}),
        (one("1", phase=["L1"]), {"energy_wh": 1}),
        (one("1", unit={"x": 1}), {"energy_wh": 1}),
        (one("1", location=["x"]), {}),
        ([], {}),
        (None, {}),
        ("x", {}),
        ({"value": "1"}, {}),
    ],
)
def test_the_totals_are_drawn_from_the_samples(samples, expected):
    assert totals(samples) == Totals(**expected)


def test_one_meter_value_tells_everything_at_once():
    samples = [
        {"value": "1000.5"},
        {"value": "11", "measurand": POWER, "unit": "kW"},
        *phases("Current.Import", L1="15.9", L2="16.1", L3="16.0"),
        *phases("Voltage", L1_N="229", L2_N="230", L3_N="231"),
        {"value": "55", "measurand": "SoC", "location": "EV"},
        {"value": "50", "measurand": "Frequency"},
        {"value": "31", "measurand": "Temperature", "unit": "Celcius"},
    ]
    assert totals(samples) == Totals(1000.5, 11000, 16.1, 230, 55)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=5,
)
WORDS = st.sampled_from([POWER, "Voltage", "SoC", "Outlet", "EV", "L1", "L1-N", "kWh", "Raw", "SignedData"])
SAMPLE = st.dictionaries(
    st.sampled_from(["value", "measurand", "phase", "unit", "location", "format", "context"]), ODD | WORDS
)


@given(ODD | st.lists(SAMPLE | ODD, max_size=5))
def test_anything_has_totals_that_a_database_stores(samples):
    drawn = totals(samples)
    for name in Totals.__slots__:
        value = getattr(drawn, name)
        assert value is None or abs(value) < 1e19


def test_what_is_remembered_of_samples_is_bounded():
    for number in range(3000):
        meter_values.totals([{"value": "1", "unit": f"{number}", "phase": "x" * 10_000 if number % 2 else "L1"}])
    remembered = meter_values._meanings
    assert len(remembered) <= 1024
    assert all(len(str(word)) < 100 for words in remembered for word in words)
