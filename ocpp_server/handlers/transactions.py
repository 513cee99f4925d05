"""StartTransaction, MeterValues and StopTransaction: what is billed. Never refused for an odd value (rule 45)."""

from typing import Any

from ocpp_server.dispatch import Request, handles
from ocpp_server.services import authorization, transactions, unknown_cards


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
    if decision is authorization.UNKNOWN:
        unknown_cards.tapped(
            request.unit, request.payload["idTag"], request.station.id, "StartTransaction", request.received_at
        )
    return {"transactionId": transaction_id, "idTagInfo": decision.id_tag_info()}


@handles("MeterValues")
def meter_values(request: Request) -> dict[str, Any]:
    """Section 4.7."""
    transactions.meter(request.unit, request.station.id, request.payload, request.received_at)
    return {}


@handles("StopTransaction")
def stop_transaction(request: Request) -> dict[str, Any]:
    """Section 4.10: a stop cannot be prevented. The card is judged where one was presented (rule 42)."""
    decision = transactions.stop(request.unit, request.station.id, request.payload, request.received_at)
    return {} if decision is None else {"idTagInfo": decision.id_tag_info()}
