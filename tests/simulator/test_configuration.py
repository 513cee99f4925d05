"""The configuration keys of a station."""

import pytest
from ocpp.v16.enums import ConfigurationKey

from ocpp_server.simulator.configuration import Configuration, factory_keys


@pytest.fixture
def configuration() -> Configuration:
    return Configuration(factory_keys(2, 3))


def test_every_key_of_the_specification_is_there(configuration: Configuration) -> None:
    names = [str(key.value) for key in ConfigurationKey]
    security_and_plug_and_charge = names[names.index("MaxChargingProfilesInstalled") + 1 :]
    assert set(names) - set(security_and_plug_and_charge) <= set(configuration.keys)
    assert "ConnectorSwitch3to1PhaseSupported" in configuration.keys


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("MeterValueSampleInterval", "60", "Accepted"),
        ("metervaluesampleinterval", "30", "Accepted"),
        ("MeterValueSampleInterval", "-1", "Rejected"),
        ("MeterValueSampleInterval", "soon", "Rejected"),
        ("AuthorizeRemoteTxRequests", "TRUE", "Accepted"),
        ("AuthorizeRemoteTxRequests", "yes", "Rejected"),
        ("NumberOfConnectors", "4", "Rejected"),
        ("WebSocketPingInterval", "10", "RebootRequired"),
        ("SomethingElse", "1", "NotSupported"),
        ("MeterValuesSampledData", "Voltage, SoC", "Accepted"),
        ("MeterValuesSampledData", "Voltage,RPM", "Rejected"),
        ("StopTxnSampledData", "", "Accepted"),
    ],
)
def test_changing_a_key(configuration: Configuration, key: str, value: str, status: str) -> None:
    assert configuration.change(key, value) == status


def test_a_rejected_value_changes_nothing(configuration: Configuration) -> None:
    configuration.change("MeterValueSampleInterval", "-1")
    assert configuration.number("MeterValueSampleInterval") == 60


def test_the_report_without_names_has_all_keys_but_the_password(configuration: Configuration) -> None:
    known, unknown = configuration.report()
    names = {entry["key"] for entry in known}
    assert names == set(configuration.keys) - {"AuthorizationKey"}
    assert unknown == []


def test_the_report_tells_unknown_names(configuration: Configuration) -> None:
    known, unknown = configuration.report(["numberofconnectors", "Colour"])
    assert known == [{"key": "NumberOfConnectors", "readonly": True, "value": "2"}]
    assert unknown == ["Colour"]


def test_listeners_hear_what_was_changed(configuration: Configuration) -> None:
    heard: list[str] = []
    configuration.listeners.append(heard.append)
    configuration.change("HeartbeatInterval", "10")
    assert heard == ["HeartbeatInterval"]
