"""The schemas, and what a violation is called."""

import pytest

from ocpp_server import frames, schemas

START = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2026-11-22T12:00:00Z"}


def code(action, payload):
    return schemas.refusal(list(schemas.violations(action, payload))).code


def test_every_action_of_16_and_its_security_extension_is_known():
    assert {"BootNotification", "SetChargingProfile", "SignedUpdateFirmware"} <= schemas.actions()
    assert "BootNotificationResponse" not in schemas.actions()
    assert len(schemas.actions()) == 39


@pytest.mark.parametrize("action", sorted(schemas.actions()))
def test_every_schema_compiles(action):
    schemas.request_is_valid(action, {})
    schemas.response_is_valid(action, {})


@pytest.mark.parametrize(
    ("action", "payload", "expected"),
    [
        ("Authorize", {}, frames.PROTOCOL_ERROR),
        ("Authorize", {"idTag": 12}, frames.TYPE_CONSTRAINT_VIOLATION),
        ("Authorize", {"idTag": None}, frames.TYPE_CONSTRAINT_VIOLATION),
        ("Authorize", {"idTag": "x" * 21}, frames.PROPERTY_CONSTRAINT_VIOLATION),
        ("Authorize", {"idTag": "x", "more": 1}, frames.FORMATION_VIOLATION),
        ("Authorize", [], frames.FORMATION_VIOLATION),
        ("Authorize", "x", frames.FORMATION_VIOLATION),
        ("MeterValues", {"connectorId": 1, "meterValue": []}, frames.OCCURENCE_CONSTRAINT_VIOLATION),
        ("StartTransaction", {**START, "timestamp": "noon"}, frames.PROPERTY_CONSTRAINT_VIOLATION),
        ("StartTransaction", {"more": 1, "idTag": 1}, frames.PROTOCOL_ERROR),
    ],
)
def test_a_violation_has_the_code_of_the_standard(action, payload, expected):
    assert code(action, payload) == expected


def test_a_violation_names_its_field():
    (violation,) = schemas.violations("Authorize", {"idTag": 12})
    assert schemas.describe(violation) == 'idTag: 12 is not of type "string"'


def test_limits_with_one_decimal_are_exact():
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}]},
    }
    assert schemas.request_is_valid("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile})


@pytest.mark.parametrize("number", [2**31, 2**63, 2**64, 10**30, -(10**30)])
def test_numbers_beyond_64_bit_are_whole_numbers(number):
    assert schemas.request_is_valid("StartTransaction", {**START, "meterStart": number})


@pytest.mark.parametrize("spelling", ["Celsius", "Celcius"])
def test_both_spellings_of_celsius_are_accepted(spelling):
    samples = [{"value": "1", "unit": spelling}]
    values = [{"timestamp": "2026-11-22T12:00:00Z", "sampledValue": samples}]
    assert schemas.request_is_valid("MeterValues", {"connectorId": 1, "meterValue": values})
    stop = {"transactionId": 1, "meterStop": 1, "timestamp": "2026-11-22T12:00:00Z", "transactionData": values}
    assert schemas.request_is_valid("StopTransaction", stop)
