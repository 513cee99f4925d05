"""Finding reservations: by filters, by time, by where they are, and those that would get in each other's way.

All of these need a connection.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from peewee import ModelSelect, fn

from ocpp_server import clock
from ocpp_server.models import ChargePoint, IdTag, Reservation, Transaction
from ocpp_server.models.reservations import ACTIVE, ENDED, LIVE, OFFLINE, PLANNED, REFUSED, STATES
from ocpp_server.services.card import id_tags

#: More at once are not looked at: neither a picture nor a warning gets better by them.
_MOST = 500


@dataclass(frozen=True)
class Filter:
    """Which are wanted; what is empty does not matter. `state` is one of STATES, or `live` for all that can still come
    to something. `since` and `until` are about when they hold, both inclusive of what reaches into that time."""

    text: str = ""
    state: str = ""
    charge_point_id: int | None = None
    id_tag: str = ""
    since: datetime | None = None
    until: datetime | None = None


def search(wanted: Filter) -> "ModelSelect[Reservation]":
    """Those that fit, each with its station, in no order."""
    query = Reservation.select(Reservation, ChargePoint).join(ChargePoint)
    if wanted.text:
        labelled = IdTag.select(IdTag.id_tag_key).where(IdTag.label.contains(wanted.text))
        query = query.where(
            Reservation.id_tag.contains(wanted.text)
            | Reservation.id_tag_key.in_(labelled)
            | ChargePoint.identity.contains(wanted.text)
            | ChargePoint.label.contains(wanted.text)
        )
    if wanted.state == "live":
        query = query.where(Reservation.state.in_(LIVE))
    elif wanted.state in STATES:
        query = query.where(Reservation.state == wanted.state)
    if wanted.charge_point_id is not None:
        query = query.where(Reservation.charge_point == wanted.charge_point_id)
    if wanted.id_tag:
        query = query.where(Reservation.id_tag_key == id_tags.key(wanted.id_tag))
    if wanted.since is not None:
        query = query.where(Reservation.expiry_date >= wanted.since)
    if wanted.until is not None:
        query = query.where(Reservation.starts_at < wanted.until)
    return query


def find(reservation_id: int) -> Reservation | None:
    """The reservation of that row, with its station."""
    query = Reservation.select(Reservation, ChargePoint).join(ChargePoint)
    return query.where(Reservation.id == reservation_id).first()


def between(start: datetime, end: datetime, charge_point_ids: Collection[int]) -> list[Reservation]:
    """What is, was or will be held there in that time, by when it begins."""
    over_at = fn.COALESCE(Reservation.ended_at, Reservation.expiry_date)
    query = search(Filter(since=start, until=end)).where(
        Reservation.charge_point.in_(list(charge_point_ids)), over_at >= clock.to_ms(start)
    )
    return list(query.order_by(Reservation.starts_at, Reservation.id).limit(_MOST))


def stations_between(start: datetime, end: datetime) -> set[int]:
    """The stations with a reservation in that time."""
    query = Reservation.select(Reservation.charge_point).distinct()
    query = query.where(Reservation.expiry_date >= start, Reservation.starts_at < end)
    return {row.charge_point_id for row in query}  # type: ignore[attr-defined]


def active(charge_point_ids: Collection[int]) -> dict[tuple[int, int], Reservation]:
    """What these stations hold now, by station and connector (0: any of its connectors); that which ends first."""
    query = Reservation.select().where(
        Reservation.charge_point.in_(list(charge_point_ids)), Reservation.state == ACTIVE
    )
    rows = list(query.order_by(Reservation.expiry_date.desc(), Reservation.id.desc()))
    return {(row.charge_point_id, row.connector_id): row for row in rows}  # type: ignore[attr-defined]


def in_trouble() -> list[Reservation]:
    """What should be held now or later and is not: refused, ended early, or waiting for its station; with stations."""
    lost = Reservation.state.in_([REFUSED, ENDED])
    waiting = (Reservation.state == PLANNED) & (Reservation.status == OFFLINE)
    query = search(Filter()).where(lost | waiting, Reservation.expiry_date > clock.now())
    query = query.where(ChargePoint.deleted_at.is_null())
    return list(query.order_by(Reservation.expiry_date, Reservation.id).limit(_MOST))


def of_session(transaction: Transaction) -> Reservation | None:
    """The reservation that this session used."""
    query = Reservation.select().where(
        Reservation.charge_point == transaction.charge_point_id,  # type: ignore[attr-defined]
        Reservation.transaction_id == transaction.id,
    )
    return query.first()


def overlapping(
    charge_point_id: int, connector_id: int, start: datetime, end: datetime, *, without: int | None = None
) -> list[Reservation]:
    """What can get in the way of holding that connector in that time; any connector gets in the way of all."""
    query = Reservation.select().where(
        Reservation.charge_point == charge_point_id,
        Reservation.state.in_(LIVE),
        Reservation.starts_at < end,
        Reservation.expiry_date > start,
        Reservation.id != (without or 0),
    )
    if connector_id != 0:
        query = query.where(Reservation.connector_id.in_([0, connector_id]))
    return list(query.order_by(Reservation.starts_at, Reservation.id).limit(_MOST))
