"""BootNotification and Heartbeat: who the station is, whether it may work, what time it is."""

from typing import Any

from ocpp.v16.enums import RegistrationStatus

from ocpp_server import clock
from ocpp_server.dispatch import Request, handles
from ocpp_server.models.charge_points import ACCEPTED, PENDING, REJECTED
from ocpp_server.services.firmware import firmware_updates
from ocpp_server.services.station import notices as station_notices

_STATUS = {
    ACCEPTED: RegistrationStatus.accepted.value,
    PENDING: RegistrationStatus.pending.value,
    REJECTED: RegistrationStatus.rejected.value,
}
_FIELDS = {
    "chargePointVendor": "vendor",
    "chargePointModel": "model",
    "chargePointSerialNumber": "serial_number",
    "chargeBoxSerialNumber": "charge_box_serial_number",
    "firmwareVersion": "firmware_version",
    "iccid": "iccid",
    "imsi": "imsi",
    "meterType": "meter_type",
    "meterSerialNumber": "meter_serial_number",
}
# Not fixed parts of SQL from outside: the names stand above.
_UPDATE = (
    f"UPDATE charge_point SET {', '.join(f'{column} = ?' for column in _FIELDS.values())}, last_boot_at = ?,"  # noqa: S608
    " told_registration = registration WHERE id = ? RETURNING registration"
)
_FIRMWARE = "SELECT firmware_version FROM charge_point WHERE id = ?"


@handles("BootNotification")
def boot_notification(request: Request) -> dict[str, Any]:
    """Section 4.2. A boot ends no transaction: their StopTransactions may still come (rule 29)."""
    station, payload = request.station, request.payload
    facts = [payload.get(name) for name in _FIELDS]
    (firmware_before,) = request.unit.one(_FIRMWARE, station.id) or (None,)
    (registration,) = request.unit.execute(_UPDATE, *facts, request.received_at, station.id).fetchone()
    # The database knows best, also what another process changed.
    request.unit.after_commit(lambda: station.note_registration(registration, registration))
    request.unit.publish("charge-points", f"charge-point-{station.id}")
    firmware = payload.get("firmwareVersion")
    request.unit.after_commit(lambda: station.note_boot(request.received_at, firmware, firmware_before))
    _follow_firmware(request, firmware or "", firmware_before or "")
    settings = request.settings
    return {
        "status": _STATUS[registration],
        "currentTime": clock.iso(clock.now()),
        "interval": settings.heartbeat_interval if registration == ACCEPTED else settings.pending_interval,
    }


def _follow_firmware(request: Request, version: str, before: str) -> None:
    """Boots cost nothing more where the firmware is the same and no update is under way."""
    unit, station = request.unit, request.station
    if version and version != before:
        station_notices.note(unit, station.id, station_notices.VERSION, version, request.received_at)
    if station.has_update is not False:
        has_update = firmware_updates.booted(unit, station.id, version, request.received_at)
        unit.after_commit(lambda: setattr(station, "has_update", has_update))


@handles("Heartbeat")
def heartbeat(request: Request) -> dict[str, Any]:
    """Section 4.6."""
    return {"currentTime": clock.iso(clock.now())}
