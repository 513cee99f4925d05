"""Every incoming action through `dispatch.answer`, in every registration state, with every code."""

import json

import pytest

from ocpp_server import clock, dispatch, frames, schemas, stations, triggers
from ocpp_server.models import ChargePoint, Command
from ocpp_server.services.station import charge_points
from tests.ocpp_server.conftest import NOON

AT = "2026-11-22T12:00:00Z"
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
START = {"connectorId": 1, "idTag": "GOOD", "meterStart": 0, "timestamp": AT}
VALUES = {"connectorId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "1"}]}]}
STOP = {"transactionId": 1, "meterStop": 1, "timestamp": AT}
#: One correct payload of each action that stations may call.
CALLS = {
    "Authorize": {"idTag": "GOOD"},
    "BootNotification": BOOT,
    "DataTransfer": {"vendorId": "com.example", "data": "x"},
    "DiagnosticsStatusNotification": {"status": "Uploaded"},
    "FirmwareStatusNotification": {"status": "Installed"},
    "Heartbeat": {},
    "LogStatusNotification": {"status": "Idle"},
    "MeterValues": VALUES,
    "SecurityEventNotification": {"type": "SomethingOfTheMakers", "timestamp": AT},
    "SignedFirmwareStatusNotification": {"status": "InvalidSignature"},
    "StartTransaction": START,
    "StatusNotification": STATUS,
    "StopTransaction": STOP,
}


@pytest.mark.parametrize("action", sorted(CALLS))
def test_an_accepted_station_is_answered_by_the_schema(speaker, action):
    assert schemas.response_is_valid(action, speaker.ask(action, CALLS[action]))


def test_the_time_is_told_in_utc(speaker):
    assert speaker.ask("Heartbeat") == {"currentTime": "2026-11-22T12:00:00Z"}


@pytest.mark.parametrize("state", ["accepted", "pending", "rejected"])
def test_a_boot_is_answered_with_time_interval_and_status_in_every_state(another, state):
    answer = another("CP-2", registration=state).ask("BootNotification", BOOT)
    assert answer == {"status": state.title(), "currentTime": "2026-11-22T12:00:00Z", "interval": 60}


@pytest.mark.parametrize("state", ["pending", "rejected"])
@pytest.mark.parametrize("action", sorted(set(CALLS) - {"BootNotification"}))
def test_a_station_that_is_not_accepted_may_only_boot(another, state, action):
    speaker = another("CP-2", registration=state)
    assert speaker.refused(action, CALLS[action]) == frames.SECURITY_ERROR
    assert speaker.row("SELECT count(*) FROM charging_transaction") == (0,)


def promised(speaker, action):
    """The station has accepted a TriggerMessage."""
    payload = {"requestedMessage": action}
    command = speaker.store.write(
        lambda unit: Command.create(
            charge_point=speaker.station.id, action="TriggerMessage", payload="{}", requested_at=NOON
        )
    )
    triggers.expect(speaker.station, command.id, payload, clock.to_ms(NOON))


def test_a_pending_station_may_send_what_it_was_asked_for_once(another):
    speaker = another("CP-2", registration="pending")
    promised(speaker, "StatusNotification")
    assert speaker.ask("StatusNotification", STATUS) == {}
    assert speaker.refused("StatusNotification", STATUS) == frames.SECURITY_ERROR


def test_a_rejected_station_may_not_send_even_what_it_was_asked_for(another):
    speaker = another("CP-2", registration="rejected")
    promised(speaker, "StatusNotification")
    assert speaker.refused("StatusNotification", STATUS) == frames.SECURITY_ERROR


def test_a_change_of_registration_counts_from_the_next_message(speaker, store):
    store.write(lambda unit: charge_points.update(unit, speaker.station.id, registration="rejected"))
    assert speaker.refused("Heartbeat") == frames.SECURITY_ERROR
    store.write(lambda unit: charge_points.update(unit, speaker.station.id, registration="accepted"))
    assert speaker.ask("Heartbeat")


@pytest.mark.parametrize("state", ["pending", "rejected"])
def test_a_station_goes_on_with_its_sessions_as_it_was_told_until_its_next_boot(speaker, store, state):
    """It was told Accepted: what it reports of a session must not be lost because somebody decides otherwise."""
    speaker.ask("BootNotification", BOOT)
    transaction_id = speaker.ask("StartTransaction", START)["transactionId"]
    store.write(lambda unit: charge_points.update(unit, speaker.station.id, registration=state))
    assert speaker.refused("Authorize", CALLS["Authorize"]) == frames.SECURITY_ERROR
    assert speaker.ask("MeterValues", VALUES) == {}
    stations.clear()
    with store.reading():
        speaker.station = stations.of(ChargePoint.get_by_id(speaker.station.id))
    assert speaker.ask("StopTransaction", {**STOP, "transactionId": transaction_id}) == {}
    assert speaker.session(transaction_id)["meter_stop"] == 1
    speaker.ask("BootNotification", BOOT)
    assert speaker.refused("StartTransaction", START) == frames.SECURITY_ERROR


def test_a_boot_takes_over_what_another_process_changed(another, store):
    speaker = another("CP-2", registration="pending")
    store.write(lambda unit: unit.execute("UPDATE charge_point SET registration = 'accepted'"))
    assert speaker.ask("BootNotification", BOOT)["status"] == "Accepted"
    assert speaker.ask("Heartbeat")


def test_a_boot_is_written_down_and_forgets_what_is_no_longer_reported(speaker, store):
    speaker.ask("BootNotification", {**BOOT, "iccid": "89", "firmwareVersion": "1.0", "chargePointSerialNumber": "S"})
    speaker.ask("BootNotification", {**BOOT, "firmwareVersion": "ü" * 60})
    with store.reading():
        station = ChargePoint.get_by_id(speaker.station.id)
    facts = (station.vendor, station.model, station.firmware_version, station.iccid, station.serial_number)
    assert facts == ("V", "M", "ü" * 60, None, None)
    assert station.last_boot_at == NOON


def test_a_boot_ends_no_transaction(speaker):
    transaction_id = speaker.ask("StartTransaction", START)["transactionId"]
    speaker.ask("BootNotification", BOOT)
    assert speaker.session(transaction_id)["stopped_at"] is None


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Foo", {}, frames.NOT_IMPLEMENTED),
        ("heartbeat", {}, frames.NOT_IMPLEMENTED),
        ("BootNotificationResponse", {}, frames.NOT_IMPLEMENTED),
        ("../Heartbeat", {}, frames.NOT_IMPLEMENTED),
        ("", {}, frames.NOT_IMPLEMENTED),
        ("X" * 5000, {}, frames.NOT_IMPLEMENTED),
        ("Reset", {"type": "Soft"}, frames.NOT_SUPPORTED),
        ("GetConfiguration", {}, frames.NOT_SUPPORTED),
        ("Authorize", {}, frames.PROTOCOL_ERROR),
        ("Authorize", {"idTag": 12}, frames.TYPE_CONSTRAINT_VIOLATION),
        ("Authorize", {"idTag": "x" * 21}, frames.PROPERTY_CONSTRAINT_VIOLATION),
        ("Authorize", {"idTag": "x", "more": "x"}, frames.FORMATION_VIOLATION),
        ("StatusNotification", {**STATUS, "status": "Occupied"}, frames.PROPERTY_CONSTRAINT_VIOLATION),
        ("StatusNotification", {**STATUS, "connectorId": -1}, frames.PROPERTY_CONSTRAINT_VIOLATION),
        ("StartTransaction", {**START, "meterStart": "10"}, frames.TYPE_CONSTRAINT_VIOLATION),
        ("Heartbeat", [], frames.FORMATION_VIOLATION),
        ("DataTransfer", {"vendorId": "v", "data": {"x": 1}}, frames.TYPE_CONSTRAINT_VIOLATION),
    ],
)
def test_a_refusal_has_the_code_of_the_standard(speaker, action, payload, code):
    assert speaker.refused(action, payload) == code


