"""Updates of local lists that an operator sends by hand: one message, to one station or the same to many."""

from collections.abc import Collection

from ocpp_server import clock
from ocpp_server.models import IdTag, LocalList
from ocpp_server.models.local_lists import NONE
from ocpp_server.services.card import authorization, id_tags
from ocpp_server.services.card.id_tag_changes import Rows
from ocpp_server.services.errors import Invalid
from ocpp_server.services.local_list import local_lists, plan, records
from ocpp_server.services.local_list.plan import Payload

#: Replace the list · change some entries · take some out · empty it. The first two are OCPP's own words.
FULL, DIFFERENTIAL, REMOVE, CLEAR = plan.FULL, plan.DIFFERENTIAL, "Remove", "Clear"
KINDS = (FULL, DIFFERENTIAL, REMOVE, CLEAR)


def build(
    rows: Rows, kind: str, tags: Collection[str], charge_point_ids: Collection[int], version: int | None = None
) -> Payload:
    """The payload of SendLocalList.

    FULL without cards takes those that the station should keep; for one that keeps none, and for many stations, all
    valid cards. DIFFERENTIAL takes out the cards that may not charge. Without a version it is the next one. Raises
    Invalid for `id_tags`. Needs a connection.
    """
    unique = {id_tags.key(tag): tag for tag in tags}
    if version is None:
        version = next_version(charge_point_ids)
    if kind == CLEAR:
        return plan.update(FULL, version, [])
    if kind == FULL and not unique:
        return plan.update(FULL, version, _wanted(rows, charge_point_ids))
    if not unique:
        raise Invalid("id_tags", "Name at least one card.")
    if kind == REMOVE:
        return plan.update(DIFFERENTIAL, version, [{"idTag": tag} for tag in unique.values()])
    return plan.update(kind, version, _answers(rows, list(unique.values()), kind))


def next_version(charge_point_ids: Collection[int]) -> int:
    """A version that is new to all of these stations. Needs a connection."""
    query = LocalList.select(LocalList.version, LocalList.sent_version)
    known = query.where(LocalList.charge_point.in_(list(charge_point_ids)))
    return plan.next_version(*(max(row.version, row.sent_version) for row in known)) or 1


def wanted_count(rows: Rows, charge_point_id: int) -> int:
    """How many cards the station should keep, before its limits."""
    return records.count(rows, records.selection(rows, local_lists.of(charge_point_id), clock.to_ms(clock.now())))


def _wanted(rows: Rows, charge_point_ids: Collection[int]) -> list[Payload]:
    only = local_lists.of(next(iter(charge_point_ids))) if len(charge_point_ids) == 1 else LocalList(keeps=NONE)
    chosen = records.selection(rows, only, clock.to_ms(clock.now()))
    return [entry.data() for entry in records.after(rows, chosen, "", 1_000_000)]


def _answers(rows: Rows, tags: list[str], kind: str) -> list[Payload]:
    """Each card with what it would be answered now; in a change those that would be refused are removals."""
    known = id_tags.find_all(tags)
    now = clock.to_ms(clock.now())
    return [_answer(rows, tag, known.get(id_tags.key(tag)), now, kind) for tag in tags]


def _answer(rows: Rows, tag: str, card: IdTag | None, now: int, kind: str) -> Payload:
    decision = authorization.explain(rows, tag, now, concurrent_tx=False).decision
    spelling = card.id_tag if card is not None else tag
    if kind == DIFFERENTIAL and not decision.is_accepted:
        return {"idTag": spelling}
    return {"idTag": spelling, "idTagInfo": decision.id_tag_info()}
