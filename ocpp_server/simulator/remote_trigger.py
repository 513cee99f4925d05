"""Answers of the RemoteTrigger profile (OCPP 1.6 section 5.17): the message follows the answer."""

from functools import partial

from ocpp.routing import on
from ocpp.v16 import call, call_result
from ocpp.v16.enums import Action, TriggerMessageStatus

from ocpp_server.simulator.link import Link


class TriggerAnswers(Link):
    """Start- and StopTransaction cannot be triggered."""

    @on(Action.trigger_message)
    def on_trigger_message(self, requested_message: str, connector_id: int | None = None) -> call_result.TriggerMessage:
        if connector_id is not None and connector_id not in (0, *self.station.connectors):
            return call_result.TriggerMessage(TriggerMessageStatus.rejected)
        self.afterwards(partial(self._send_triggered, requested_message, connector_id))
        return call_result.TriggerMessage(TriggerMessageStatus.accepted)

    async def _send_triggered(self, requested_message: str, connector_id: int | None) -> None:
        station = self.station
        match requested_message:
            case "BootNotification":
                await station.boot()
            case "Heartbeat":
                await station.heartbeat()
            case "StatusNotification":
                for chosen in (0, *station.connectors) if connector_id is None else (connector_id,):
                    await station.notify(chosen)
            case "MeterValues":
                for chosen in (connector_id,) if connector_id else station.connectors:
                    await station.meter(chosen, context="Trigger")
            case "FirmwareStatusNotification":
                await station.request(call.FirmwareStatusNotification(station.firmware_status))
            case "DiagnosticsStatusNotification":
                await station.request(call.DiagnosticsStatusNotification(station.diagnostics_status))
