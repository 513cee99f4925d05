"""Charging profiles set, cleared, asked for, or sent along with a remote start (sections 5.5, 5.7, 5.11, 5.16)."""

from ocpp.v16.enums import (
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    GetCompositeScheduleStatus,
    RemoteStartStopStatus,
)

from ocpp_server.outgoing import Conclusion, concludes
from ocpp_server.services.failures import on_failure
from ocpp_server.services.smart_charging import charging_requests, composite_schedules, installed_profiles

on_failure("SetChargingProfile")(charging_requests.failed)


@concludes("SetChargingProfile")
def set_profile(conclusion: Conclusion) -> None:
    """Keep our record in step, and go on where the station refuses."""
    unit, command = conclusion.unit, conclusion.command
    if conclusion.status == ChargingProfileStatus.accepted.value:
        installed_profiles.accepted(
            unit,
            conclusion.station.id,
            command.payload["connectorId"],
            command.payload["csChargingProfiles"],
            source=command.requested_by,
            command_id=command.id,
            owner=charging_requests.owner_of(command.id),
        )
    charging_requests.answered(unit, command.id, conclusion.status)


@concludes("ClearChargingProfile")
def clear_profile(conclusion: Conclusion) -> None:
    """Unknown says that nothing there fits, which is what our record must say, too."""
    known = {status.value for status in ClearChargingProfileStatus}
    if conclusion.status in known:
        command = conclusion.command
        installed_profiles.cleared(conclusion.unit, conclusion.station.id, command.payload, by=command.requested_by)


@concludes("RemoteStartTransaction")
def remote_start(conclusion: Conclusion) -> None:
    """A profile in it is installed with the session that it starts (section 5.16.2)."""
    profile = conclusion.command.payload.get("chargingProfile")
    if profile is not None and conclusion.status == RemoteStartStopStatus.accepted.value:
        installed_profiles.accepted(
            conclusion.unit,
            conclusion.station.id,
            conclusion.command.payload.get("connectorId") or 0,
            {name: value for name, value in profile.items() if name != "transactionId"},
            source=conclusion.command.requested_by,
            command_id=conclusion.command.id,
            with_start=True,
        )


@concludes("GetCompositeSchedule")
def composite_schedule(conclusion: Conclusion) -> None:
    """A rejection carries no schedule (errata 3.51)."""
    if conclusion.status == GetCompositeScheduleStatus.accepted.value:
        command = conclusion.command
        composite_schedules.read(conclusion.unit, conclusion.station.id, command.id, command.payload, conclusion.result)
