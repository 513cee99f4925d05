"""The status of connectors (section 4.9)."""

from typing import Any

from ocpp.v16.enums import ChargePointStatus

from ocpp_server import bulk, timestamps
from ocpp_server.services.session import open_transactions
from ocpp_server.store import Unit

#: A station with more connectors than this is talking nonsense (quirk 23).
MAX_CONNECTOR_ID = 128
_TABLE = "connector"
_STATUSES = bulk.upsert(
    _TABLE,
    ("charge_point_id", "connector_id"),
    ("status", "error_code", "info", "vendor_id", "vendor_error_code", "status_at", "received_at"),
    unless_older="status_at",
)
_OPTIONAL = ("info", "vendorId", "vendorErrorCode")
_IS_NEWEST = "SELECT 1 FROM connector WHERE charge_point_id = ? AND connector_id = ? AND status_at <= ?"
_CHARGING = ChargePointStatus.charging.value


def report(unit: Unit, charge_point_id: int, payload: dict[str, Any], received_at: int) -> list[str]:
    """Store a status unless a newer one is known (rule 70); notes of what was tolerated."""
    connector_id = payload["connectorId"]
    if connector_id > MAX_CONNECTOR_ID:
        return [f"connectorId: {connector_id} was not stored, there is no such station."]
    status_at, notes = _status_time(payload.get("timestamp"), received_at)
    if _is_newer(unit, charge_point_id, connector_id, status_at):
        told = (payload["status"], payload["errorCode"], *(payload.get(name) for name in _OPTIONAL))
        unit.put(_STATUSES, (charge_point_id, connector_id, *told, status_at, received_at))
        if payload["status"] != _CHARGING:
            _draw_no_power(unit, charge_point_id, connector_id, status_at)
    unit.publish("charge-points", f"charge-point-{charge_point_id}")
    return notes


def _is_newer(unit: Unit, charge_point_id: int, connector_id: int, status_at: int) -> bool:
    """Whether no newer status came lately; against those in the database the statement itself guards."""
    latest = unit.remembered(_TABLE)
    key = charge_point_id, connector_id
    if status_at < latest.get(key, status_at):
        return False
    latest[key] = status_at
    return True


def _draw_no_power(unit: Unit, charge_point_id: int, connector_id: int, status_at: int) -> None:
    """Nothing flows on the connector, if this is the newest that is known of it."""
    drawing = open_transactions.with_power(unit, charge_point_id, connector_id)
    if drawing and unit.one(_IS_NEWEST, charge_point_id, connector_id, status_at):
        for transaction in drawing:
            transaction.power_w = 0.0
            transaction.save_progress(unit)


def _status_time(text: str | None, received_at: int) -> tuple[int, list[str]]:
    """The time to compare by. A clock that is unset or runs ahead must not hold back every later status."""
    if text is None:
        return received_at, []
    reported = timestamps.parse(text)
    if reported is None or not timestamps.is_credible(reported, received_at):
        return received_at, [f"timestamp: {text!r} cannot be meant, so the time of arrival counts."]
    return min(reported, received_at), []
