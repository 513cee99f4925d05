"""Which cards changed when: a rising number for each, so that lists of cards kept elsewhere follow at little cost."""

import json
from collections.abc import Callable, Iterable

from ocpp_server.models import Setting
from ocpp_server.store import Unit

#: Runs a statement with `?` placeholders: `unit.all` or `store.query`.
Rows = Callable[..., list[tuple]]

_NOTE = (
    "INSERT INTO id_tag_change (id_tag_key, revision) VALUES (?, ?)"
    " ON CONFLICT (id_tag_key) DO UPDATE SET revision = excluded.revision"
)
_LATEST = "SELECT COALESCE(MAX(revision), 0) FROM id_tag_change"
_SINCE = "SELECT id_tag_key, revision FROM id_tag_change WHERE revision > ? ORDER BY revision LIMIT ?"
_EXPIRED = "SELECT id_tag_key FROM id_tag WHERE expiry_date > ? AND expiry_date <= ?"
#: Until when the cards whose time has passed are noted, in ms since 1970.
_EXPIRED_UNTIL = "id_tags_expired_until"


def note(unit: Unit, keys: Iterable[str]) -> None:
    """These cards were added, changed or removed."""
    first = latest(unit.all) + 1
    for revision, key in enumerate(dict.fromkeys(keys), first):
        unit.execute(_NOTE, key, revision)


def latest(rows: Rows) -> int:
    """The number of the last change; 0 where there was none."""
    return rows(_LATEST)[0][0]


def since(rows: Rows, revision: int, limit: int) -> list[tuple[str, int]]:
    """The keys of the cards that changed after that number, with their own, the oldest first."""
    return [(key, number) for key, number in rows(_SINCE, revision, limit)]


def any_expired(rows: Rows, now: int) -> bool:
    """Whether the time of a card has passed that was not noted yet; `now` in ms since 1970. Needs a connection."""
    return bool(rows(_EXPIRED + " LIMIT 1", _noted_until(), now))


def note_expired(unit: Unit, now: int) -> None:
    """Time has passed for some cards: a change like any other."""
    note(unit, [key for (key,) in unit.all(_EXPIRED, _noted_until(), now)])
    text = json.dumps(now)
    update = {Setting.value: text}
    Setting.insert(key=_EXPIRED_UNTIL, value=text).on_conflict(conflict_target=[Setting.key], update=update).execute()


def _noted_until() -> int:
    row = Setting.get_or_none(Setting.key == _EXPIRED_UNTIL)
    return json.loads(row.value) if row else 0
