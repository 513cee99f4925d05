"""The answers of a station to every request of the server, and what it does then."""

import asyncio

from ocpp.v16 import call

from tests.simulator.central_system import CentralSystem
from tests.simulator.play import on_asyncio
from tests.simulator.stations import TAG, booted, in_seconds


@on_asyncio
async def test_a_remote_start_authorizes_plugs_in_and_charges(central: CentralSystem) -> None:
    async with booted(central):
        assert await central.ask_status(call.RemoteStartTransaction(TAG, 1)) == "Accepted"
        await central.until(lambda: "Charging" in central.statuses())
        assert central.actions() == [
            "Authorize",
            "StatusNotification",
            "StartTransaction",
            "StatusNotification",
        ]
        assert await central.ask_status(call.RemoteStartTransaction(TAG, 1)) == "Rejected"
        assert await central.ask_status(call.RemoteStartTransaction(TAG, 9)) == "Rejected"
        assert await central.ask_status(call.RemoteStartTransaction(TAG)) == "Accepted"
        await central.until(lambda: "Charging" in central.statuses(2))


@on_asyncio
async def test_a_remote_start_times_out_if_nobody_plugs_in(central: CentralSystem) -> None:
    async with booted(central, plugs_in=False, speed=600):
        await central.configure("ConnectionTimeOut", "30")
        await central.ask(call.RemoteStartTransaction(TAG, 1))
        await central.until(lambda: central.statuses() == ["Preparing", "Available"])
        assert central.payloads("StartTransaction") == []


@on_asyncio
async def test_a_remote_start_with_a_refused_card_starts_nothing(central: CentralSystem) -> None:
    central.refused_tags.add(TAG)
    async with booted(central) as station:
        await central.ask(call.RemoteStartTransaction(TAG, 1))
        await central.until(lambda: central.payloads("Authorize"))
        await station.heartbeat()
        assert central.payloads("StartTransaction") == []
        assert not station.connectors[1].busy


@on_asyncio
async def test_a_remote_stop_ends_the_transaction(central: CentralSystem) -> None:
    async with booted(central) as station:
        transaction = await station.start(1, TAG)
        assert await central.ask_status(call.RemoteStopTransaction(7)) == "Rejected"
        assert await central.ask_status(call.RemoteStopTransaction(transaction.transaction_id or 0)) == "Accepted"
        await central.until(lambda: "Finishing" in central.statuses())
        assert central.payloads("StopTransaction")[0]["reason"] == "Remote"


@on_asyncio
async def test_a_soft_reset_stops_before_and_boots_after(central: CentralSystem) -> None:
    async with booted(central, speed=600) as station:
        await station.start(1, TAG)
        central.clear()
        assert await central.ask_status(call.Reset("Soft")) == "Accepted"
        await central.until(lambda: len(central.payloads("StatusNotification")) >= 4)
        assert central.actions("StopTransaction", "BootNotification") == ["StopTransaction", "BootNotification"]
        assert central.payloads("StopTransaction")[0]["reason"] == "SoftReset"
        assert central.connections == 2


@on_asyncio
async def test_after_a_hard_reset_the_stop_follows_the_boot(central: CentralSystem) -> None:
    async with booted(central, speed=600) as station:
        await station.start(1, TAG)
        central.clear()
        assert await central.ask_status(call.Reset("Hard")) == "Accepted"
        await central.until(lambda: central.payloads("StopTransaction"))
        assert central.actions("StopTransaction", "BootNotification") == ["BootNotification", "StopTransaction"]
        assert central.payloads("StopTransaction")[0]["reason"] == "HardReset"


@on_asyncio
async def test_unlocking_ends_the_transaction_and_frees_the_connector(central: CentralSystem) -> None:
    async with booted(central) as station:
        await station.start(1, TAG)
        assert await central.ask_status(call.UnlockConnector(1)) == "Unlocked"
        await central.until(lambda: central.statuses()[-1] == "Available")
        assert central.payloads("StopTransaction")[0]["reason"] == "UnlockCommand"
        assert await central.ask_status(call.UnlockConnector(9)) == "NotSupported"


@on_asyncio
async def test_availability_changes_at_once_or_after_the_transaction(central: CentralSystem) -> None:
    async with booted(central) as station:
        await station.start(1, TAG)
        assert await central.ask_status(call.ChangeAvailability(0, "Inoperative")) == "Scheduled"
        await central.until(lambda: central.statuses(2) == ["Unavailable"] and central.statuses(0) == ["Unavailable"])
        await station.stop(1)
        await station.unplug(1)
        assert central.statuses()[-1] == "Unavailable"
        assert await central.ask_status(call.ChangeAvailability(1, "Operative")) == "Accepted"
        await central.until(lambda: central.statuses()[-1] == "Available")
        assert await central.ask_status(call.ChangeAvailability(9, "Operative")) == "Rejected"


