"""Charging profiles set, cleared, asked for, or sent along with a remote start (sections 5.5, 5.7, 5.11, 5.16)."""

from ocpp.v16.enums import (
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    GetCompositeScheduleStatus,
    RemoteStartStopStatus,
)

from ocpp_server.charging.profile import TX
from ocpp_server.outgoing import Conclusion, concludes, concludes_late
from ocpp_server.services.failures import Failure, on_failure
from ocpp_server.services.site import site_sharing
from ocpp_server.services.smart_charging import (
    charging_requests,
    composite_schedules,
    installed_profiles,
    unanswered_profiles,
)


@on_failure("SetChargingProfile", "ClearChargingProfile")
def failed(failure: Failure) -> None:
    """What was sent may have been done though no answer came."""
    if failure.payload is not None:
        site_sharing.note_profiles(failure.unit, failure.charge_point_id, is_silent=True)
    charging_requests.failed(failure)


@concludes("SetChargingProfile")
def set_profile(conclusion: Conclusion) -> None:
    """Keep our record in step, and go on where the station refuses."""
    if conclusion.status == ChargingProfileStatus.accepted.value:
        _take(conclusion)
    charging_requests.answered(conclusion.unit, conclusion.command.id, conclusion.status)


@concludes_late("SetChargingProfile")
def set_profile_late(conclusion: Conclusion) -> None:
    """The station holds it all the same, unless a later request has overtaken it."""
    command = conclusion.command
    connector_id, profile = command.payload["connectorId"], command.payload["csChargingProfiles"]
    if conclusion.status == ChargingProfileStatus.accepted.value and not unanswered_profiles.is_overtaken(
        conclusion.station.id, command.id, connector_id, profile
    ):
        _take(conclusion)
    site_sharing.note_profiles(conclusion.unit, conclusion.station.id)
    charging_requests.answered_late(conclusion.unit, command.id, conclusion.status)


def _take(conclusion: Conclusion) -> None:
    command = conclusion.command
    wished = charging_requests.wished_by(command.id)
    # The default of a site may take the place of another one.
    if wished is None or command.payload["csChargingProfiles"]["chargingProfilePurpose"] != TX:
        site_sharing.note_profiles(conclusion.unit, conclusion.station.id)
    installed_profiles.accepted(
        conclusion.unit,
        conclusion.station.id,
        command.payload["connectorId"],
        command.payload["csChargingProfiles"],
        source=command.requested_by,
        command_id=command.id,
        wished=wished,
    )


@concludes("ClearChargingProfile")
@concludes_late("ClearChargingProfile")
def clear_profile(conclusion: Conclusion) -> None:
    """Unknown says that nothing there fits, which is what our record must say, too; but for what came later."""
    known = {status.value for status in ClearChargingProfileStatus}
    if conclusion.status in known:
        command, station = conclusion.command, conclusion.station
        installed_profiles.cleared(conclusion.unit, station.id, command.payload, before=command.id)
        site_sharing.note_profiles(conclusion.unit, station.id)


@concludes("RemoteStartTransaction")
@concludes_late("RemoteStartTransaction")
def remote_start(conclusion: Conclusion) -> None:
    """A profile in it is installed with the session that it starts (section 5.16.2)."""
    command = conclusion.command
    profile = command.payload.get("chargingProfile")
    if profile is None or conclusion.status != RemoteStartStopStatus.accepted.value:
        return
    site_sharing.note_profiles(conclusion.unit, conclusion.station.id)
    installed_profiles.accepted(
        conclusion.unit,
        conclusion.station.id,
        command.payload.get("connectorId") or 0,
        {name: value for name, value in profile.items() if name != "transactionId"},
        source=command.requested_by,
        command_id=command.id,
        with_start=True,
    )


@concludes("GetCompositeSchedule")
def composite_schedule(conclusion: Conclusion) -> None:
    """A rejection carries no schedule (errata 3.51)."""
    if conclusion.status == GetCompositeScheduleStatus.accepted.value:
        command = conclusion.command
        composite_schedules.read(conclusion.unit, conclusion.station.id, command.id, command.payload, conclusion.result)
