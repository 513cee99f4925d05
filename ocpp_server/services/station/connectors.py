"""The status of connectors (section 4.9)."""

from typing import Any

from ocpp.v16.enums import ChargePointStatus

from ocpp_server import bulk, timestamps
from ocpp_server.services.session import open_transactions
from ocpp_server.stations import Station
from ocpp_server.store import Unit

#: A station with more connectors than this is talking nonsense (quirk 23).
MAX_CONNECTOR_ID = 128
_STATUSES = bulk.upsert(
    "connector",
    ("charge_point_id", "connector_id"),
    ("status", "error_code", "info", "vendor_id", "vendor_error_code", "status_at", "received_at"),
)
_OPTIONAL = ("info", "vendorId", "vendorErrorCode")
_CHARGING = ChargePointStatus.charging.value


def report(unit: Unit, station: Station, payload: dict[str, Any], received_at: int, notes: list[str]) -> bool:
    """Store a status unless a newer one is known (rule 70); whether it counts. `notes` takes what was tolerated."""
    connector_id = payload["connectorId"]
    if connector_id > MAX_CONNECTOR_ID:
        notes.append(f"connectorId: {connector_id} was not stored, no station has so many.")
        return False
    told_at = _told_at(payload.get("timestamp"), received_at, notes)
    if told_at is not None and told_at < station.told_until.get(connector_id, told_at):
        return False
    told = (payload["status"], payload["errorCode"], *(payload.get(name) for name in _OPTIONAL))
    status_at = received_at if told_at is None else told_at
    unit.put(_STATUSES, (station.id, connector_id, *told, status_at, received_at))
    if told_at is not None:
        unit.after_commit(lambda: station.note_status(connector_id, told_at))
    if payload["status"] != _CHARGING:
        _draw_no_power(unit, station.id, connector_id)
    unit.publish("charge-points", f"charge-point-{station.id}")
    return True


def _draw_no_power(unit: Unit, charge_point_id: int, connector_id: int) -> None:
    for transaction in open_transactions.with_power(unit, charge_point_id, connector_id):
        transaction.power_w = 0.0
        transaction.save_progress(unit)


def _told_at(text: str | None, received_at: int, notes: list[str]) -> int | None:
    """The time that the station tells, where it can be meant. A clock that is a little ahead tells of now."""
    if text is None:
        return None
    reported = timestamps.parse(text)
    if reported is None or not timestamps.is_credible(reported, received_at):
        notes.append(f"timestamp: {text!r} cannot be meant, so the time of arrival counts.")
        return None
    return min(reported, received_at)
