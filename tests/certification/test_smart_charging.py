"""The OCA's cases for Smart Charging, and ours beside them, one test each (OCPP 1.6 sections 3.13, 5.5, 5.7 and 5.16).

Built for the union of the editions: what the stricter one asks is asked here.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import gevent
import pytest

from tests.certification.conftest import IDENTITY, VALID
from tests.certification.csms import ApiError, Csms
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


# -- beside the tool: what the standard asks, through the operator's own way of applying profiles ----------------------


def apply(csms: Csms, wanted: dict, connector_id: int, **more: Any) -> dict:
    """Apply a profile; what became of it on the one connector."""
    wanted = {name: value for name, value in wanted.items() if name != "chargingProfileId"}
    body = {"profile": wanted, "targets": [{"station": IDENTITY, "connector_id": connector_id}], **more}
    return csms.api("POST", "/charging/applications", body)


def outcome(csms: Csms, application: dict) -> dict:
    """How it ended, once it has."""
    for _ in range(500):
        (found,) = csms.api("GET", f"/charging/applications/{application['id']}")["requests"]
        if found["state"] != "waiting":
            return found
        gevent.sleep(0.01)
    raise AssertionError(f"still waiting: {found}")


def attempted(csms: Csms, application: dict, answered: int) -> dict:
    """The request once it has ended, or has more attempts than were answered."""
    for _ in range(500):
        (found,) = csms.api("GET", f"/charging/applications/{application['id']}")["requests"]
        if found["state"] != "waiting" or len(found["attempts"]) > answered:
            return found
        gevent.sleep(0.01)
    raise AssertionError(f"nothing more came: {found}")


def applied(csms: Csms, station: Station, wanted: dict, connector_id: int, status: str = "Accepted") -> dict:
    application = apply(csms, wanted, connector_id)
    asked = station.answers("SetChargingProfile", {"status": status})
    assert asked["connectorId"] == connector_id
    if status == "Accepted":
        assert outcome(csms, application)["state"] == "installed"
    return asked["csChargingProfiles"]


def refused_by_the_api(csms: Csms, wanted: dict, connector_id: int) -> str:
    with pytest.raises(ApiError) as refusal:
        apply(csms, wanted, connector_id)
    assert refusal.value.status == 422
    return refusal.value.problem["errors"][0]["field"]


def held(csms: Csms) -> list[tuple[int, str, int]]:
    items = csms.api("GET", f"/stations/{IDENTITY}/charging-profiles")["items"]
    return [(item["connector_id"], item["purpose"], item["stack_level"]) for item in items]


@pytest.fixture
def clean(csms: Csms, station: Station) -> Station:
    """Nothing installed, nothing learnt."""
    exchange(csms, station, "ClearChargingProfile", {}, {"status": "Accepted"})
    csms.api("DELETE", f"/stations/{IDENTITY}/charging-capabilities")
    tell_keys(csms, station)
    return station


def tell_keys(csms: Csms, station: Station, **keys: str) -> None:
    known = {
        "ChargeProfileMaxStackLevel": "8",
        "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
        "ChargingScheduleMaxPeriods": "24",
        **keys,
    }
    items = [{"key": key, "readonly": True, "value": value} for key, value in known.items()]
    exchange(csms, station, "GetConfiguration", {}, {"configurationKey": items})


def test_x_s_01_csms_a_maximum_is_for_the_whole_station(csms: Csms, clean: Station) -> None:
    wanted = absolute(profile("ChargePointMaxProfile", 1))
    assert refused_by_the_api(csms, wanted, 1) == "connectorId"
    applied(csms, clean, wanted, 0)


def test_x_s_02_csms_a_default_on_connector_0_counts_for_all(csms: Csms, clean: Station) -> None:
    applied(csms, clean, absolute(profile("TxDefaultProfile", 2)), 0)
    for connector_id in (1, 2):
        composite = csms.api("GET", f"/stations/{IDENTITY}/composite-schedule?connector_id={connector_id}")
        assert composite["calculated"][0]["limit"] == 6.0


def test_x_s_03_csms_a_session_profile_needs_its_session(csms: Csms, clean: Station) -> None:
    clean.stop(clean.charging(VALID), 1100)
    wanted = profile("TxProfile", 3)
    for connector_id in (0, 1):
        found = outcome(csms, apply(csms, wanted, connector_id))
        assert (found["state"], found["reason"]) == ("left_out", "no_session")
    transaction_id = clean.charging(VALID)
    assert applied(csms, clean, wanted, 1)["transactionId"] == transaction_id


@pytest.mark.parametrize("answer", ["Rejected", "NotSupported"])
def test_x_s_04_csms_a_refusal_is_recorded(csms: Csms, clean: Station, answer: str) -> None:
    application = apply(csms, absolute(profile("TxDefaultProfile", 4)), 1)
    for answered in range(20):
        request = attempted(csms, application, answered)
        if request["state"] != "waiting":
            break
        clean.answers("SetChargingProfile", {"status": answer})
    assert request["state"] == "refused"
    assert {attempt["answer"] for attempt in request["attempts"]} == {answer}
    assert held(csms) == []


def test_x_s_04_csms_a_callerror_not_supported_is_no_smart_charging(csms: Csms, clean: Station) -> None:
    application = apply(csms, absolute(profile("TxDefaultProfile", 4)), 1)
    message_id, _ = clean.expect("SetChargingProfile")
    clean.send_raw(json.dumps([4, message_id, "NotSupported", "", {}]))
    found = outcome(csms, application)
    assert (found["state"], found["reason"], len(found["attempts"])) == ("refused", "not_supported", 1)
    assert csms.api("GET", f"/stations/{IDENTITY}/charging-capabilities")["learnt"]["supported"] is False


def test_x_s_05_csms_recurring_says_how_and_from_when(csms: Csms, clean: Station) -> None:
    wanted = absolute(profile("TxDefaultProfile", 5))
    recurring = {**wanted, "chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}
    assert refused_by_the_api(csms, {**wanted, "recurrencyKind": "Daily"}, 1) == "recurrencyKind"
    assert refused_by_the_api(csms, {**wanted, "chargingProfileKind": "Recurring"}, 1) == "recurrencyKind"
    sent = applied(csms, clean, recurring, 1)
    assert sent["recurrencyKind"] == "Daily"
    assert "startSchedule" in sent["chargingSchedule"]


def test_x_s_06_csms_a_stations_limits_are_kept(csms: Csms, clean: Station) -> None:
    tell_keys(csms, clean, ChargingScheduleAllowedChargingRateUnit="Power", ChargingScheduleMaxPeriods="2")
    wanted = absolute(profile("TxDefaultProfile", 6, level=40))
    steps = [{"startPeriod": 3600 * hour, "limit": 6.0 + hour} for hour in range(4)]
    wanted["chargingSchedule"]["chargingSchedulePeriod"] = steps
    sent = applied(csms, clean, wanted, 1)
    assert sent["stackLevel"] == 8
    assert sent["chargingSchedule"]["chargingRateUnit"] == "W"
    assert len(sent["chargingSchedule"]["chargingSchedulePeriod"]) == 2
    assert sent["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 4140.0


def test_x_s_07_csms_numbers_have_one_decimal_and_periods_ascend(csms: Csms, clean: Station) -> None:
    wanted = absolute(profile("TxDefaultProfile", 7))
    for periods in (
        [{"startPeriod": 60, "limit": 6.0}],
        [{"startPeriod": 0, "limit": 6.0}, {"startPeriod": 0, "limit": 7.0}],
        [{"startPeriod": 0, "limit": 6.25}],
    ):
        schedule = {**wanted["chargingSchedule"], "chargingSchedulePeriod": periods}
        assert "chargingSchedulePeriod" in refused_by_the_api(csms, {**wanted, "chargingSchedule": schedule}, 1)


def test_x_s_08_csms_the_record_follows_what_replaces_ends_and_clears(csms: Csms, clean: Station) -> None:
    applied(csms, clean, absolute(profile("TxDefaultProfile", 8)), 1)
    set_profile(csms, clean, 1, absolute(profile("TxDefaultProfile", 81)))
    transaction_id = clean.charging(VALID)
    set_profile(csms, clean, 1, profile("TxProfile", 82, level=1, transactionId=transaction_id))
    assert held(csms) == [(1, "TxDefaultProfile", 0), (1, "TxProfile", 1)]
    clean.stop(transaction_id, 1200)
    assert held(csms) == [(1, "TxDefaultProfile", 0)]
    exchange(csms, clean, "ClearChargingProfile", {"id": 81}, {"status": "Unknown"})
    assert held(csms) == []


def test_x_s_09_csms_a_composite_schedule_is_refused(csms: Csms, clean: Station) -> None:
    exchange(csms, clean, "GetCompositeSchedule", {"connectorId": 2, "duration": 60}, {"status": "Rejected"})


def test_x_s_10_csms_a_session_that_was_reported_late_gets_no_profile(csms: Csms, clean: Station) -> None:
    clean.charging(VALID, timestamp=iso(datetime.now(UTC) - timedelta(hours=3)))
    found = outcome(csms, apply(csms, profile("TxProfile", 10), 1))
    assert (found["state"], found["reason"]) == ("left_out", "late")
    apply(csms, profile("TxProfile", 10), 1, even_if_late=True)
    clean.answers("SetChargingProfile", {"status": "Accepted"})
