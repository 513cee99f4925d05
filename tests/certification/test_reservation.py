"""The OCA's cases for the Reservation profile, and ours beyond them (OCPP 1.6 sections 5.1 and 5.13).

Each case has a station of its own, as a reservation that one leaves behind would be in the way of the next.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from tests.certification.conftest import VALID
from tests.certification.csms import Csms
from tests.certification.station import Station
from tests.wire.yard import eventually

pytestmark = pytest.mark.profile("Reservation")

GROUP, MEMBER, OTHER_MEMBER = "CERT-GROUP", "CERT-MEMBER-1", "CERT-MEMBER-2"
_numbers = count(1)


@pytest.fixture
def station(csms: Csms) -> Iterator[Station]:
    """A charge point of this case alone: connected, accepted, connectors available."""
    identity = f"CERT-R-{next(_numbers)}"
    csms.api("POST", "/stations", {"identity": identity})
    station = Station(csms.port, identity).connect()
    station.booted()
    yield station
    station.close()


@pytest.fixture(scope="session")
def group(csms: Csms) -> None:
    """Two cards of one group."""
    for id_tag in (MEMBER, OTHER_MEMBER):
        csms.api("POST", "/id-tags", {"id_tag": id_tag, "parent_id_tag": GROUP})


def at(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def reserve(
    csms: Csms, station: Station, status: str = "Accepted", *, connector_id: int = 1, **more: Any
) -> dict[str, Any]:
    """The operator reserves, the station answers; the reservation, and what was asked of the station."""
    body = {"station": station.identity, "connector_id": connector_id, "id_tag": VALID, "expiry_date": at(600), **more}
    made = csms.api("POST", "/reservations", body)
    asked = station.answers("ReserveNow", {"status": status})
    assert {name: asked[name] for name in ("connectorId", "idTag", "expiryDate", "reservationId")} == {
        "connectorId": connector_id,
        "idTag": body["id_tag"],
        "expiryDate": body["expiry_date"],
        "reservationId": made["reservation_id"],
    }
    eventually(lambda: reservation(csms, made)["state"] != "sending")
    return {**made, "asked": asked}


def held(csms: Csms, station: Station, **more: Any) -> dict[str, Any]:
    """Accepted, and reported as Reserved."""
    made = reserve(csms, station, **more)
    assert station.status("Reserved", more.get("connector_id", 1)) == {}
    assert reservation(csms, made)["state"] == "active"
    return made


def reservation(csms: Csms, made: dict[str, Any]) -> dict[str, Any]:
    return csms.api("GET", f"/reservations/{made['id']}")


def outcome(csms: Csms, made: dict[str, Any]) -> tuple[str, str]:
    now = reservation(csms, made)
    return now["state"], now["status"]


def test_tc_046_csms_a_reserved_connector_is_used(csms: Csms, station: Station) -> None:
    made = held(csms, station)
    transaction_id = station.charging(VALID, reservationId=made["reservation_id"])
    used = reservation(csms, made)
    assert (used["state"], used["transaction_id"]) == ("used", transaction_id)


def test_tc_047_csms_a_reservation_expires(csms: Csms, station: Station) -> None:
    made = held(csms, station, expiry_date=at(2))
    eventually(lambda: at(0) >= made["expiry_date"])
    assert station.status("Available") == {}
    assert reservation(csms, made)["state"] == "expired"


def test_tc_048_1_csms_a_faulted_connector_is_not_reserved(csms: Csms, station: Station) -> None:
    assert outcome(csms, reserve(csms, station, "Faulted")) == ("refused", "Faulted")


def test_tc_048_2_csms_an_occupied_connector_is_not_reserved(csms: Csms, station: Station) -> None:
    assert station.status("Preparing") == {}
    assert outcome(csms, reserve(csms, station, "Occupied")) == ("refused", "Occupied")


def test_tc_048_3_csms_an_unavailable_connector_is_not_reserved(csms: Csms, station: Station) -> None:
    sent = csms.send(station.identity, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    station.answers("ChangeAvailability", {"status": "Accepted"})
    assert sent.get()["result"] == {"status": "Accepted"}
    assert station.status("Unavailable") == {}
    assert outcome(csms, reserve(csms, station, "Unavailable")) == ("refused", "Unavailable")


def test_tc_048_4_csms_a_station_that_takes_no_reservations(csms: Csms, station: Station) -> None:
    assert outcome(csms, reserve(csms, station, "Rejected")) == ("refused", "Rejected")


def test_tc_049_csms_the_whole_charge_point_is_reserved(csms: Csms, station: Station) -> None:
    made = held(csms, station, connector_id=0)
    assert csms.api("GET", f"/stations/{station.identity}")["reservation"]["id"] == made["id"]


def test_tc_051_csms_a_reservation_is_cancelled(csms: Csms, station: Station) -> None:
    made = held(csms, station)
    csms.api("DELETE", f"/reservations/{made['id']}")
    asked = station.answers("CancelReservation", {"status": "Accepted"})
    assert asked == {"reservationId": made["reservation_id"]}
    assert station.status("Available") == {}
    assert reservation(csms, made)["state"] == "cancelled"


@pytest.mark.parametrize("same", [False, True], ids=["another-id", "the-same-id"])
def test_tc_052_csms_cancelling_is_rejected(csms: Csms, station: Station, same: bool) -> None:
    made = held(csms, station)
    number = made["reservation_id"] if same else 987654
    sent = csms.send(station.identity, "CancelReservation", {"reservationId": number})
    assert station.answers("CancelReservation", {"status": "Rejected"}) == {"reservationId": number}
    assert sent.get()["result"] == {"status": "Rejected"}
    assert outcome(csms, made) == ("active", "Accepted")
    assert station.status("Available") == {}
    assert reservation(csms, made)["state"] == "ended"


def test_tc_053_csms_a_group_member_uses_it(csms: Csms, station: Station, group: None) -> None:
    made = held(csms, station, id_tag=MEMBER)
    assert made["asked"]["parentIdTag"] == GROUP
    info = station.authorize(OTHER_MEMBER)
    assert (info["status"], info["parentIdTag"]) == ("Accepted", GROUP)
    transaction_id = station.charging(OTHER_MEMBER, reservationId=made["reservation_id"])
    assert reservation(csms, made)["state"] == "used"
    assert station.authorize(MEMBER)["parentIdTag"] == GROUP
    conf = station.stop(transaction_id, 2000, idTag=MEMBER)
    assert conf["idTagInfo"]["status"] == "Accepted"
    assert station.status("Finishing") == {}


def test_x_r_01_csms_the_same_id_again_replaces_it(csms: Csms, station: Station) -> None:
    made = held(csms, station)
    payload = {
        "connectorId": 2,
        "idTag": VALID,
        "expiryDate": at(900),
        "reservationId": made["reservation_id"],
    }
    sent = csms.send(station.identity, "ReserveNow", payload)
    assert station.answers("ReserveNow", {"status": "Accepted"}) == payload
    sent.get()
    (only,) = csms.api("GET", f"/reservations?station={station.identity}")["items"]
    assert (only["id"], only["connector_id"], only["state"]) == (made["id"], 2, "active")


def test_x_r_02_csms_a_group_member_uses_it_without_naming_it(csms: Csms, station: Station, group: None) -> None:
    made = held(csms, station, id_tag=MEMBER)
    station.charging(OTHER_MEMBER)
    assert reservation(csms, made)["state"] == "used"


def test_x_r_03_csms_it_expires_while_the_station_is_offline(csms: Csms, station: Station) -> None:
    made = held(csms, station, expiry_date=at(2))
    station.vanish()
    eventually(lambda: reservation(csms, made)["state"] == "expired", 20)
    station.connect()
    station.booted()
    assert reservation(csms, made)["state"] == "expired"


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
def test_x_r_04_csms_a_fault_ends_it(csms: Csms, station: Station, status: str) -> None:
    made = held(csms, station)
    assert station.status(status) == {}
    assert outcome(csms, made) == ("ended", status)


def test_x_r_05_csms_connector_0_is_not_supported(csms: Csms, station: Station) -> None:
    assert outcome(csms, reserve(csms, station, "Rejected", connector_id=0)) == ("refused", "Rejected")
