"""What stations report of their configuration, templates, and which keys are risky."""

from typing import Any

import pytest

from ocpp_server import clock, configuration_keys, configuration_risks
from ocpp_server.models import ChargePoint, ConfigurationChange, ConfigurationKey
from ocpp_server.services.configuration import configuration, configuration_templates
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.ocpp_server.conftest import Clock


@pytest.fixture
def station(store: Store, time: Clock) -> ChargePoint:
    return store.write(lambda unit: charge_points.add(unit, "CP-1"))


def report(store: Store, station: ChargePoint, key: str, value: str | None, **more: Any) -> None:
    item = {"key": key, "value": value, **more}
    store.write(lambda unit: configuration.report(unit, station.id, item, clock.now()))


def change(store: Store, station: ChargePoint, key: str, value: str, **more: Any) -> None:
    facts = {"source": "me", "awaits_reboot": False, "at": clock.now(), **more}
    store.write(lambda unit: configuration.changed(unit, station.id, key, value, **facts))


def keys(store: Store) -> dict[str, ConfigurationKey]:
    with store.reading():
        return {row.key: row for row in ConfigurationKey.select()}


def changes(store: Store) -> list[tuple]:
    with store.reading():
        query = ConfigurationChange.select().order_by(ConfigurationChange.id)
        return [(row.key, row.old_value, row.new_value, row.source) for row in query]


def test_the_first_report_is_no_change_and_a_different_one_is(store: Store, station: ChargePoint) -> None:
    report(store, station, "HeartbeatInterval", "300")
    report(store, station, "HeartbeatInterval", "300")
    assert changes(store) == []
    report(store, station, "HeartbeatInterval", "60")
    assert changes(store) == [("HeartbeatInterval", "300", "60", configuration.REPORTED)]


def test_a_key_is_one_key_however_it_is_spelt(store: Store, station: ChargePoint) -> None:
    report(store, station, "HeartbeatInterval", "300")
    change(store, station, "heartbeatinterval", "60")
    assert {key: row.value for key, row in keys(store).items()} == {"HeartbeatInterval": "60"}
    assert changes(store) == [("HeartbeatInterval", "300", "60", "me")]


def test_a_value_that_awaits_a_reset_says_so_until_it_is_reported(store: Store, station: ChargePoint) -> None:
    change(store, station, "A", "1", awaits_reboot=True)
    assert keys(store)["A"].awaits_reboot
    report(store, station, "A", "1")
    assert not keys(store)["A"].awaits_reboot


def test_secrets_are_not_kept_and_odd_items_do_no_harm(store: Store, station: ChargePoint) -> None:
    report(store, station, "AuthorizationKey", "5ec2e7")
    report(store, station, "", "x")
    report(store, station, "Number", 7)  # type: ignore[arg-type]
    store.write(lambda unit: configuration.report_unknown(unit, station.id, "Gone", clock.now()))
    found = keys(store)
    assert found["AuthorizationKey"].value is None
    assert found["Number"].value == "7"
    assert not found["Gone"].known
    assert "" not in found


@pytest.mark.parametrize(
    ("limit", "parts"),
    [(None, [["A", "B", "C"]]), ("2", [["A", "B"], ["C"]]), ("50", [["A", "B", "C"]]), ("0", 1), ("many", 1)],
)
def test_named_keys_are_asked_for_in_parts(
    store: Store, station: ChargePoint, limit: str | None, parts: list | int
) -> None:
    if limit is not None:
        report(store, station, "GetConfigurationMaxKeys", limit)
    with store.reading():
        found = configuration.in_parts(station.id, ["A", "B", "C"])
    assert found == parts or len(found) == parts


@pytest.mark.parametrize(
    ("key", "one", "other", "is_same"),
    [
        ("LocalPreAuthorize", "TRUE", "true", True),
        ("MeterValuesSampledData", "SoC, Voltage", "SoC,Voltage", True),
        ("MeterValuesSampledData", "SoC,Voltage", "Voltage,SoC", False),
        ("HeartbeatInterval", " 60", "60", True),
        ("Vendor", "True", "true", False),
        ("Vendor", None, "", False),
        ("Vendor", None, None, True),
    ],
)
def test_values_that_mean_the_same_do_not_differ(key: str, one: str | None, other: str | None, is_same: bool) -> None:
    assert configuration_templates.is_same(key, one, other) is is_same


def test_differences_follow_the_template_and_leave_out_what_cannot_be_set(store: Store, station: ChargePoint) -> None:
    report(store, station, "Same", "1")
    report(store, station, "Other", "1")
    report(store, station, "Fixed", "1", readonly=True)
    store.write(lambda unit: configuration.report_unknown(unit, station.id, "Gone", clock.now()))
    wanted = {"Unread": "5", "other": "2", "Fixed": "2", "Gone": "2", "Same": "1"}
    template = store.write(lambda unit: configuration_templates.save(unit, "T", wanted))
    with store.reading():
        found = configuration_templates.differences(template, [station.id])
    assert [(item.key, item.current, item.is_sent) for item in found] == [
        ("Unread", None, True),
        ("other", "1", True),
        ("Fixed", "1", False),
        ("Gone", None, False),
    ]
    assert list(configuration_templates.by_key(found)) == ["Unread", "other"]


def test_the_list_of_standard_keys_is_complete_and_consistent() -> None:
    names = [key.name for key in configuration_keys.STANDARD_KEYS]
    assert len(names) == len(set(names)) == 52
    assert all(key.meaning.endswith(".") for key in configuration_keys.STANDARD_KEYS)
    core = [key for key in configuration_keys.STANDARD_KEYS if key.source.startswith("9.1")]
    assert sorted(int(key.source.rpartition(".")[2]) for key in core) == list(range(1, 35))
    assert configuration_keys.find("heartbeatINTERVAL") is not None
    assert configuration_keys.find("Vendor.Key") is None


@pytest.mark.parametrize(
    ("key", "is_risky"),
    [
        ("authorizationKey", True),
        ("SecurityProfile", True),
        ("WebSocketPingInterval", True),
        ("OCPPServerURL", True),
        ("backend_url", True),
        ("ChargeBoxId", True),
        ("WifiSSID", True),
        ("APN", True),
        ("AuthorizationCacheEnabled", False),
        ("HeartbeatInterval", False),
        ("ImportLimit", False),
        ("LedBrightness", False),
    ],
)
def test_keys_that_can_cut_a_station_off_are_known_by_name(key: str, is_risky: bool) -> None:
    assert (configuration_risks.explain(key) is not None) is is_risky
