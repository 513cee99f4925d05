"""May this card charge? (sections 3.9, 3.10, 4.1, 7.2 and 7.27)

`check` answers stations, `explain` answers operators who ask why; both go by the same rules.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ocpp.v16.enums import AuthorizationStatus

from ocpp_server import bulk, clock
from ocpp_server.models.id_tags import BLOCKED
from ocpp_server.store import Unit

KNOWN, EXPIRED, CONCURRENT = "known", "expired", "concurrent"
#: By what runs now, not by all that the card ever did: so the tag is not written as the index has it.
_ELSEWHERE = (
    "SELECT id FROM charging_transaction WHERE stopped_at IS NULL AND lower(id_tag) || '' = lower(?)"
    " AND id_tag_status = 'Accepted' AND NOT (charge_point_id = ? AND connector_id = ?) LIMIT 1"
)
_SELECT = "SELECT status, expiry_date, parent_id_tag, last_used_at FROM id_tag WHERE id_tag_key = ?"
_USES = bulk.update("id_tag", "id_tag_key", ("last_used_at",))
#: So many cards are remembered, known and unknown ones; then anew.
_MOST_CARDS = 20_000


@dataclass(frozen=True, slots=True)
class Decision:
    """What a card is answered. `status` is a word of AuthorizationStatus; the expiry in ms since 1970."""

    status: str
    parent_id_tag: str | None = None
    expiry_date: int | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status == AuthorizationStatus.accepted.value

    def id_tag_info(self) -> dict[str, Any]:
        """The idTagInfo of an answer; what is absent is left out, never null (rule 41)."""
        info: dict[str, Any] = {"status": self.status}
        if self.parent_id_tag:
            info["parentIdTag"] = self.parent_id_tag
        if self.expiry_date is not None:
            info["expiryDate"] = clock.iso(clock.from_ms(self.expiry_date))
        return info


UNKNOWN = Decision(AuthorizationStatus.invalid.value)

#: Runs a statement with `?` placeholders: `unit.all` or `store.query`.
Rows = Callable[..., list[tuple]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a card would be answered at a StartTransaction, and what each rule that was asked says to it.

    `running` is the session that it charges in, whether or not that matters.
    """

    decision: Decision
    refuses: dict[str, bool]
    running: int | None


def _is_blocked(status: str, expiry_date: int | None, at: int) -> bool:
    return status == BLOCKED


def _is_expired(status: str, expiry_date: int | None, at: int) -> bool:
    return expiry_date is not None and expiry_date <= at


#: What is asked of a card that is known, in this order: the answer if it refuses, and when it does.
_RULES = (
    (BLOCKED, AuthorizationStatus.blocked.value, _is_blocked),
    (EXPIRED, AuthorizationStatus.expired.value, _is_expired),
)


def check(unit: Unit, id_tag: str, at: int) -> Decision:
    """Judge a card, as it is at `at` (ms since 1970). Unknown is Invalid, an expiry in the past Expired."""
    row = _card(unit, id_tag.casefold())
    if row is None:
        return UNKNOWN
    return _judge(row, at)


def used(unit: Unit, id_tag: str, at: int) -> None:
    """A session begins with the card; it may have begun long ago."""
    key = id_tag.casefold()
    row = _card(unit, key)
    if row is not None and (row[3] is None or row[3] < at):
        unit.remembered("id_tag")[key] = (*row[:3], at)
        unit.put(_USES, (at, key))


def only_here(rows: Rows, decision: Decision, id_tag: str, charge_point_id: int = 0, connector_id: int = 0) -> Decision:
    """The judgement of a card where one may not charge twice: ConcurrentTx if it charges at another connector."""
    if decision.is_accepted and _session_elsewhere(rows, id_tag, charge_point_id, connector_id) is not None:
        return replace(decision, status=AuthorizationStatus.concurrent_tx.value)
    return decision


def explain(rows: Rows, id_tag: str, at: int, *, concurrent_tx: bool) -> Explanation:
    """How the card would be judged at a connector where it does not charge yet, rule by rule."""
    running = _session_elsewhere(rows, id_tag, 0, 0)
    found = rows(_SELECT, id_tag.casefold())
    if not found:
        return Explanation(UNKNOWN, {KNOWN: True}, running)
    status, expiry_date, *_ = found[0]
    refuses = {KNOWN: False, **{name: rule(status, expiry_date, at) for name, _, rule in _RULES}}
    decision = _judge(found[0], at)
    if concurrent_tx:
        decision = only_here(rows, decision, id_tag)
        refuses[CONCURRENT] = running is not None
    return Explanation(decision, refuses, running)


def _card(unit: Unit, key: str) -> tuple | None:
    """The card's row, from memory if it was asked for before; None for an unknown one."""
    cards = unit.remembered("id_tag")
    if key not in cards:
        if len(cards) >= _MOST_CARDS:
            cards.clear()
        cards[key] = unit.one(_SELECT, key)
    return cards[key]


def _judge(row: tuple, at: int) -> Decision:
    status, expiry_date, parent_id_tag, _ = row
    for _, word, refuses in _RULES:
        if refuses(status, expiry_date, at):
            return Decision(word, parent_id_tag, expiry_date)
    return Decision(AuthorizationStatus.accepted.value, parent_id_tag, expiry_date)


def _session_elsewhere(rows: Rows, id_tag: str, charge_point_id: int, connector_id: int) -> int | None:
    found = rows(_ELSEWHERE, id_tag, charge_point_id, connector_id)
    return found[0][0] if found else None
