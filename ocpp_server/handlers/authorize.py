"""Authorize: may this card charge?"""

from typing import Any

from ocpp_server import taps
from ocpp_server.dispatch import Request, handles
from ocpp_server.services.card import authorization


@handles("Authorize")
def authorize(request: Request) -> dict[str, Any]:
    """Section 4.1. Never ConcurrentTx, which belongs to StartTransaction (section 7.2)."""
    id_tag = request.payload["idTag"]
    decision = authorization.check(request.unit, id_tag, request.received_at)
    taps.note(request.unit, request.station, id_tag, "Authorize", decision, request.received_at)
    return {"idTagInfo": decision.id_tag_info()}