def test_a_payload_of_null_is_an_empty_one(speaker):
    assert speaker.send('[2,"a","Heartbeat",null]')[0] == 3


@pytest.mark.parametrize("message_id", ["a", "x" * 36, "x" * 40, 7, "Ü"])
def test_the_id_is_echoed_in_results_and_errors(speaker, message_id):
    assert speaker.send(json.dumps([2, message_id, "Heartbeat", {}]))[1] == message_id
    assert speaker.send(json.dumps([2, message_id, "Foo", {}]))[1] == message_id


def test_both_frames_of_an_exchange_are_logged(speaker):
    speaker.send('[2, "a", "Heartbeat", {}]')
    frames_ = speaker.rows("SELECT outgoing, message_type, message_id, action, text, outcome FROM frame ORDER BY id")
    assert [tuple(row) for row in frames_] == [
        (False, 2, "a", "Heartbeat", '[2, "a", "Heartbeat", {}]', ""),
        (True, 3, "a", "Heartbeat", '[3,"a",{"currentTime":"2026-11-22T12:00:00Z"}]', ""),
    ]


def test_a_refusal_and_what_was_tolerated_are_logged(speaker):
    speaker.call("Foo")
    speaker.call("StatusNotification", {**STATUS, "errorCode": "Error"})
    rows = speaker.rows("SELECT message_type, outcome, note FROM frame ORDER BY id")
    assert [row[:2] for row in rows] == [(2, "NotImplemented"), (4, "NotImplemented"), (2, ""), (3, "")]
    assert "errorCode" in rows[2][2]


