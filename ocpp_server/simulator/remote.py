"""The answers of a charge point to the server's requests: the Core profile, and the sum of all profiles."""

from functools import partial
from typing import Any

from ocpp.routing import on
from ocpp.v16 import call_result
from ocpp.v16.enums import (
    Action,
    AvailabilityStatus,
    ClearCacheStatus,
    ConfigurationStatus,
    DataTransferStatus,
    RemoteStartStopStatus,
    ResetStatus,
    UnlockStatus,
)

from ocpp_server.simulator import remote_start
from ocpp_server.simulator.link import Link
from ocpp_server.simulator.remote_files import FileAnswers
from ocpp_server.simulator.remote_lists import ListAnswers
from ocpp_server.simulator.remote_profiles import ProfileAnswers
from ocpp_server.simulator.remote_trigger import TriggerAnswers


class CoreAnswers(Link):
    """OCPP 1.6 sections 5.2 to 5.14 and 5.18."""

    @on(Action.remote_start_transaction)
    def on_remote_start(
        self, id_tag: str, connector_id: int | None = None, charging_profile: dict[str, Any] | None = None
    ) -> call_result.RemoteStartTransaction:
        connector = remote_start.choose(self.station, id_tag, connector_id)
        if connector is None or not remote_start.is_usable(charging_profile):
            return call_result.RemoteStartTransaction(RemoteStartStopStatus.rejected)
        connector.busy = True
        self.afterwards(partial(remote_start.carry_out, self.station, connector, id_tag, charging_profile))
        return call_result.RemoteStartTransaction(RemoteStartStopStatus.accepted)

    @on(Action.remote_stop_transaction)
    def on_remote_stop(self, transaction_id: int) -> call_result.RemoteStopTransaction:
        for connector in self.station.connectors.values():
            running = connector.transaction
            if self.station.online and running is not None and running.transaction_id == transaction_id:
                self.afterwards(partial(self.station.stop, connector.connector_id, "Remote"))
                return call_result.RemoteStopTransaction(RemoteStartStopStatus.accepted)
        return call_result.RemoteStopTransaction(RemoteStartStopStatus.rejected)

    @on(Action.reset)
    def on_reset(self, type: str) -> call_result.Reset:
        self.afterwards(partial(self.station.restart, f"{type}Reset", graceful=type == "Soft"))
        return call_result.Reset(ResetStatus.accepted)

    @on(Action.unlock_connector)
    def on_unlock_connector(self, connector_id: int) -> call_result.UnlockConnector:
        if connector_id not in self.station.connectors or self.station.model.fixed_cable:
            return call_result.UnlockConnector(UnlockStatus.not_supported)
        self.afterwards(partial(self._unlock, connector_id))
        return call_result.UnlockConnector(UnlockStatus.unlocked)

    @on(Action.change_availability)
    def on_change_availability(self, connector_id: int, type: str) -> call_result.ChangeAvailability:
        if connector_id not in (0, *self.station.connectors):
            return call_result.ChangeAvailability(AvailabilityStatus.rejected)
        chosen = [self.station.connectors[connector_id]] if connector_id else list(self.station.connectors.values())
        if connector_id == 0:
            self.station.main_operative = type == "Operative"
        for connector in chosen:
            connector.operative = type == "Operative"
        in_use = any(connector.transaction for connector in chosen)
        self.afterwards(self._apply_availability)
        status = AvailabilityStatus.scheduled if in_use and type == "Inoperative" else AvailabilityStatus.accepted
        return call_result.ChangeAvailability(status)

    @on(Action.get_configuration)
    def on_get_configuration(self, key: list[str] | None = None) -> call_result.GetConfiguration:
        known, unknown = self.station.configuration.report(key or ())
        return call_result.GetConfiguration(configuration_key=known, unknown_key=unknown or None)

    @on(Action.change_configuration)
    def on_change_configuration(self, key: str, value: str) -> call_result.ChangeConfiguration:
        status = self.station.configuration.change(key, value)
        if status == "Accepted" and key.lower() == "authorizationkey":
            self.station.password = bytes.fromhex(value)
            self.afterwards(self._reconnect)
        return call_result.ChangeConfiguration(ConfigurationStatus(status))

    @on(Action.clear_cache)
    def on_clear_cache(self) -> call_result.ClearCache:
        self.station.cache.clear()
        return call_result.ClearCache(ClearCacheStatus.accepted)

    @on(Action.data_transfer)
    def on_data_transfer(
        self, vendor_id: str, message_id: str | None = None, data: str | None = None
    ) -> call_result.DataTransfer:
        """The station's own vendor knows `Identify` (its serial number) and messages without an id."""
        if vendor_id.lower() != self.station.model.vendor.lower():
            return call_result.DataTransfer(DataTransferStatus.unknown_vendor_id)
        if message_id not in {None, "Identify"}:
            return call_result.DataTransfer(DataTransferStatus.unknown_message_id)
        answer = self.station.serial_number if message_id else None
        return call_result.DataTransfer(DataTransferStatus.accepted, answer)

    async def _unlock(self, connector_id: int) -> None:
        connector = self.station.connectors[connector_id]
        await self.station.stop(connector_id, "UnlockCommand")
        if connector.status != "Faulted":
            connector.car = None
            await self.station.rest(connector)

    async def _apply_availability(self) -> None:
        for connector in self.station.connectors.values():
            if connector.status in {"Available", "Unavailable", "Reserved"}:
                if not connector.operative:
                    connector.reservation = None
                connector.status = connector.resting_status
        await self.station.report_changes()

    async def _reconnect(self) -> None:
        """A new password counts from the next connection on (security whitepaper A01)."""
        await self.station.drop()
        if not self.station.supervised:
            await self.station.connect()
            await self.station.report_changes()


class Remote(CoreAnswers, ListAnswers, ProfileAnswers, TriggerAnswers, FileAnswers):
    """All answers of a simulated charge point."""
