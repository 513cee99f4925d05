"""StatusNotification: how a connector, or with 0 the station, is."""

from typing import Any

from ocpp.v16.enums import ChargePointErrorCode

from ocpp_server import frames, stations
from ocpp_server.dispatch import Request, handles
from ocpp_server.frames import CallRefused
from ocpp_server.services.local_list import local_lists
from ocpp_server.services.reservation import reservation_ends
from ocpp_server.services.site import site_sharing
from ocpp_server.services.station import connectors


@handles("StatusNotification")
def status_notification(request: Request) -> dict[str, Any]:
    """Section 4.9."""
    if request.payload["connectorId"] < 0:
        raise CallRefused(frames.PROPERTY_CONSTRAINT_VIOLATION, "connectorId: connectors are numbered from 0.")
    unit, station, received_at = request.unit, request.station, request.received_at
    if connectors.report(unit, station, request.payload, received_at, request.notes):
        site_sharing.note_status(unit, station.id, request.payload, received_at)
        if stations.may_hold_reservations(station.id):
            reservation_ends.by_status(unit, station.id, request.payload)
    if request.payload["errorCode"] == ChargePointErrorCode.local_list_conflict.value:
        local_lists.conflict(unit, station.id)
    return {}
