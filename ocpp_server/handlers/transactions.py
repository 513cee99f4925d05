"""StartTransaction, MeterValues and StopTransaction: what is billed. Never refused for an odd value (rule 45)."""

from typing import Any

from ocpp_server import stations, taps
from ocpp_server.dispatch import Request, handles
from ocpp_server.services.reservation import reservation_ends
from ocpp_server.services.session import transactions
from ocpp_server.services.site import site_sharing


@handles("StartTransaction")
def start_transaction(request: Request) -> dict[str, Any]:
    """Section 4.8: a transactionId and a status, whatever the status."""
    transaction_id, decision = transactions.start(
        request.unit,
        request.station.id,
        request.payload,
        request.received_at,
        concurrent_tx=request.settings.concurrent_tx,
    )
    if "reservationId" in request.payload or stations.may_hold_reservations(request.station.id):
        reservation_ends.by_session(
            request.unit,
            request.station.id,
            request.payload,
            transaction_id,
            decision.parent_id_tag,
            request.received_at,
        )
    id_tag = request.payload["idTag"]
    taps.note(request.unit, request.station, id_tag, "StartTransaction", decision, request.received_at)
    site_sharing.note_start(request.unit, request.station.id, request.payload, transaction_id, request.received_at)
    return {"transactionId": transaction_id, "idTagInfo": decision.id_tag_info()}


@handles("MeterValues")
def meter_values(request: Request) -> dict[str, Any]:
    """Section 4.7."""
    _note_excess(request, "meterValue")
    transactions.meter(request.unit, request.station.id, request.payload, request.received_at)
    site_sharing.note_values(request.unit, request.station.id, request.payload, request.received_at)
    return {}


@handles("StopTransaction")
def stop_transaction(request: Request) -> dict[str, Any]:
    """Section 4.10: a stop cannot be prevented. The card is judged where one was presented (rule 42)."""
    _note_excess(request, "transactionData")
    decision = transactions.stop(request.unit, request.station.id, request.payload, request.received_at)
    site_sharing.note_stop(request.unit, request.station.id, request.payload, request.received_at)
    return {} if decision is None else {"idTagInfo": decision.id_tag_info()}


def _note_excess(request: Request, field: str) -> None:
    excess = len(request.payload.get(field) or []) - transactions.MAX_VALUES
    if excess > 0:
        request.notes.append(f"{field}: the last {excess} values were not stored.")
