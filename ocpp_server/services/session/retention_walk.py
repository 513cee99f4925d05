"""Which sessions have raw meter values that are old enough: a walk in the order of their ends.

The next walk begins where the last one came to, so that sessions of years are not looked at each hour. Whatever still
comes for a session behind that place takes it back (`look_again`). Times in ms since 1970.
"""

from collections.abc import Iterator

from ocpp_server.models import Setting
from ocpp_server.store import Store, Unit

#: So many sessions are looked at before others have their turn.
PAGE = 200
#: What comes sooner after a session's end is never behind the place: values are kept for a day at least.
_LATE = 24 * 3_600_000
#: In `setting`: the end and the id of the last session that needs no look any more, and how often something came late.
_KEY = "meter_values.reduced"
#: What we heard of late counts as ended then, and is passed by until it is old enough.
_ENDED = (
    "SELECT t.stopped_at, t.id, coalesce(t.stop_received_at, t.stopped_at) < ?,"
    " EXISTS (SELECT 1 FROM meter_value m WHERE m.transaction_id = t.id) FROM charging_transaction t"
    " WHERE t.stopped_at >= ? AND t.stopped_at < ? AND (t.stopped_at > ? OR t.id > ?)"
    " ORDER BY t.stopped_at, t.id LIMIT ?"
)

_Place = tuple[int, int]
_Kept = tuple[int, int, int]


def pages(store: Store, before: int) -> Iterator[list[int]]:
    """Page by page the sessions that ended before that time and have raw values, the oldest first.

    A page that was dealt with is left behind for good, unless a session of it or before it is still too young.
    """
    kept = store.write(lambda unit: _read(unit))
    place, is_whole = kept[:2], True
    while True:
        with store.reading():
            rows = store.query(_ENDED, before, place[0], before, *place, PAGE)
        yield [id_ for _, id_, is_old, has_values in rows if is_old and has_values]
        old = _first_old(rows)
        if is_whole and old:
            kept = store.write(lambda unit, kept=kept, place=old[-1]: _move(unit, kept, place))  # type: ignore[misc]
        is_whole &= len(old) == len(rows)
        if len(rows) < PAGE:
            return
        place = rows[-1][:2]


def look_again(unit: Unit, transaction_id: int, stopped_at: int, received_at: int) -> None:
    """Something came for a session that ended then: if that was long ago, the next walk begins no later than with it.

    It is counted, so that a walk which is about to pass the session stays where it is.
    """
    if received_at - stopped_at >= _LATE:
        at, id_, number = _read(unit)
        _write((*min((at, id_), (stopped_at, transaction_id - 1)), number + 1))


def _first_old(rows: list[tuple]) -> list[_Place]:
    """The places of the sessions up to the first that is too young."""
    young = next((number for number, row in enumerate(rows) if not row[2]), len(rows))
    return [row[:2] for row in rows[:young]]


def _move(unit: Unit, kept: _Kept, place: _Place) -> _Kept:
    """Write a place down, unless something came late meanwhile."""
    if _read(unit) != kept:
        return kept
    moved = *place, kept[2]
    _write(moved)
    return moved


def _read(unit: Unit) -> _Kept:
    row = unit.one("SELECT value FROM setting WHERE key = ?", _KEY)
    stopped_at, id_, number = map(int, row[0].split()) if row else (0, 0, 0)
    return stopped_at, id_, number


def _write(kept: _Kept) -> None:
    text = " ".join(map(str, kept))
    Setting.insert(key=_KEY, value=text).on_conflict(
        conflict_target=[Setting.key], update={Setting.value: text}
    ).execute()
