"""BootNotification and Heartbeat: who the station is, whether it may work, what time it is."""

from typing import Any

from ocpp.v16.enums import RegistrationStatus

from ocpp_server import clock
from ocpp_server.dispatch import Request, handles
from ocpp_server.models.charge_points import ACCEPTED, PENDING, REJECTED

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
    f"UPDATE charge_point SET {', '.join(f'{column} = ?' for column in _FIELDS.values())}, last_boot_at = ?"  # noqa: S608
    " WHERE id = ?"
)


@handles("BootNotification")
def boot_notification(request: Request) -> dict[str, Any]:
    """Section 4.2. A boot ends no transaction: their StopTransactions may still come (rule 29)."""
    station, payload = request.station, request.payload
    facts = [payload.get(name) for name in _FIELDS]
    request.unit.execute(_UPDATE, *facts, request.received_at, station.id)
    request.unit.publish("charge-points", f"charge-point-{station.id}")
    settings = request.settings
    return {
        "status": _STATUS[station.registration],
        "currentTime": clock.iso(clock.now()),
        "interval": settings.heartbeat_interval if station.is_accepted else settings.pending_interval,
    }


@handles("Heartbeat")
def heartbeat(request: Request) -> dict[str, Any]:
    """Section 4.6."""
    return {"currentTime": clock.iso(clock.now())}
