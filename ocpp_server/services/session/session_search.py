"""Finding charging sessions for the list and its export, in any order, however long the history.

Few that fit are found and sorted. To many an index leads in their order, and what does not fit is stepped over on the
way; SQLite knows no numbers of rows, so it is told by `+ 0` which index not to take.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, reduce
from heapq import merge
from itertools import islice
from operator import or_
from typing import Any

from peewee import SQL, ColumnBase, Expression, ModelSelect, fn

from ocpp_server import clock
from ocpp_server.models import ChargePoint, IdTag, Transaction
from ocpp_server.store import Store

RUNNING, FINISHED, FLAGGED = "running", "finished", "flagged"
STATES = (RUNNING, FINISHED, FLAGGED)
STARTED, STATION, CARD, ENERGY, DURATION = "started", "station", "card", "energy", "duration"
SORTS = (STARTED, STATION, CARD, ENERGY, DURATION)
#: So many sessions are sorted in some milliseconds.
FEW = 4_000
#: More tags than this are not named one by one.
_MOST_TAGS = 5_000
#: Every tag once, from one to the next by the index: there are few tags and many sessions.
_EVERY_TAG = (
    "WITH RECURSIVE every(tag) AS (SELECT min(lower(id_tag)) FROM charging_transaction UNION ALL"
    " SELECT (SELECT min(lower(id_tag)) FROM charging_transaction WHERE lower(id_tag) > tag) FROM every"
    " WHERE tag IS NOT NULL) SELECT tag FROM every WHERE tag IS NOT NULL"
)
_TAG = fn.LOWER(Transaction.id_tag)
#: Of sessions that have ended, by the indexes on just these: one on all would be written with each meter value.
_ENDED_BY = {ENERGY: SQL("ended_wh"), DURATION: (Transaction.stopped_at - Transaction.started_at).converter(int)}


@dataclass(frozen=True)
class Filter:
    """Which sessions are wanted; what is empty does not matter. `before` is not included."""

    text: str = ""
    state: str = ""
    charge_point_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None


class Found:
    """The sessions that fit. Needs a connection whenever it is asked."""

    def __init__(self, wanted: Filter) -> None:
        self._wanted = wanted

    @cached_property
    def total(self) -> int:
        return self._matching(Transaction.select()).count()

    def page(self, sort: str, descending: bool, limit: int, offset: int) -> list[Transaction]:
        """Some of them in that order, with their stations."""
        return with_stations(self.ids(sort, descending, limit, offset))

    def ids(self, sort: str, descending: bool, limit: int, offset: int) -> list[int]:
        """Some of them in that order; the last ones are found from the end."""
        size = max(0, min(limit, self.total - offset))
        after = max(0, self.total - offset - size)
        if after < offset:
            return self._ids(sort, not descending, size, after)[::-1]
        return self._ids(sort, descending, size, offset)

    def newest(self, number: int, before: Transaction | None = None) -> list[int]:
        """The newest, or those that come next, found by walking."""
        query = self._matching(Transaction.select(Transaction.id), by_text=False)
        if before is not None:
            query = query.where(_older_than(before))
        return _only_ids(query.order_by(*_ordered(True, Transaction.started_at)).limit(number))

    def _ids(self, sort: str, descending: bool, limit: int, offset: int) -> list[int]:
        if self.total <= FEW:
            query = self._matching(Transaction.select(Transaction.id).join(ChargePoint))
            return _only_ids(query.order_by(*_ordered(descending, *_order(sort))).limit(limit).offset(offset))
        if sort == STATION:
            return self._by_station(descending, limit, offset)
        if sort in _ENDED_BY:
            return self._ended_and_running(sort, descending, limit, offset)
        columns: tuple[ColumnBase, ...] = (_TAG, Transaction.started_at) if sort == CARD else (Transaction.started_at,)
        query = self._matching(Transaction.select(Transaction.id), by_index=sort != CARD, by_text=False)
        return _only_ids(query.order_by(*_ordered(descending, *columns)).limit(limit).offset(offset))

    def _by_station(self, descending: bool, limit: int, offset: int) -> list[int]:
        """Station after station, each by its own index; those before the page are only counted."""
        place = Transaction.charge_point
        counts = self._by_place() if offset else {}
        key = ChargePoint.identity_key.desc() if descending else ChargePoint.identity_key.asc()
        ids: list[int] = []
        stations: Any = ChargePoint.select(ChargePoint.id).order_by(key).tuples()
        for (station,) in stations:
            if 0 < offset >= (count := counts.get(station, 0)):
                offset -= count
            elif len(ids) < limit:
                query = self._matching(Transaction.select(Transaction.id), by_text=False).where(place == station)
                query = query.order_by(*_ordered(descending, Transaction.started_at))
                ids += _only_ids(query.limit(limit - len(ids)).offset(offset))
                offset = 0
        return ids

    def _by_place(self) -> dict[int, int]:
        """How many fit at each station; the index on the stations has all that is asked for only without a filter."""
        place = Transaction.charge_point if self._wanted == Filter() else Transaction.charge_point + SQL("0")
        rows: Any = self._matching(Transaction.select(place, fn.COUNT(Transaction.id))).group_by(place).tuples()
        return dict(rows)

    def _ended_and_running(self, sort: str, descending: bool, limit: int, offset: int) -> list[int]:
        """Those that ended, in the order of an index, and the few that run put in between."""
        fitting = self._matching(Transaction.select(), by_index=False)
        running = sorted(_running(fitting, sort), reverse=descending)
        # So many of those that ended come before the page, however the others stand.
        skipped = max(0, offset - len(running))
        ended = fitting.where(Transaction.stopped_at.is_null(False)).select(_ENDED_BY[sort], Transaction.id)
        ended = ended.order_by(*_ordered(descending, _ENDED_BY[sort])).offset(skipped).limit(offset - skipped + limit)
        found: Any = ended.tuples()
        together = merge(list(found), running, reverse=descending)
        return [id_ for _, id_ in islice(together, offset - skipped, offset - skipped + limit)]

    def _matching(
        self, query: "ModelSelect[Transaction]", *, by_index: bool = True, by_text: bool = True
    ) -> "ModelSelect[Transaction]":
        """The query with the filter; found by the indexes on what is asked for, or on all but the text, or on none."""
        wanted, plain = self._wanted, (lambda column: column) if by_index else (lambda column: column + 0)
        if wanted.text:
            query = query.where(self._mentions(by_index=by_index and by_text))
        if wanted.state == FLAGGED:
            # Spelled out, or the index on just these would not be used.
            query = query.where(Transaction.flags != SQL("''"))
        elif wanted.state in STATES:
            query = query.where(plain(Transaction.stopped_at).is_null(wanted.state == RUNNING))
        if wanted.charge_point_id is not None:
            query = query.where(plain(Transaction.charge_point) == wanted.charge_point_id)
        if wanted.since is not None:
            query = query.where(plain(Transaction.started_at) >= clock.to_ms(wanted.since))
        if wanted.before is not None:
            query = query.where(plain(Transaction.started_at) < clock.to_ms(wanted.before))
        return query

    def _mentions(self, *, by_index: bool) -> ColumnBase:
        """The text is in the tag, in the label of its card, or in the station's identity or label.

        A number also finds the session of that id.
        """
        text = self._wanted.text
        place, tag = (Transaction.charge_point, _TAG) if by_index else (Transaction.charge_point + 0, _TAG.concat(""))
        found = []
        # Where there is but one of them an index alone is counted.
        if self._tags:
            found.append(tag.in_(self._tags) if len(self._tags) <= _MOST_TAGS else Transaction.id_tag.contains(text))
        if self._stations:
            found.append(place.in_(self._stations))
        if text.isascii() and text.isdigit() and len(text) <= 9:
            found.append(Transaction.id == int(text))
        return reduce(or_, found) if found else SQL("0 = 1")

    @cached_property
    def _stations(self) -> list[int]:
        """Those whose identity or label contains the text: few, and their sessions are found by an index."""
        text = self._wanted.text
        named = ChargePoint.identity.contains(text) | ChargePoint.label.contains(text)
        return [station.id for station in ChargePoint.select(ChargePoint.id).where(named)]

    @cached_property
    def _tags(self) -> list[str]:
        """The tags of all sessions that contain the text, or whose card's label does; as `lower` makes them."""
        labelled = IdTag.select(IdTag.id_tag_key).where(IdTag.label.contains(self._wanted.text))
        keys, text = {card.id_tag_key for card in labelled}, self._wanted.text.casefold()
        every = Transaction.raw(_EVERY_TAG).tuples()
        return [tag for (tag,) in every if text in tag.casefold() or tag.casefold() in keys]


