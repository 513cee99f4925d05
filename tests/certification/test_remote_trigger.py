"""The OCA's cases for the Remote Trigger profile, and ours beyond them (OCPP 1.6 section 5.17)."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.certification.csms import Csms
from tests.certification.station import CONNECTORS, Station
from tests.fake_charge_point import now

pytestmark = pytest.mark.profile("Remote Trigger")

_numbers = count(1)


@pytest.fixture
def station(csms: Csms) -> Iterator[Station]:
    """A charge point of this case alone."""
    identity = f"CERT-G-{next(_numbers)}"
    csms.api("POST", "/stations", {"identity": identity})
    station = Station(csms.port, identity).connect()
    station.booted()
    yield station
    station.close()


def trigger(csms: Csms, station: Station, requested: str, status: str = "Accepted", **more: int) -> int:
    """The operator triggers, the station answers; the command's id."""
    payload = {"requestedMessage": requested, **more}
    sent = csms.send(station.identity, "TriggerMessage", payload)
    assert station.answers("TriggerMessage", {"status": status}) == payload
    done = sent.get()
    assert done["result"] == {"status": status}
    return done["id"]


def came(csms: Csms, command_id: int) -> list[dict[str, Any]]:
    """What the operator sees of the messages that came."""
    return csms.api("GET", f"/commands/{command_id}")["triggered"]


def meter(station: Station, connector_id: int) -> dict[str, Any]:
    value = {"timestamp": now(), "sampledValue": [{"value": "1", "context": "Trigger"}]}
    return station.call("MeterValues", {"connectorId": connector_id, "meterValue": [value]})


@pytest.mark.parametrize("firmware", ["Accepted", "NotImplemented"])
def test_tc_054_csms_messages_are_triggered(csms: Csms, station: Station, firmware: str) -> None:
    number = trigger(csms, station, "MeterValues", connectorId=1)
    assert meter(station, 1) == {}
    assert [message["payload"]["connectorId"] for message in came(csms, number)] == [1]
    number = trigger(csms, station, "Heartbeat")
    assert station.call("Heartbeat")["currentTime"].endswith("Z")
    assert [message["action"] for message in came(csms, number)] == ["Heartbeat"]
    number = trigger(csms, station, "StatusNotification", connectorId=1)
    assert station.status("Available", 1) == {}
    assert [message["payload"]["status"] for message in came(csms, number)] == ["Available"]
    number = trigger(csms, station, "DiagnosticsStatusNotification")
    assert station.call("DiagnosticsStatusNotification", {"status": "Idle"}) == {}
    assert [message["payload"] for message in came(csms, number)] == [{"status": "Idle"}]
    number = trigger(csms, station, "FirmwareStatusNotification", firmware)
    if firmware == "Accepted":
        assert station.call("FirmwareStatusNotification", {"status": "Idle"}) == {}
    assert len(came(csms, number)) == (firmware == "Accepted")


def test_tc_055_csms_a_trigger_is_rejected(csms: Csms, station: Station) -> None:
    number = trigger(csms, station, "MeterValues", "Rejected", connectorId=max(CONNECTORS) + 1)
    assert came(csms, number) == []


def test_x_g_01_csms_without_a_connector_all_of_them_report(csms: Csms, station: Station) -> None:
    number = trigger(csms, station, "StatusNotification")
    for connector_id in CONNECTORS:
        assert station.status("Available", connector_id) == {}
    assert [message["payload"]["connectorId"] for message in came(csms, number)] == list(CONNECTORS)


def test_x_g_02_csms_a_message_that_the_station_does_not_know(csms: Csms, station: Station) -> None:
    number = trigger(csms, station, "DiagnosticsStatusNotification", "NotImplemented")
    command = csms.api("GET", f"/commands/{number}")
    assert (command["state"], command["result"]) == ("answered", {"status": "NotImplemented"})


def test_x_g_03_csms_connector_0_is_sent_only_where_somebody_says_so(csms: Csms, station: Station) -> None:
    for more in ({}, {"connectorId": 2}, {"connectorId": 0}):
        trigger(csms, station, "StatusNotification", **more)


@pytest.mark.profile("Core")
def test_x_b_04_csms_an_accepted_station_is_not_asked_to_boot_unless_told_to(csms: Csms, station: Station) -> None:
    station.vanish()
    station.connect()
    station.all_available()
    station.call("Heartbeat")
    assert not [frame for frame in station.unasked if frame[0] == 2]
    trigger(csms, station, "BootNotification", "Rejected")
