"""Refused handshakes, kept for the operator: repeats of the same are counted, and what was mended is forgotten."""

from collections.abc import Sequence
from typing import Any

from ocpp_server import bulk
from ocpp_server.models import Refusal
from ocpp_server.store import Unit

UNKNOWN = ("unknown_identity",)
CREDENTIALS = ("missing_credentials", "wrong_credentials")
SUBPROTOCOL = ("no_subprotocol",)
EVERY = (*UNKNOWN, *CREDENTIALS, *SUBPROTOCOL, "subprotocol", "not_websocket", "insecure", "flood", "too_long")
#: What a station that was let in has evidently overcome, whatever its address was then. The last two come later.
_OVERCOME = (*UNKNOWN, *SUBPROTOCOL, "subprotocol", "not_websocket", "insecure")
#: More than this and the oldest go, some at a time: an address that tries identities must not fill the disk.
MAX_ROWS, SLACK = 1000, 50
_TABLE = "refusal"
_KEYS = ("reason", "identity", "address")
_COLUMNS = ("path", "detail", "user_agent", "count", "first_at", "last_at")
_REFUSALS = bulk.upsert(_TABLE, _KEYS, _COLUMNS)
_FORGET_OVERCOME = "DELETE FROM refusal WHERE reason IN (?, ?, ?, ?, ?) AND identity IN (?, ?) RETURNING id"
_FORGET_CREDENTIALS = "DELETE FROM refusal WHERE reason IN (?, ?) AND identity IN (?, ?) AND address = ? RETURNING id"
_COUNTS = "SELECT reason, identity, address, count, first_at FROM refusal"
#: Under these it is remembered how often and since when each was refused, and who was at all.
_COUNTED, _IDENTITIES = "counted", "identities"
_TRIM = "DELETE FROM refusal WHERE id IN (SELECT id FROM refusal ORDER BY last_at DESC, id DESC LIMIT 1000 OFFSET ?)"


def record(
    unit: Unit, at: int, *, address: str, path: str, identity: str, reason: str, detail: str, user_agent: str
) -> None:
    """Keep a refusal; `at` in ms since 1970. Texts come from the wire and are cut to a sane length."""
    texts = (reason, identity[:255], address[:64], path[:500], detail[:500], user_agent[:200])
    *key, path, detail, user_agent = (text.replace("\0", "�") for text in texts)
    remembered = _remembered(unit)
    counts = remembered[_COUNTED]
    count, first_at = counts.get(tuple(key), (0, at))
    counts[tuple(key)] = count + 1, first_at
    remembered[_IDENTITIES].add(key[1])
    unit.put(_REFUSALS, (*key, path, detail, user_agent, count + 1, first_at, at))
    if len(counts) > MAX_ROWS + SLACK:
        unit.execute(_TRIM, MAX_ROWS)
    unit.publish("inbox")


def forget(unit: Unit, identity: str, reasons: Sequence[str]) -> None:
    """Forget refusals of this identity, in any spelling, as the operator has mended their cause."""
    key = identity.casefold()
    query = Refusal.select(Refusal.id, Refusal.identity).where(Refusal.reason.in_(reasons))
    mended = [row.id for row in query if row.identity.casefold() == key]
    if mended:
        dismiss(unit, mended)


def forget_admitted(unit: Unit, came_as: str, identity: str, address: str) -> None:
    """Forget what kept a station out that is let in now.

    Wrong passwords from another address stay: it may be somebody else who tries them. Runs at each connection, so
    it remembers who was refused at all, and asks by the spelling, which the index knows.
    """
    if not {came_as, identity} & _remembered(unit)[_IDENTITIES]:
        return
    overcome = unit.all(_FORGET_OVERCOME, *_OVERCOME, came_as, identity)
    if unit.all(_FORGET_CREDENTIALS, *CREDENTIALS, came_as, identity, address) or overcome:
        unit.publish("inbox")


def _remembered(unit: Unit) -> dict[str, Any]:
    """What is known of the table, to be changed along with it."""
    remembered = unit.remembered(_TABLE)
    if not remembered:
        counts = {row[:3]: row[3:] for row in unit.all(_COUNTS)}
        remembered |= {_COUNTED: counts, _IDENTITIES: {identity for _, identity, _ in counts}}
    return remembered


def dismiss(unit: Unit, refusal_ids: Sequence[int]) -> None:
    """Forget these. Each comes back if it happens again."""
    Refusal.delete().where(Refusal.id.in_(refusal_ids)).execute()
    unit.publish("inbox")


def dismiss_until(unit: Unit, until: int) -> None:
    """Forget all that happened until then (ms since 1970)."""
    Refusal.delete().where(Refusal.last_at <= until).execute()
    unit.publish("inbox")
