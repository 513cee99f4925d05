"""Authorize: may this card charge?"""

from typing import Any

from ocpp_server.dispatch import Request, handles
from ocpp_server.services import authorization, unknown_cards


@handles("Authorize")
def authorize(request: Request) -> dict[str, Any]:
    """Section 4.1. Never ConcurrentTx, which belongs to StartTransaction (section 7.2)."""
    decision = authorization.check(request.unit, request.payload["idTag"], request.received_at)
    if decision is authorization.UNKNOWN:
        unknown_cards.tapped(
            request.unit, request.payload["idTag"], request.station.id, "Authorize", request.received_at
        )
    return {"idTagInfo": decision.id_tag_info()}
