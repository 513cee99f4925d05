"""Finding charging sessions: for the list, for its export, and everything about one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from peewee import SQL, ColumnBase, Expression, ModelSelect, fn

from ocpp_server import clock
from ocpp_server.models import ChargePoint, EnergyQuarter, Frame, IdTag, MeterValue, Transaction
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


@dataclass(frozen=True)
class Filter:
    """Which sessions are wanted; what is empty does not matter. `before` is not included."""

    text: str = ""
    state: str = ""
    charge_point_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None


def search(wanted: Filter, sort: str = "started", descending: bool = True) -> "ModelSelect[Transaction]":
    """The sessions that fit, with their stations, in that order. Needs a connection."""
    order = _order(sort)
    query = _matching(wanted)
    if descending:
        return query.order_by(order.desc(), Transaction.id.desc())
    return query.order_by(order.asc(), Transaction.id.asc())


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
        query = query.where(Frame.at <= session.stop_received_at)
    return query.order_by(Frame.id.desc()).scalar()


def stations() -> list[ChargePoint]:
    """The stations a list of sessions can be narrowed to. Needs a connection."""
    query = ChargePoint.select(ChargePoint.id, ChargePoint.identity, ChargePoint.label)
    return sorted(query.where(ChargePoint.deleted_at.is_null()), key=lambda station: station.name.casefold())


def _joined() -> "ModelSelect[Transaction]":
    return Transaction.select(Transaction, ChargePoint).join(ChargePoint)


def _matching(wanted: Filter) -> "ModelSelect[Transaction]":
    query = _joined()
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

    A number also finds the session of that id.
    """
    labelled = IdTag.label.contains(text)
    found = (
        Transaction.id_tag.contains(text)
        | ChargePoint.identity.contains(text)
        | ChargePoint.label.contains(text)
        | fn.LOWER(Transaction.id_tag).in_(IdTag.select(IdTag.id_tag_key).where(labelled))
        | Transaction.id_tag.in_(IdTag.select(IdTag.id_tag).where(labelled))
    )
    if text.isascii() and text.isdigit() and len(text) <= 9:
        found |= Transaction.id == int(text)
    return found


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