def in_chunks(store: Store, wanted: Filter, size: int = 500) -> Iterator[list[Transaction]]:
    """The sessions that fit, newest first, some at a time; no connection is held between the chunks."""
    found, last = Found(wanted), None
    with store.reading():
        few = found.ids(STARTED, True, FEW, 0) if found.total <= FEW else None
    for first in range(0, found.total if few is not None else 2**63, size):
        with store.reading():
            ids = few[first : first + size] if few is not None else found.newest(size, last)
            chunk = with_stations(ids)
        if chunk:
            yield chunk
            last = chunk[-1]
        if len(ids) < size:
            return


def with_stations(ids: Sequence[int]) -> list[Transaction]:
    """The sessions with these ids, in this order, with their stations. Needs a connection."""
    query = Transaction.select(Transaction, ChargePoint).join(ChargePoint).where(Transaction.id.in_(list(ids)))
    rows = {row.id: row for row in query}
    return [rows[id_] for id_ in ids if id_ in rows]


def _running(fitting: "ModelSelect[Transaction]", sort: str) -> list[tuple[float, int]]:
    """The energy or duration of those that run, and their ids."""
    now = clock.to_ms(clock.now())
    query = fitting.where(Transaction.stopped_at.is_null())
    return [
        (row.energy_wh if sort == ENERGY else now - clock.to_ms(row.started_at), row.id)
        for row in query.select(Transaction.id, Transaction.energy_wh, Transaction.started_at)
    ]


def _order(sort: str) -> tuple[ColumnBase, ...]:
    """What few sessions are sorted by: written so that no index leads through all others."""
    orders: dict[str, tuple[ColumnBase, ...]] = {
        STATION: (ChargePoint.identity_key, Transaction.started_at + 0),
        CARD: (_TAG.concat(""), Transaction.started_at + 0),
        ENERGY: (Transaction.energy_wh + 0,),
        DURATION: (fn.COALESCE(Transaction.stopped_at, clock.to_ms(clock.now())) - Transaction.started_at,),
    }
    return orders.get(sort, (Transaction.started_at + 0,))


def _ordered(descending: bool, *columns: Any) -> list[ColumnBase]:
    """By these and, among equals, the id."""
    return [column.desc() if descending else column.asc() for column in (*columns, Transaction.id)]


def _only_ids(query: "ModelSelect[Transaction]") -> list[int]:
    rows: Any = query.tuples()
    return [id_ for (id_,) in rows]


def _older_than(last: Transaction) -> Expression:
    """Comes after `last`, newest first; written so that the index on `started_at` is used."""
    return (Transaction.started_at <= last.started_at) & (
        (Transaction.started_at < last.started_at) | (Transaction.id < last.id)
    )
