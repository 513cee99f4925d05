"""Everything about one charging session, and what a list of them can be narrowed to."""

from peewee import ModelSelect, fn

from ocpp_server.models import ChargePoint, EnergyQuarter, Frame, MeterValue, Transaction
from ocpp_server.services.message.frame_times import SLACK, first_id


def find(transaction_id: int) -> Transaction | None:
    """One session with its station, deleted or not. Needs a connection."""
    query = Transaction.select(Transaction, ChargePoint).join(ChargePoint)
    return query.where(Transaction.id == transaction_id).first()


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
