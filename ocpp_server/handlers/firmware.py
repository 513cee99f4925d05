"""FirmwareStatusNotification and DiagnosticsStatusNotification: always answered, also without a job (rule 94)."""

from typing import Any

from ocpp_server.dispatch import Request, handles
from ocpp_server.services.diagnostics import diagnostics
from ocpp_server.services.firmware import firmware_updates


@handles("FirmwareStatusNotification")
def firmware_status_notification(request: Request) -> dict[str, Any]:
    """Section 4.5."""
    firmware_updates.heard(request.unit, request.station.id, request.payload["status"], request.received_at)
    return {}


@handles("DiagnosticsStatusNotification")
def diagnostics_status_notification(request: Request) -> dict[str, Any]:
    """Section 4.4."""
    diagnostics.heard(request.unit, request.station.id, request.payload["status"], request.received_at)
    return {}
