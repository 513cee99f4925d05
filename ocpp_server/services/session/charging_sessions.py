"""Finding charging sessions: for the list, for its export, and everything about one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from peewee import SQL, ColumnBase, Expression, ModelCompoundSelectQuery, ModelSelect, fn

from ocpp_server import clock
from ocpp_server.models import ChargePoint, EnergyQuarter, Frame, IdTag, MeterValue, Transaction
from ocpp_server.services.message.frame_times import SLACK, first_id
from ocpp_server.store import Store

RUNNING, FINISHED, FLAGGED = "running", "finished", "flagged"
STATES = (RUNNING, FINISHED, FLAGGED)
_SORTS = {
    "started": Transaction.started_at,
    "station": fn.LOWER(ChargePoint.identity),
    "card": fn.LOWER(Transaction.id_tag),
    "energy": Transaction.energy_wh,
}
SORTS = (*_SORTS, "duration")
#: So many sessions are sorted in no time.
_FEW = 2_000
#: More tags than this are not named one by one.
_MOST_TAGS = 5_000
#: Every tag once, from one to the next by the index: there are few tags and many sessions.
_EVERY_TAG = (
    "WITH RECURSIVE every(tag) AS (SELECT min(id_tag) FROM charging_transaction UNION ALL"
    " SELECT (SELECT min(id_tag) FROM charging_transaction WHERE id_tag > tag) FROM every WHERE tag IS NOT NULL)"
    " SELECT tag FROM every WHERE tag IS NOT NULL"
)


@dataclass(frozen=True)
class Filter:
    """Which sessions are wanted; what is empty does not matter. `before` is not included."""

    text: str = ""
    state: str = ""
    charge_point_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None


def search(
    wanted: Filter,
    sort: str = "started",
    descending: bool = True,
    *,
    first: int | None = None,
    total: int | None = None,
) -> "ModelSelect[Transaction]":
    """The sessions that fit, with their stations, in that order. Needs a connection.

    Who needs only the first so many, or knows how many fit, says so: there may be a shorter way to them.
    """
    query = _matching(_joined(), wanted)
    if sort == "started" and total is not None and total <= _FEW:
        # Sorted when they are found; or all others would be stepped over in the order of time.
        return query.order_by(*_ordered(Transaction.started_at + 0, descending))
    if sort == "energy" and first is not None:
        query = query.where(Transaction.id.in_(_first_by_energy(wanted, descending, first)))
    return query.order_by(*_ordered(_order(sort), descending))


def count(wanted: Filter) -> int:
    """How many sessions fit. Needs a connection."""
    return _matching(Transaction.select(), wanted).count()


def in_chunks(store: Store, wanted: Filter, size: int = 500) -> Iterator[list[Transaction]]:
    """The sessions that fit, newest first, some at a time; no connection is held between the chunks."""
    last: Transaction | None = None
    while True:
        with store.reading():
            query = search(wanted).limit(size)
            chunk = list(query if last is None else query.where(_older_than(last)))
        if chunk:
            yield chunk
        if len(chunk) < size:
            return
        last = chunk[-1]


def find(transaction_id: int) -> Transaction | None:
    """One session with its station, deleted or not. Needs a connection."""
    return _joined().where(Transaction.id == transaction_id).first()


def max_power_w(transaction_id: int) -> float | None:
    """The highest power that the meter reported. Needs a connection."""
    found = [
        table.select(fn.MAX(power)).where(table.transaction_id == transaction_id).scalar()
        for table, power in ((MeterValue, MeterValue.power_w), (EnergyQuarter, EnergyQuarter.max_power_w))
    ]
    return max((power for power in found if power is not None), default=None)


def readings(transaction_id: int) -> "ModelSelect[MeterValue]":
    """The session's meter values, newest first. Needs a connection."""
    return (
        MeterValue.select()
        .where(MeterValue.transaction_id == transaction_id)
        .order_by(MeterValue.at.desc(), MeterValue.id.desc())
    )


