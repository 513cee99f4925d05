"""Why is a card refused? Answered rule by rule, for any tag."""

from flask import Blueprint, request
from peewee import fn
from werkzeug.wrappers import Response

from ocpp_server.models import ChargePoint, Transaction
from ocpp_server.services.card import id_tags, unknown_cards
from portal import card_rules
from portal.enrolment import Tapped
from portal.htmx import page

bp = Blueprint("card_checks", __name__)

SHOWN = 5


@bp.get("/cards/why")
def why() -> Response:
    id_tag = request.args.get("id_tag", "").strip()
    if not id_tag or not id_tag.isprintable() or len(id_tag) > 255:
        return page("cards/why.html", "answer", id_tag="", verdict=None, card=None, tapped=None, refused=[])
    found = unknown_cards.find(id_tag)
    return page(
        "cards/why.html",
        "answer",
        id_tag=id_tag,
        verdict=card_rules.judge(id_tag),
        card=id_tags.find(id_tag),
        tapped=None if found is None else Tapped.of(found),
        refused=_refused_sessions(id_tag),
    )


def _refused_sessions(id_tag: str) -> list[Transaction]:
    """The latest sessions that a station began with the card although it was told to refuse it."""
    same = fn.LOWER(Transaction.id_tag) == fn.LOWER(id_tag)
    query = Transaction.select(Transaction, ChargePoint).join(ChargePoint)
    refused = query.where(same, Transaction.id_tag_status != "Accepted")
    return list(refused.order_by(Transaction.started_at.desc(), Transaction.id.desc()).limit(SHOWN))
