"""The OCA's cases for Smart Charging, and ours beside them, one test each (OCPP 1.6 sections 3.13, 5.5, 5.7 and 5.16).

Built for the union of the editions: what the stricter one asks is asked here.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.certification.conftest import IDENTITY, VALID
from tests.certification.csms import Csms
from tests.certification.station import Station
from tests.fake_charge_point import iso

pytestmark = pytest.mark.profile("Smart Charging")

DAY = 86_400


def profile(purpose: str, number: int, *, level: int = 0, **more: Any) -> dict[str, Any]:
    """A profile of kind Relative, as the tool's configuration asks for one."""
    return {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0, "numberPhases": 3}],
        },
        **more,
    }


def absolute(profile: dict[str, Any]) -> dict[str, Any]:
    """The same with times: kind Absolute, and all four of them there."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    schedule = {**profile["chargingSchedule"], "startSchedule": iso(start), "duration": DAY}
    times = {"validFrom": iso(start), "validTo": iso(start + timedelta(seconds=DAY))}
    return {**profile, **times, "chargingProfileKind": "Absolute", "chargingSchedule": schedule}


def exchange(csms: Csms, station: Station, action: str, payload: dict, answer: dict) -> dict:
    """An operator asks, the tool answers; what it was asked. The operator sees the answer."""
    sent = csms.send(IDENTITY, action, payload)
    asked = station.answers(action, answer)
    assert sent.get()["result"] == answer
    return asked


def set_profile(csms: Csms, station: Station, connector_id: int, wanted: dict, status: str = "Accepted") -> dict:
    payload = {"connectorId": connector_id, "csChargingProfiles": wanted}
    asked = exchange(csms, station, "SetChargingProfile", payload, {"status": status})
    assert asked == payload
    return asked["csChargingProfiles"]


def test_tc_056_csms_a_default_profile(csms: Csms, station: Station) -> None:
    sent = set_profile(csms, station, 1, absolute(profile("TxDefaultProfile", 56)))
    assert sent["chargingProfileKind"] == "Absolute"
    assert {"validFrom", "validTo"} <= set(sent)
    assert "startSchedule" in sent["chargingSchedule"]
    assert not {"transactionId", "recurrencyKind"} & set(sent)
    assert sent["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 6.0


@pytest.mark.parametrize("kind", ["Absolute", "Relative"])
def test_tc_057_csms_a_profile_for_the_running_session(csms: Csms, station: Station, kind: str) -> None:
    transaction_id = station.charging(VALID)
    wanted = profile("TxProfile", 57, transactionId=transaction_id)
    sent = set_profile(csms, station, 1, absolute(wanted) if kind == "Absolute" else wanted)
    assert sent["transactionId"] == transaction_id
    assert "recurrencyKind" not in sent
    assert ("startSchedule" in sent["chargingSchedule"]) == (kind == "Absolute")


def test_tc_059_csms_a_remote_start_with_a_profile(csms: Csms, station: Station) -> None:
    payload = {"idTag": VALID, "connectorId": 1, "chargingProfile": profile("TxProfile", 59)}
    asked = exchange(csms, station, "RemoteStartTransaction", payload, {"status": "Accepted"})
    sent = asked["chargingProfile"]
    assert (sent["chargingProfilePurpose"], sent["chargingProfileKind"]) == ("TxProfile", "Relative")
    assert "transactionId" not in sent
    assert sent["chargingSchedule"]["chargingSchedulePeriod"][0]["startPeriod"] == 0
    station.charging(VALID)


def test_tc_066_csms_the_composite_schedule(csms: Csms, station: Station) -> None:
    payload = {"connectorId": 1, "duration": 300, "chargingRateUnit": "A"}
    schedule = {"chargingRateUnit": "A", "duration": 300, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}]}
    answer = {"status": "Accepted", "connectorId": 1, "scheduleStart": iso(datetime.now(UTC))}
    answer["chargingSchedule"] = schedule
    assert exchange(csms, station, "GetCompositeSchedule", payload, answer) == payload


def test_tc_067_csms_profiles_are_cleared_by_id_by_criteria_and_all(csms: Csms, station: Station) -> None:
    transaction_id = station.charging(VALID)
    set_profile(csms, station, 0, absolute(profile("ChargePointMaxProfile", 671)))
    set_profile(csms, station, 1, absolute(profile("TxDefaultProfile", 672)))
    set_profile(csms, station, 1, profile("TxProfile", 673, transactionId=transaction_id))
    by_fields = {"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}
    for criteria in ({"id": 671}, by_fields, {}):
        assert exchange(csms, station, "ClearChargingProfile", criteria, {"status": "Accepted"}) == criteria


def test_tc_067_csms_as_the_older_edition_stacks_them(csms: Csms, station: Station) -> None:
    for level in (0, 1, 2):
        set_profile(csms, station, 1, absolute(profile("TxDefaultProfile", 670 + level, level=level)))
    by_fields = {"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1}
    for criteria in ({"id": 670}, by_fields, {}):
        assert exchange(csms, station, "ClearChargingProfile", criteria, {"status": "Accepted"}) == criteria
