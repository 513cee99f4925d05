"""FirmwareStatusNotification and DiagnosticsStatusNotification: always answered, also without a job (rule 94)."""

from typing import Any

from ocpp_server.dispatch import Request, handles


@handles("FirmwareStatusNotification")
def firmware_status_notification(request: Request) -> dict[str, Any]:
    """Section 4.5."""
    return {}


@handles("DiagnosticsStatusNotification")
def diagnostics_status_notification(request: Request) -> dict[str, Any]:
    """Section 4.4."""
    return {}
