"""Additional question AQ-1: a station can be made to wait, or be turned away, before it is accepted (section 4.2)."""

from collections.abc import Iterator

import pytest

from tests.certification.csms import ApiError, Csms
from tests.certification.station import Station
from tests.fake_charge_point import Refused

pytestmark = pytest.mark.profile("AQ-1: boot policy")

IDENTITY = "CERT-3"


@pytest.fixture
def station(csms: Csms) -> Iterator[Station]:
    """A station that is known and connected, not booted yet; pending again after each case."""
    if IDENTITY not in [item["identity"] for item in csms.api("GET", "/stations")["items"]]:
        csms.api("POST", "/stations", {"identity": IDENTITY, "registration": "pending"})
    csms.api("PATCH", f"/stations/{IDENTITY}", {"registration": "pending"})
    station = Station(csms.port, IDENTITY).connect()
    yield station
    station.close()


def security_error(station: Station, action: str, payload: dict) -> None:
    with pytest.raises(Refused) as refusal:
        station.call(action, payload)
    assert refusal.value.code == "SecurityError"


def test_x_b_01_csms_a_pending_station_is_configured_but_not_started(csms: Csms, station: Station) -> None:
    conf = station.boot()
    assert conf["status"] == "Pending"
    assert conf["interval"] > 0
    security_error(station, "Heartbeat", {})
    sent = csms.send(IDENTITY, "GetConfiguration", {})
    station.answers("GetConfiguration", {"configurationKey": []})
    assert sent.get()["state"] == "answered"
    for action, payload in (
        ("RemoteStartTransaction", {"idTag": "X"}),
        ("RemoteStopTransaction", {"transactionId": 1}),
    ):
        with pytest.raises(ApiError) as refused:
            csms.send(IDENTITY, action, payload).get()
        assert refused.value.status == 422


def test_x_b_02_csms_a_rejected_station_is_heard_no_further(csms: Csms, station: Station) -> None:
    csms.api("PATCH", f"/stations/{IDENTITY}", {"registration": "rejected"})
    conf = station.boot()
    assert conf["status"] == "Rejected"
    assert conf["interval"] > 0
    security_error(station, "StatusNotification", {"connectorId": 0, "status": "Available", "errorCode": "NoError"})


def test_x_b_03_csms_a_pending_station_is_accepted_later(csms: Csms, station: Station) -> None:
    assert station.boot()["status"] == "Pending"
    sent = csms.send(IDENTITY, "TriggerMessage", {"requestedMessage": "BootNotification"})
    station.answers("TriggerMessage", {"status": "Accepted"})
    sent.get()
    csms.api("PATCH", f"/stations/{IDENTITY}", {"registration": "accepted"})
    station.booted()
    assert "currentTime" in station.call("Heartbeat")