def last_frame_id(session: Transaction) -> int | None:
    """The station's last message of the session, in its message log. Needs a connection."""
    query = Frame.select(Frame.id).where(Frame.charge_point_id == session.charge_point.id)
    if session.stop_received_at is not None:
        until = session.stop_received_at
        query = query.where(Frame.at <= until, Frame.id < first_id(until + SLACK))
    return query.order_by(Frame.id.desc()).scalar()


def stations() -> list[ChargePoint]:
    """The stations a list of sessions can be narrowed to. Needs a connection."""
    query = ChargePoint.select(ChargePoint.id, ChargePoint.identity, ChargePoint.label)
    return sorted(query.where(ChargePoint.deleted_at.is_null()), key=lambda station: station.name.casefold())


def _joined() -> "ModelSelect[Transaction]":
    return Transaction.select(Transaction, ChargePoint).join(ChargePoint)


def _matching(query: "ModelSelect[Transaction]", wanted: Filter) -> "ModelSelect[Transaction]":
    if wanted.text:
        query = query.where(_mentions(wanted.text))
    if wanted.state in STATES:
        query = query.where(_is(wanted.state))
    if wanted.charge_point_id is not None:
        query = query.where(Transaction.charge_point == wanted.charge_point_id)
    if wanted.since is not None:
        query = query.where(Transaction.started_at >= wanted.since)
    if wanted.before is not None:
        query = query.where(Transaction.started_at < wanted.before)
    return query


def _mentions(text: str) -> Expression:
    """The text is in the tag, in the label of its card, or in the station's identity or label.

    A number also finds the session of that id. Tags and stations are looked up first, of which there are few: their
    sessions are found by an index.
    """
    stations = ChargePoint.select(ChargePoint.id).where(
        ChargePoint.identity.contains(text) | ChargePoint.label.contains(text)
    )
    charge_points = [station.id for station in stations]
    tags = _tags(text)
    is_tag = Transaction.id_tag.in_(tags) if len(tags) <= _MOST_TAGS else Transaction.id_tag.contains(text)
    found = is_tag | Transaction.charge_point.in_(charge_points)
    if text.isascii() and text.isdigit() and len(text) <= 9:
        found |= Transaction.id == int(text)
    return found


def _tags(text: str) -> list[str]:
    """The tags of all sessions that contain the text, or whose card's label does."""
    labelled = IdTag.select(IdTag.id_tag_key).where(IdTag.label.contains(text))
    keys = {card.id_tag_key for card in labelled}
    text = text.casefold()
    return [tag for (tag,) in Transaction.raw(_EVERY_TAG).tuples() if text in tag.casefold() or tag.casefold() in keys]


def _first_by_energy(wanted: Filter, descending: bool, number: int) -> "ModelCompoundSelectQuery":
    """The first so many of those that ended, by an index on just these, and the few that run.

    An index on all would be written with every meter value.
    """
    found = _matching(Transaction.select(Transaction.id), wanted)
    ended = found.where(Transaction.stopped_at.is_null(False))
    ended = ended.order_by(*_ordered(Transaction.energy_wh, descending)).limit(number)
    running = found.where(Transaction.stopped_at.is_null())
    return Transaction.select(SQL("id")).from_(ended).union_all(running)


def _ordered(column: ColumnBase, descending: bool) -> tuple[ColumnBase, ColumnBase]:
    if descending:
        return column.desc(), Transaction.id.desc()
    return column.asc(), Transaction.id.asc()


def _is(state: str) -> Expression:
    if state == FLAGGED:
        # Spelled out, or the index on just these would not be used.
        return Transaction.flags != SQL("''")
    return Transaction.stopped_at.is_null(state == RUNNING)


def _order(sort: str) -> ColumnBase:
    if sort == "duration":
        return fn.COALESCE(Transaction.stopped_at, clock.to_ms(clock.now())) - Transaction.started_at
    return _SORTS.get(sort, Transaction.started_at)


def _older_than(last: Transaction) -> Expression:
    """Comes after `last` in the order of `in_chunks`; written so that the index on `started_at` is used."""
    return (Transaction.started_at <= last.started_at) & (
        (Transaction.started_at < last.started_at) | (Transaction.id < last.id)
    )
