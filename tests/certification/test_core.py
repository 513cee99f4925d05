"""The OCA's cases for the Core profile, one test each, named by its id (OCPP 1.6 sections 4 and 5).

The tool plays the charge point; what it asks of the operator goes through the REST API.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tests.certification.conftest import BLOCKED, EXPIRED, IDENTITY, INVALID, VALID
from tests.certification.csms import Csms
from tests.certification.station import CONNECTORS, Station
from tests.fake_charge_point import iso

pytestmark = pytest.mark.profile("Core")


def transaction(csms: Csms, transaction_id: int) -> dict:
    return csms.api("GET", f"/transactions/{transaction_id}")


def ago(minutes: float) -> str:
    return iso(datetime.now(UTC) - timedelta(minutes=minutes))


def test_tc_001_csms_a_cold_boot_is_accepted(csms: Csms, station: Station) -> None:
    conf = station.boot()
    assert conf["status"] == "Accepted"
    assert conf["currentTime"].endswith("Z")
    assert conf["interval"] > 0
    for connector_id in CONNECTORS:
        assert station.status("Available", connector_id) == {}
    assert station.call("Heartbeat")["currentTime"].endswith("Z")


def test_tc_003_csms_a_session_with_the_plug_first(csms: Csms, station: Station) -> None:
    assert station.status("Preparing") == {}
    station.authorized(VALID)
    transaction_id = station.started(VALID)
    assert transaction(csms, transaction_id)["stopped_at"] is None


def test_tc_004_1_csms_a_session_with_the_card_first(csms: Csms, station: Station) -> None:
    transaction_id = station.charging(VALID)
    assert transaction(csms, transaction_id)["id_tag"] == VALID


def test_tc_004_2_csms_a_card_without_a_plug_times_out(csms: Csms, station: Station) -> None:
    station.authorized(VALID)
    assert station.status("Preparing") == {}
    assert station.status("Available") == {}
    running = csms.api("GET", f"/transactions?station={IDENTITY}&running=true")["items"]
    assert all(item["connector_id"] != 2 for item in running)


def test_tc_005_1_csms_the_cable_is_pulled_at_the_car(csms: Csms, station: Station) -> None:
    transaction_id = station.charging(VALID)
    assert station.status("SuspendedEV") == {}
    station.stop(transaction_id, 1500, reason="EVDisconnected")
    assert station.status("Finishing") == {}
    assert station.status("Available") == {}
    ended = transaction(csms, transaction_id)
    assert ended["stop_reason"] == "EVDisconnected"
    assert ended["energy_wh"] == 500


def test_tc_007_csms_a_cached_card_starts_without_authorize(csms: Csms, station: Station) -> None:
    station.status("Preparing")
    transaction_id = station.started(VALID)
    assert transaction_id > 0


def test_tc_061_csms_the_cache_is_cleared(csms: Csms, station: Station) -> None:
    sent = csms.send(IDENTITY, "ClearCache", {})
    assert station.answers("ClearCache", {"status": "Accepted"}) == {}
    assert sent.get()["result"] == {"status": "Accepted"}


def remote_start(csms: Csms, station: Station, status: str = "Accepted") -> dict:
    sent = csms.send(IDENTITY, "RemoteStartTransaction", {"idTag": VALID, "connectorId": 1})
    asked = station.answers("RemoteStartTransaction", {"status": status})
    assert asked == {"idTag": VALID, "connectorId": 1}
    assert sent.get()["result"] == {"status": status}
    return asked


def test_tc_010_csms_a_remote_start_after_the_plug(csms: Csms, station: Station) -> None:
    station.status("Preparing")
    asked = remote_start(csms, station)
    station.authorized(asked["idTag"])
    assert station.started(asked["idTag"]) > 0


def test_tc_011_1_csms_a_remote_start_before_the_plug(csms: Csms, station: Station) -> None:
    asked = remote_start(csms, station)
    station.authorized(asked["idTag"])
    station.status("Preparing")
    assert station.started(asked["idTag"]) > 0


def test_tc_011_2_csms_a_remote_start_times_out(csms: Csms, station: Station) -> None:
    asked = remote_start(csms, station)
    station.authorized(asked["idTag"])
    assert station.status("Preparing") == {}
    assert station.status("Available") == {}


def test_tc_012_csms_a_remote_stop(csms: Csms, station: Station) -> None:
    transaction_id = station.charging(VALID)
    sent = csms.send(IDENTITY, "RemoteStopTransaction", {"transactionId": transaction_id})
    assert station.answers("RemoteStopTransaction", {"status": "Accepted"}) == {"transactionId": transaction_id}
    assert sent.get()["result"] == {"status": "Accepted"}
    station.stop(transaction_id, 2000, reason="Remote")
    station.status("Finishing")
    station.status("Available")
    assert transaction(csms, transaction_id)["stop_reason"] == "Remote"


@pytest.mark.parametrize("anew", [True, False], ids=["on-a-new-socket", "on-the-same-socket"])
def test_tc_013_csms_a_hard_reset(csms: Csms, station: Station, anew: bool) -> None:
    sent = csms.send(IDENTITY, "Reset", {"type": "Hard"})
    assert station.answers("Reset", {"status": "Accepted"}) == {"type": "Hard"}
    assert sent.get()["result"] == {"status": "Accepted"}
    if anew:
        station.connect()
    assert station.booted()["status"] == "Accepted"


@pytest.mark.parametrize("anew", [True, False], ids=["on-a-new-socket", "on-the-same-socket"])
def test_tc_014_csms_a_soft_reset(csms: Csms, station: Station, anew: bool) -> None:
    sent = csms.send(IDENTITY, "Reset", {"type": "Soft"})
    assert station.answers("Reset", {"status": "Accepted"}) == {"type": "Soft"}
    assert sent.get()["result"] == {"status": "Accepted"}
    if anew:
        station.connect()
    assert station.booted()["status"] == "Accepted"


def unlock(csms: Csms, station: Station, status: str, connector_id: int = 1) -> None:
    sent = csms.send(IDENTITY, "UnlockConnector", {"connectorId": connector_id})
    assert station.answers("UnlockConnector", {"status": status}) == {"connectorId": connector_id}
    assert sent.get()["result"] == {"status": status}


def test_tc_017_1_csms_unlock_a_detachable_cable(csms: Csms, station: Station) -> None:
    unlock(csms, station, "Unlocked")


def test_tc_017_2_csms_unlock_a_fixed_cable(csms: Csms, station: Station) -> None:
    unlock(csms, station, "NotSupported")


def test_tc_018_1_csms_unlock_during_a_session(csms: Csms, station: Station) -> None:
    transaction_id = station.charging(VALID)
    unlock(csms, station, "Unlocked")
    station.status("Finishing")
    station.stop(transaction_id, 1200, reason="UnlockCommand")
    station.status("Available")
    assert transaction(csms, transaction_id)["stop_reason"] == "UnlockCommand"


KEYS = [
    {"key": "HeartbeatInterval", "readonly": False, "value": "60"},
    {"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core,LocalAuthListManagement,SmartCharging"},
    {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
    {"key": "LocalAuthListEnabled", "readonly": False, "value": "true"},
    {"key": "ChargeProfileMaxStackLevel", "readonly": True, "value": "8"},
    {"key": "LightIntensity", "readonly": False},
]


def test_tc_019_1_csms_all_configuration_keys_are_read(csms: Csms, station: Station) -> None:
    sent = csms.send(IDENTITY, "GetConfiguration", {})
    asked = station.answers("GetConfiguration", {"configurationKey": KEYS})
    assert not asked.get("key")
    assert len(sent.get()["result"]["configurationKey"]) == len(KEYS)
    known = {item["key"]: item for item in csms.api("GET", f"/stations/{IDENTITY}/configuration")["items"]}
    assert known["NumberOfConnectors"]["readonly"] is True
    assert known["LightIntensity"]["value"] is None


def test_tc_019_2_csms_one_configuration_key_is_read(csms: Csms, station: Station) -> None:
    sent = csms.send(IDENTITY, "GetConfiguration", {"key": ["SupportedFeatureProfiles"]})
    asked = station.answers("GetConfiguration", {"configurationKey": [KEYS[1]], "unknownKey": []})
    assert asked == {"key": ["SupportedFeatureProfiles"]}
    assert sent.get()["state"] == "answered"


def change(csms: Csms, station: Station, key: str, value: str, status: str) -> None:
    sent = csms.send(IDENTITY, "ChangeConfiguration", {"key": key, "value": value})
    assert station.answers("ChangeConfiguration", {"status": status}) == {"key": key, "value": value}
    assert sent.get()["result"] == {"status": status}


def test_tc_021_csms_a_configuration_key_is_changed(csms: Csms, station: Station) -> None:
    change(csms, station, "MeterValueSampleInterval", "60", "Accepted")


def test_tc_023_1_csms_an_unknown_card_is_invalid(csms: Csms, station: Station) -> None:
    assert station.authorize(INVALID)["status"] == "Invalid"


def test_tc_023_2_csms_an_expired_card_is_expired(csms: Csms, station: Station) -> None:
    assert station.authorize(EXPIRED)["status"] == "Expired"


def test_tc_023_3_csms_a_blocked_card_is_blocked(csms: Csms, station: Station) -> None:
    assert station.authorize(BLOCKED)["status"] == "Blocked"


def test_tc_024_csms_a_lock_failure_is_seen(csms: Csms, station: Station) -> None:
    station.authorized(VALID)
    station.status("Preparing")
    assert station.status("Faulted", errorCode="ConnectorLockFailure") == {}
    connectors = csms.api("GET", f"/stations/{IDENTITY}")["connectors"]
    faulted = next(each for each in connectors if each["connector_id"] == 1)
    assert (faulted["status"], faulted["error_code"]) == ("Faulted", "ConnectorLockFailure")


def test_tc_026_csms_a_remote_start_is_rejected(csms: Csms, station: Station) -> None:
    remote_start(csms, station, "Rejected")


def test_tc_028_csms_a_remote_stop_is_rejected(csms: Csms, station: Station) -> None:
    transaction_id = station.charging(VALID)
    sent = csms.send(IDENTITY, "RemoteStopTransaction", {"transactionId": 123456})
    assert station.answers("RemoteStopTransaction", {"status": "Rejected"}) == {"transactionId": 123456}
    assert sent.get()["result"] == {"status": "Rejected"}
    assert transaction(csms, transaction_id)["stopped_at"] is None


def test_tc_030_csms_an_unlock_fails(csms: Csms, station: Station) -> None:
    unlock(csms, station, "UnlockFailed")


def test_tc_031_csms_unlock_an_unknown_connector(csms: Csms, station: Station) -> None:
    unlock(csms, station, "NotSupported", connector_id=77)


def test_tc_032_1_csms_sessions_stop_after_a_power_failure(csms: Csms, station: Station) -> None:
    transaction_id = station.charging(VALID)
    station.vanish()
    station.connect()
    assert station.boot()["status"] == "Accepted"
    station.status("Finishing", 1)
    station.status("Available", 0)
    station.status("Available", 2)
    station.stop(transaction_id, 1800, reason="PowerLoss")
    ended = transaction(csms, transaction_id)
    assert (ended["stop_reason"], ended["energy_wh"]) == ("PowerLoss", 800)


def test_tc_037_1_csms_an_offline_start_with_a_valid_card(csms: Csms, station: Station) -> None:
    station.vanish()
    station.connect()
    started = ago(10)
    transaction_id = station.started(VALID, timestamp=started)
    assert transaction(csms, transaction_id)["started_at"] == started.split(".")[0] + "Z"


def test_tc_037_3_csms_an_offline_start_with_an_invalid_card(csms: Csms, station: Station) -> None:
    station.vanish()
    station.connect()
    conf = station.start(INVALID, timestamp=ago(10))
    assert conf["idTagInfo"]["status"] == "Invalid"
    assert station.status("Charging") == {}
    station.stop(conf["transactionId"], 1001, reason="DeAuthorized")
    assert station.status("Finishing") == {}
    assert transaction(csms, conf["transactionId"])["stop_reason"] == "DeAuthorized"


def test_tc_039_csms_a_whole_session_offline(csms: Csms, station: Station) -> None:
    station.vanish()
    station.connect()
    started, stopped = ago(60), ago(30)
    conf = station.start(VALID, timestamp=started)
    assert conf["idTagInfo"]["status"] == "Accepted"
    station.stop(conf["transactionId"], 4000, timestamp=stopped, reason="Local", idTag=VALID)
    session = transaction(csms, conf["transactionId"])
    assert session["started_at"] == started.split(".")[0] + "Z"
    assert session["stopped_at"] == stopped.split(".")[0] + "Z"


def test_tc_040_1_csms_an_unknown_configuration_key(csms: Csms, station: Station) -> None:
    change(csms, station, "NoSuchKey", "1", "NotSupported")


def test_tc_040_2_csms_an_invalid_configuration_value(csms: Csms, station: Station) -> None:
    change(csms, station, "MeterValueSampleInterval", "-1", "Rejected")


def test_tc_064_csms_data_of_an_unknown_vendor(csms: Csms, station: Station) -> None:
    conf = station.call("DataTransfer", {"vendorId": "com.nobody.knows", "messageId": "x", "data": "y"})
    assert conf == {"status": "UnknownVendorId"}
