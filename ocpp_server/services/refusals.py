"""Refused handshakes, kept for the operator: repeats of the same are counted."""

from collections.abc import Sequence

from ocpp_server.models import Refusal
from ocpp_server.store import Unit

#: More than this and the oldest go: an address that tries identities must not fill the disk.
MAX_ROWS = 1000
_UPSERT = (
    "INSERT INTO refusal (first_at, last_at, count, address, path, identity, reason, detail, user_agent)"
    " VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (reason, identity, address) DO UPDATE SET last_at = excluded.last_at, count = refusal.count + 1,"
    " path = excluded.path, detail = excluded.detail, user_agent = excluded.user_agent"
)
_TRIM = "DELETE FROM refusal WHERE id IN (SELECT id FROM refusal ORDER BY last_at DESC, id DESC LIMIT 100 OFFSET ?)"


def record(
    unit: Unit, at: int, *, address: str, path: str, identity: str, reason: str, detail: str, user_agent: str
) -> None:
    """Keep a refusal; `at` in ms since 1970. Texts come from the wire and are cut to a sane length."""
    texts = (address[:64], path[:500], identity[:255], reason, detail[:500], user_agent[:200])
    unit.execute(_UPSERT, at, at, *(text.replace("\0", "�") for text in texts))
    unit.execute(_TRIM, MAX_ROWS)
    unit.publish("inbox")


def dismiss(unit: Unit, refusal_ids: Sequence[int]) -> None:
    """Forget these. Each comes back if it happens again."""
    Refusal.delete().where(Refusal.id.in_(refusal_ids)).execute()
    unit.publish("inbox")
