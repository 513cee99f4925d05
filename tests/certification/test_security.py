"""The OCA's cases for the connection itself: basic authentication and the subprotocol."""

import pytest
from websocket import WebSocketBadStatusException

from tests.certification.conftest import IDENTITY
from tests.certification.csms import Csms
from tests.certification.station import Station
from tests.fake_charge_point import basic

pytestmark = pytest.mark.profile("Security")

SECURED, PASSWORD = "CERT-2", "a certain password"


@pytest.fixture
def secured(csms: Csms) -> Station:
    """A station with a password, not connected yet."""
    known = [item["identity"] for item in csms.api("GET", "/stations")["items"]]
    if SECURED not in known:
        csms.api("POST", "/stations", {"identity": SECURED, "registration": "accepted", "password": PASSWORD})
    csms.api("PATCH", f"/stations/{SECURED}", {"password": PASSWORD})
    return Station(csms.port, SECURED)


def refused(station: Station, **how: object) -> int:
    with pytest.raises(WebSocketBadStatusException) as refusal:
        station.connect(**how)
    station.ws.shutdown()
    return refusal.value.status_code


@pytest.mark.parametrize("new", ["another password!!", "00ff10203040506070809099aabbccdd"], ids=["text", "hex"])
def test_tc_073_csms_the_password_is_changed(csms: Csms, secured: Station, new: str) -> None:
    secured.password = PASSWORD
    secured.connect()
    secured.booted()
    value = new if len(new) == 32 else new.encode().hex()
    sent = csms.send(SECURED, "ChangeConfiguration", {"key": "AuthorizationKey", "value": value})
    asked = secured.answers("ChangeConfiguration", {"status": "Accepted"})
    assert asked == {"key": "AuthorizationKey", "value": value}
    assert sent.get()["result"] == {"status": "Accepted"}
    secured.close()
    assert refused(secured) == 401
    secured.password = bytes.fromhex(value)
    secured.connect().close()


def test_tc_085_csms_valid_credentials_are_let_in(csms: Csms, secured: Station) -> None:
    assert refused(secured) == 401
    assert refused(secured, header=[basic(SECURED, "not the password")]) == 401
    secured.password = PASSWORD
    secured.connect()
    secured.booted()
    secured.close()


def test_tc_088_csms_the_subprotocol_is_negotiated(csms: Csms) -> None:
    station = Station(csms.port, IDENTITY)
    assert refused(station, subprotocols=["ocpp0.1"]) == 400
    station.connect(subprotocols=["ocpp0.1", "ocpp1.6"])
    assert station.ws.getsubprotocol() == "ocpp1.6"
    station.booted()
    station.close()
