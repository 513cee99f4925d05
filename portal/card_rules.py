"""Would a card be accepted, and if not, why: rule by rule, in the operator's words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from ocpp_server import clock
from ocpp_server.models import IdTag, Transaction
from ocpp_server.models.id_tags import BLOCKED
from ocpp_server.services.card import authorization, id_tags
from ocpp_server.services.card.authorization import CONCURRENT, EXPIRED, KNOWN, Explanation
from ocpp_server.services.session import charging_sessions
from portal.context import settings, store
from portal.remedies import Remedy


@dataclass(frozen=True)
class Line:
    """What one rule says, perhaps with a time behind it. `refuses` is None where it only informs."""

    text: str
    refuses: bool | None = False
    remedy: Remedy | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """The answer that stations would be given now, in OCPP's word, and what led to it."""

    id_tag: str
    status: str
    lines: list[Line]

    @property
    def is_accepted(self) -> bool:
        return self.status == "Accepted"


def judge(id_tag: str) -> Verdict:
    """Judge the card as a station's question would be now. Needs a connection."""
    now = clock.to_ms(clock.now())
    found = authorization.explain(store().query, id_tag, now, concurrent_tx=settings().concurrent_tx)
    card = id_tags.find(id_tag)
    running = charging_sessions.find(found.running) if found.running is not None else None
    return Verdict(id_tag, found.decision.status, list(_lines(id_tag, found, card, running)))


def _lines(id_tag: str, found: Explanation, card: IdTag | None, running: Transaction | None) -> Iterator[Line]:
    if found.refuses[KNOWN] or card is None:
        add = Remedy(_("Add this card"), url_for("cards.add", id_tag=id_tag))
        yield Line(_("It is not among your cards, and unknown cards are refused."), True, add)
        return
    change = Remedy(_("Change the card"), url_for("cards.edit", id_tag_id=card.id))
    yield Line(
        _("It is among your cards, as %(label)s.", label=card.label) if card.label else _("It is among your cards.")
    )
    if found.refuses[BLOCKED]:
        yield Line(_("It is blocked."), True, change)
    else:
        yield Line(_("It is not blocked."))
    yield _expiry(found, card, change)
    yield _group(card)
    yield _elsewhere(found, running)


def _expiry(found: Explanation, card: IdTag, change: Remedy) -> Line:
    if card.expiry_date is None:
        return Line(_("It does not expire."))
    if found.refuses[EXPIRED]:
        return Line(_("It expired on"), True, change, at=card.expiry_date)
    return Line(_("It is valid until"), at=card.expiry_date)


def _group(card: IdTag) -> Line:
    if card.parent_id_tag is None:
        return Line(_("It belongs to no group. A group refuses nothing."), None)
    return Line(_("It belongs to the group %(group)s. A group refuses nothing.", group=card.parent_id_tag), None)


def _elsewhere(found: Explanation, running: Transaction | None) -> Line:
    if running is None:
        return Line(_("It charges nowhere now."), None if CONCURRENT not in found.refuses else False)
    place = _("%(name)s, connector %(number)s", name=running.charge_point.name, number=running.connector_id)
    show = Remedy(_("Show the session"), url_for("sessions.show", transaction_id=running.id))
    if found.refuses.get(CONCURRENT):
        text = _("It charges already at %(place)s, and may charge at one connector at a time.", place=place)
        return Line(text, True, show)
    return Line(_("It charges at %(place)s now, and may charge elsewhere too.", place=place), None, show)
