"""What waits in the inbox: refused handshakes and cards that nobody knows, in one list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from peewee import SQL, Value, fn

from ocpp_server.models import ChargePoint, Refusal, UnknownCard
from ocpp_server.services.station.charge_points import identity_key
from portal import lists, refusals
from portal.remedies import Explanation, Remedy

REFUSALS, CARDS = "refusals", "cards"
PER_PAGE = 25
_SEARCHED = (Refusal.identity, Refusal.address, Refusal.path, Refusal.user_agent)


@dataclass(frozen=True)
class Waiting:
    """How much waits."""

    refusals: int
    cards: int

    @property
    def total(self) -> int:
        return self.refusals + self.cards


@dataclass(frozen=True)
class Entry:
    """One of either kind. `station` is where a card was tapped; `details` are names with what was sent."""

    kind: str
    id: int
    first_at: datetime
    last_at: datetime
    count: int
    explanation: Explanation
    address: str = ""
    station: ChargePoint | None = None
    details: tuple[tuple[str, str], ...] = ()


def waiting() -> Waiting:
    """How many entries wait, in one query. Needs a connection."""
    cards = UnknownCard.select(fn.COUNT(UnknownCard.id))
    return Waiting(*Refusal.select(fn.COUNT(Refusal.id), cards).scalar(as_tuple=True))


def entries() -> lists.Pages:
    """The page of entries that the address asks for, newest first."""
    pages = lists.paginate(_found(), PER_PAGE)
    kinds: dict[str, list[int]] = {REFUSALS: [], CARDS: []}
    for kind, row_id, _at in pages.rows:
        kinds[kind].append(row_id)
    made = {(entry.kind, entry.id): entry for entry in (*_refusals(kinds[REFUSALS]), *_cards(kinds[CARDS]))}
    rows = [made[kind, row_id] for kind, row_id, _at in pages.rows if (kind, row_id) in made]
    return lists.Pages(rows, pages.page, pages.pages, pages.total, pages.first, pages.last)


def _found() -> Any:
    """Kind, id and time of what fits `?kind=` and `?q=`."""
    text, kind = request.args.get("q", "").strip(), request.args.get("kind", "")
    refused = Refusal.select(Value(REFUSALS).alias("kind"), Refusal.id, Refusal.last_at.alias("at"))
    cards = UnknownCard.select(Value(CARDS).alias("kind"), UnknownCard.id, UnknownCard.last_at.alias("at"))
    if text:
        refused = refused.where(lists.mentions(_SEARCHED, text))
        cards = cards.where(UnknownCard.id_tag.contains(text))
    found = refused if kind == REFUSALS else cards if kind == CARDS else refused.union_all(cards)
    return found.order_by(SQL("at").desc(), SQL("id").desc()).tuples()


def _refusals(ids: list[int]) -> Iterable[Entry]:
    rows = list(Refusal.select().where(Refusal.id.in_(ids)))
    keys = {identity_key(row.identity) for row in rows}
    known = {
        station.identity_key: station for station in ChargePoint.select().where(ChargePoint.identity_key.in_(keys))
    }
    for row in rows:
        details = ((_("Path"), row.path), (_("What it sent"), row.detail), (_("Software"), row.user_agent))
        yield Entry(
            REFUSALS,
            row.id,
            row.first_at,
            row.last_at,
            row.count,
            refusals.explain(row, known.get(identity_key(row.identity))),
            address=row.address,
            details=tuple(detail for detail in details if detail[1]),
        )


def _cards(ids: list[int]) -> Iterable[Entry]:
    rows = list(UnknownCard.select().where(UnknownCard.id.in_(ids)))
    tapped_at = {row.charge_point_id for row in rows}
    stations = {station.id: station for station in ChargePoint.select().where(ChargePoint.id.in_(tapped_at))}
    for row in rows:
        station = stations.get(row.charge_point_id)
        yield Entry(CARDS, row.id, row.first_at, row.last_at, row.count, _explain_card(row, station), station=station)


def _explain_card(card: UnknownCard, station: ChargePoint | None) -> Explanation:
    where = station.name if station is not None else _("a station that is gone")
    what = _("Card %(tag)s was held to %(where)s, and nobody knows it.", tag=card.id_tag, where=where)
    if card.action == "StartTransaction":
        what = _("%(where)s started a session with card %(tag)s, which nobody knows.", tag=card.id_tag, where=where)
    return Explanation(
        what,
        _("The station was told to refuse it. If it is one of yours, add it; then it charges at the next tap."),
        (
            Remedy(_("Add this card…"), url_for("cards.add", id_tag=card.id_tag), is_main=True),
            Remedy(_("Why was it refused?"), url_for("card_checks.why", id_tag=card.id_tag)),
        ),
    )
