"""Why a card is refused, rule by rule."""

from typing import Any

from ocpp_server import clock
from ocpp_server.services.card import authorization, id_tags, unknown_cards
from portal.api.operation import operation
from portal.api.problems import missing
from portal.api.schema import BOOLEAN, INTEGER, STRING, TIME, list_of, one_of, or_null, record
from portal.api.values import time
from portal.context import settings, store

_RULES = (authorization.KNOWN, "blocked", authorization.EXPIRED, authorization.CONCURRENT)
_RULE = record(
    rule=one_of(
        _RULES, description="known: it must be among the id tags; concurrent: it may charge at one connector at a time."
    ),
    refuses=BOOLEAN,
)
CHECK = record(
    id_tag=STRING,
    status={**STRING, "description": "What a station that asks would be told now."},
    rules={**list_of(_RULE), "description": "Each rule that was asked, in order; the first that refuses decides."},
    expiry_date=or_null(TIME),
    parent_id_tag=or_null(STRING),
    transaction_id={**or_null(INTEGER), "description": "The transaction that it charges in now."},
    last_refused_at={**or_null(TIME), "description": "When it was last tapped while nobody knew it."},
)


@operation(
    "GET",
    "/card-checks/<name:id_tag>",
    "Say why a card is refused, or that it is not",
    tag="Id tags",
    answer=CHECK,
)
def show(id_tag: str) -> dict[str, Any]:
    if not id_tag.isprintable() or len(id_tag) > 255:
        raise missing(f"card {id_tag[:255]}")
    now = clock.to_ms(clock.now())
    found = authorization.explain(store().query, id_tag, now, concurrent_tx=settings().concurrent_tx)
    card, tapped = id_tags.find(id_tag), unknown_cards.find(id_tag)
    return {
        "id_tag": id_tag,
        "status": found.decision.status,
        "rules": [{"rule": rule, "refuses": refuses} for rule, refuses in found.refuses.items()],
        "expiry_date": time(card.expiry_date) if card else None,
        "parent_id_tag": found.decision.parent_id_tag,
        "transaction_id": found.running,
        "last_refused_at": time(tapped.last_at) if tapped else None,
    }