@on_asyncio
async def test_configuration_cache_and_data_transfer_are_answered(central: CentralSystem) -> None:
    async with booted(central) as station:
        everything = await central.ask(call.GetConfiguration())
        assert len(everything.configuration_key) > 40
        named = await central.ask(call.GetConfiguration(key=["Colour", "HeartbeatInterval"]))
        assert named.unknown_key == ["Colour"]
        assert await central.configure("Colour", "red") == "NotSupported"
        station.cache["x"] = {"status": "Accepted"}
        assert await central.ask_status(call.ClearCache()) == "Accepted"
        assert station.cache == {}
        assert await central.ask_status(call.DataTransfer("Nobody")) == "UnknownVendorId"
        assert await central.ask_status(call.DataTransfer("Voltara", "Dance")) == "UnknownMessageId"
        assert (await central.ask(call.DataTransfer("Voltara", "Identify"))).data == station.serial_number


@on_asyncio
async def test_a_new_password_is_used_from_the_next_connection_on(central: CentralSystem) -> None:
    async with booted(central):
        assert await central.configure("AuthorizationKey", b"0123456789abcdef".hex()) == "Accepted"
        await central.until(lambda: central.connections == 2)
        assert central.headers["Authorization"] == "Basic Q1AtMTowMTIzNDU2Nzg5YWJjZGVm"


@on_asyncio
async def test_the_local_list_is_kept_and_used(central: CentralSystem) -> None:
    async with booted(central) as station:
        entries = [{"idTag": TAG, "idTagInfo": {"status": "Accepted"}}]
        assert await central.ask_status(call.SendLocalList(4, "Full", entries)) == "Accepted"
        assert (await central.ask(call.GetLocalListVersion())).list_version == 4
        await central.configure("LocalPreAuthorize", "true")
        assert await station.authorize(TAG.lower()) == "Accepted"
        assert central.payloads("Authorize") == []
        await central.configure("LocalAuthListEnabled", "false")
        assert (await central.ask(call.GetLocalListVersion())).list_version == -1
        assert await central.ask_status(call.SendLocalList(5, "Full", entries)) == "NotSupported"


@on_asyncio
async def test_a_reservation_holds_the_connector_for_its_card(central: CentralSystem) -> None:
    async with booted(central) as station:
        assert await central.ask_status(call.ReserveNow(1, in_seconds(600), TAG, 5)) == "Accepted"
        await central.until(lambda: central.statuses() == ["Reserved"])
        assert await central.ask_status(call.RemoteStartTransaction("OTHER", 1)) == "Rejected"
        assert await central.ask_status(call.ReserveNow(1, in_seconds(600), TAG, 6)) == "Occupied"
        await station.start(1, TAG)
        assert central.payloads("StartTransaction")[0]["reservationId"] == 5
        assert await central.ask_status(call.CancelReservation(5)) == "Rejected"


@on_asyncio
async def test_a_reservation_ends_by_cancelling_or_by_itself(central: CentralSystem) -> None:
    async with booted(central):
        await central.ask(call.ReserveNow(1, in_seconds(600), TAG, 5))
        await central.until(lambda: central.statuses() == ["Reserved"])
        assert await central.ask_status(call.CancelReservation(5)) == "Accepted"
        await central.until(lambda: central.statuses() == ["Reserved", "Available"])
        await central.ask(call.ReserveNow(0, in_seconds(0.3), TAG, 6))
        await central.until(lambda: central.statuses()[2:] == ["Reserved", "Available"])


@on_asyncio
async def test_every_message_can_be_triggered(central: CentralSystem) -> None:
    async with booted(central):
        for message in ("Heartbeat", "MeterValues", "FirmwareStatusNotification", "DiagnosticsStatusNotification"):
            assert await central.ask_status(call.TriggerMessage(message)) == "Accepted"
            await central.until(lambda wanted=message: central.payloads(wanted))
        assert await central.ask_status(call.TriggerMessage("StatusNotification", 2)) == "Accepted"
        await central.until(lambda: central.statuses(2) == ["Available"])
        assert await central.ask_status(call.TriggerMessage("BootNotification")) == "Accepted"
        await central.until(lambda: central.payloads("BootNotification"))
        assert await central.ask_status(call.TriggerMessage("MeterValues", 9)) == "Rejected"


@on_asyncio
async def test_nonsense_is_answered_with_the_error_codes_of_ocpp_1_6(central: CentralSystem) -> None:
    async with booted(central):
        codes = {
            '[2,"1","Dance",{}]': "NotImplemented",
            '[2,"1","GetLog",{"logType":"SecurityLog","requestId":1,"log":{"remoteLocation":"x"}}]': "NotSupported",
            '[2,"1","Reset",{"type":"Hard","now":true}]': "FormationViolation",
            '[2,"1","Reset",{"type":"Medium"}]': "PropertyConstraintViolation",
        }
        for text, code in codes.items():
            assert await raw(central, text) == code
        await raw_only(central, "[2,")
        assert await central.ask_status(call.ClearCache()) == "Accepted"


async def raw_only(central: CentralSystem, text: str) -> None:
    assert central.connection is not None
    await central.connection._connection.send(text)


async def raw(central: CentralSystem, text: str) -> str:
    """The error code that the station answers to this text."""
    await raw_only(central, text)
    assert central.connection is not None
    async with asyncio.timeout(5):
        answer = await central.connection._response_queue.get()
    return str(answer.error_code)
