"""The status of connectors (section 4.9)."""

from typing import Any

from ocpp.v16.enums import ChargePointStatus

from ocpp_server import timestamps
from ocpp_server.store import Unit

#: A station with more connectors than this is talking nonsense (quirk 23).
MAX_CONNECTOR_ID = 128
_UPSERT = (
    "INSERT INTO connector (charge_point_id, connector_id, status, error_code, info, vendor_id, vendor_error_code,"
    " status_at, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (charge_point_id, connector_id) DO UPDATE SET status = excluded.status,"
    " error_code = excluded.error_code, info = excluded.info, vendor_id = excluded.vendor_id,"
    " vendor_error_code = excluded.vendor_error_code, status_at = excluded.status_at,"
    " received_at = excluded.received_at WHERE excluded.status_at >= connector.status_at"
)
_NO_POWER = (
    "UPDATE charging_transaction SET power_w = 0"
    " WHERE charge_point_id = ? AND connector_id = ? AND stopped_at IS NULL AND power_w > 0"
)
_CHARGING = ChargePointStatus.charging.value


def report(unit: Unit, charge_point_id: int, payload: dict[str, Any], received_at: int) -> list[str]:
    """Store a status unless a newer one is known (rule 70); notes of what was tolerated."""
    connector_id = payload["connectorId"]
    if connector_id > MAX_CONNECTOR_ID:
        return [f"connectorId: {connector_id} was not stored, there is no such station."]
    status_at, notes = _status_time(payload.get("timestamp"), received_at)
    stored = unit.execute(
        _UPSERT,
        charge_point_id,
        connector_id,
        payload["status"],
        payload["errorCode"],
        payload.get("info"),
        payload.get("vendorId"),
        payload.get("vendorErrorCode"),
        status_at,
        received_at,
    )
    if stored.rowcount and payload["status"] != _CHARGING:
        unit.execute(_NO_POWER, charge_point_id, connector_id)
    unit.publish("charge-points", f"charge-point-{charge_point_id}")
    return notes


def _status_time(text: str | None, received_at: int) -> tuple[int, list[str]]:
    """The time to compare by. A clock that is unset or runs ahead must not hold back every later status."""
    if text is None:
        return received_at, []
    reported = timestamps.parse(text)
    if reported is None or not timestamps.is_credible(reported, received_at):
        return received_at, [f"timestamp: {text!r} cannot be meant, so the time of arrival counts."]
    return min(reported, received_at), []
