"""Transaction messages that fit no session: kept until an operator has dealt with them (errata 3.18)."""

from peewee import ModelSelect

from ocpp_server import clock
from ocpp_server.models import ChargePoint, OrphanMessage
from ocpp_server.store import Unit


def search(resolved: bool = False) -> "ModelSelect[OrphanMessage]":
    """The messages that wait, or those that were dealt with, newest first. Needs a connection."""
    return (
        OrphanMessage.select(OrphanMessage, ChargePoint)
        .join(ChargePoint)
        .where(OrphanMessage.resolved_at.is_null(not resolved))
        .order_by(OrphanMessage.received_at.desc(), OrphanMessage.id.desc())
    )


def count_open() -> int:
    """How many wait for an operator. Needs a connection."""
    return OrphanMessage.select().where(OrphanMessage.resolved_at.is_null()).count()


def resolve(unit: Unit, orphan_message_id: int, resolved: bool = True) -> None:
    """Mark a message as dealt with, or take the mark back. Raises OrphanMessage.DoesNotExist."""
    message = OrphanMessage.get_by_id(orphan_message_id)
    message.resolved_at = clock.now() if resolved else None
    message.save()
    unit.publish("transactions")