def test_a_message_that_insists_is_believed_the_second_time(speaker):
    payload = {**START, "meterStart": "10"}
    assert speaker.refused("StartTransaction", payload) == frames.TYPE_CONSTRAINT_VIOLATION
    transaction_id = speaker.ask("StartTransaction", payload)["transactionId"]
    assert speaker.session(transaction_id)["meter_start"] == 10


def test_a_piece_that_runs_twice_does_not_insist(speaker, store, settings):
    """The unit of work is repeated when a neighbour in its batch fails; it must come to the same answer."""
    call = frames.Call("a", "StartTransaction", {**START, "meterStart": "10"})
    promised(speaker, "Heartbeat")
    pending = stations.Station(speaker.station.id, "CP-1", "pending", triggered=speaker.station.triggered)
    speaker.station.triggered = []
    runs = []

    def fail(unit):
        raise RuntimeError("a neighbour")

    def answer(station, call):
        def work(unit):
            runs.append(call.action)
            return dispatch.answer(unit, station, settings, call)

        return work

    works = [answer(speaker.station, call), answer(pending, frames.Call("b", "Heartbeat", {})), fail]
    first, second, failed = (job.done for job in [store._enqueue(work) for work in works])
    assert [json.loads(done.get(timeout=5))[0] for done in (first, second)] == [4, 3]
    assert isinstance(failed.exception, RuntimeError)
    assert len(runs) == 4
    assert pending.triggered == []


def test_numbers_that_no_database_stores_are_stored_as_the_nearest(speaker):
    huge = 10**30
    start = {**START, "connectorId": huge, "meterStart": -huge, "reservationId": huge}
    transaction_id = speaker.ask("StartTransaction", start)["transactionId"]
    session = speaker.session(transaction_id)
    assert (session["connector_id"], session["meter_start"], session["reservation_id"]) == (2**53, -(2**53), 2**53)
    speaker.ask("MeterValues", {**VALUES, "connectorId": -huge, "transactionId": huge})
    speaker.ask("StopTransaction", {**STOP, "transactionId": huge, "meterStop": huge})
    speaker.ask("StopTransaction", {**STOP, "transactionId": transaction_id, "meterStop": huge})
    assert speaker.session(transaction_id)["meter_stop"] == 2**53
    speaker.ask("StatusNotification", {**STATUS, "connectorId": huge})


