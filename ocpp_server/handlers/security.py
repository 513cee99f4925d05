"""What stations report of their security: always answered (whitepaper 5.15 and L01, N01), kept in the message log."""

from typing import Any

from ocpp_server.dispatch import Request, handles


@handles("SecurityEventNotification")
def security_event_notification(request: Request) -> dict[str, Any]:
    """Any type of event, also one that the whitepaper does not list."""
    return {}


@handles("LogStatusNotification")
def log_status_notification(request: Request) -> dict[str, Any]:
    """Also without a request of ours, or without its id."""
    return {}


@handles("SignedFirmwareStatusNotification")
def signed_firmware_status_notification(request: Request) -> dict[str, Any]:
    """Also without a request of ours, or without its id."""
    return {}
