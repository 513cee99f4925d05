"""Many cards at once: what a file would change, and doing it all or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from ocpp_server import clock
from ocpp_server.models import IdTag
from ocpp_server.services.card import id_tag_changes, id_tags, unknown_cards
from ocpp_server.services.errors import Invalid
from ocpp_server.store import Unit

#: More would hold up the stations' messages while they are written.
MAX_LINES = 2000
NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"


@dataclass(frozen=True)
class Line:
    """One card as the file has it: only the fields that the file names. `problem` keeps all from being imported."""

    number: int
    fields: dict[str, Any] = field(default_factory=dict)
    problem: Invalid | None = None
    change: str = ""


def plan(lines: Iterable[Line]) -> list[Line]:
    """What importing would do with each line. Needs a connection."""
    return [line for line, _ in _prepare(lines)]


def apply(unit: Unit, lines: Iterable[Line]) -> list[Line]:
    """Import the lines, or none of them when one has a problem; what was done, or would have been."""
    prepared = _prepare(lines)
    planned = [line for line, _ in prepared]
    if any(line.problem for line in planned):
        return planned
    for line, card in prepared:
        if line.change != UNCHANGED:
            card.save()
            unknown_cards.forget(unit, card.id_tag)
    id_tag_changes.note(unit, (card.id_tag_key for line, card in prepared if line.change != UNCHANGED))
    unit.publish("id-tags")
    return planned


def _prepare(lines: Iterable[Line]) -> list[tuple[Line, IdTag]]:
    lines = list(lines)
    known = id_tags.find_all(str(line.fields.get("id_tag", "")) for line in lines)
    seen: dict[str, int] = {}
    return [_compare(line, known, seen) for line in lines]


def _compare(line: Line, known: dict[str, IdTag], seen: dict[str, int]) -> tuple[Line, IdTag]:
    key = id_tags.key(str(line.fields.get("id_tag", "")))
    card = known.get(key) or IdTag(created_at=clock.now())
    before = dict(card.__data__)
    id_tags.fill(card, line.fields)
    problem = line.problem or _problem(card)
    if problem is None and key in seen:
        problem = Invalid("id_tag", "The same card is in line %(line)s.", line=seen[key])
    seen.setdefault(key, line.number)
    change = NEW if card.id is None else UNCHANGED if card.__data__ == before else CHANGED
    return replace(line, problem=problem, change=change), card


def _problem(card: IdTag) -> Invalid | None:
    try:
        id_tags.check(card)
    except Invalid as invalid:
        return invalid
    return None