def test_texts_that_no_database_stores_are_stored_without_what_it_cannot(speaker):
    odd = r"\u0000\ud800" + "ß" * 300
    speaker.send(
        f'[2,"a{odd[:6]}","StartTransaction",{{"connectorId":1,"idTag":"{odd}","meterStart":0,"timestamp":"{odd}"}}]'
    )
    speaker.send(
        f'[2,"a","StatusNotification",{{"connectorId":1,"status":"Faulted","errorCode":"{odd}","info":"{odd}"}}]'
    )
    speaker.send(f'[2,"a","BootNotification",{{"chargePointVendor":"{odd}","chargePointModel":"{odd}"}}]')
    speaker.send(f'[2,"a","{odd}",{{}}]')
    speaker.send(f'[2,"a","StopTransaction",{{"transactionId":9,"meterStop":0,"timestamp":"x","reason":"{odd}"}}]')
    assert speaker.row("SELECT count(*) FROM charging_transaction") == (1,)
    assert speaker.row("SELECT count(*) FROM orphan_message") == (1,)


def test_a_handler_that_fails_stores_nothing_and_its_call_is_answered_with_an_internal_error(speaker, store, settings):
    call = frames.parse('[2,"a","StartTransaction",{}]')

    def failing(unit):
        dispatch.answer(unit, speaker.station, settings, frames.parse(json.dumps([2, "a", "StartTransaction", START])))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(failing)
    reply = json.loads(store.write(lambda unit: dispatch.internal_error(unit, speaker.station, call)))
    assert (reply[0], reply[1], reply[2]) == (4, "a", "InternalError")
    assert speaker.row("SELECT count(*) FROM charging_transaction") == (0,)
    assert [row[0] for row in speaker.rows("SELECT outcome FROM frame")] == ["InternalError"] * 2


@pytest.mark.parametrize("text", ['[2,"a"]', '[2,"a","Heartbeat",{', "\0", '[2,"a\0b",{}', "{}"])
def test_what_cannot_be_read_is_logged_and_answered_where_it_can_be(speaker, store, text):
    with pytest.raises(frames.UnreadableFrame) as fault:
        frames.parse(text)
    reply = store.write(lambda unit: dispatch.unreadable(unit, speaker.station, text, fault.value))
    assert (reply is None) == (fault.value.message_id is None)
    assert speaker.row("SELECT count(*) FROM frame") == ((1,) if reply is None else (2,))
    if reply is not None:
        assert json.loads(reply)[:3] == [4, "a", "FormationViolation"]


def test_an_answer_of_ours_that_breaks_the_schema_is_not_sent(speaker, monkeypatch):
    monkeypatch.setitem(dispatch._handlers, "Heartbeat", lambda request: {"currentTime": 1})
    with pytest.raises(ValueError, match="breaks the schema"):
        speaker.call("Heartbeat")


def test_a_vendor_is_answered_without_data(speaker):
    assert speaker.ask("DataTransfer", {"vendorId": "com.example"}) == {"status": "UnknownVendorId"}


@pytest.mark.parametrize("status", ["Idle", "Downloading", "Downloaded", "DownloadFailed", "Installing", "Installed"])
def test_firmware_is_reported_without_a_job(speaker, status):
    assert speaker.ask("FirmwareStatusNotification", {"status": status}) == {}


@pytest.mark.parametrize("status", ["Idle", "Uploaded", "UploadFailed", "Uploading"])
def test_diagnostics_are_reported_without_a_job(speaker, status):
    assert speaker.ask("DiagnosticsStatusNotification", {"status": status}) == {}
