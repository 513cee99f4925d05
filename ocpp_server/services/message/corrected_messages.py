"""Messages of a session that were odd and were put right, from the notes in the message log."""

import json
from typing import Any

from peewee import SQL

from ocpp_server import clock
from ocpp_server.models import Frame, Transaction
from ocpp_server.services.message.frame_times import SLACK, first_id

#: No more than this are looked at and shown.
MOST = 1000
_ACTIONS = ("StartTransaction", "MeterValues", "StopTransaction")


def find(session: Transaction) -> list[int]:
    """Their ids in the log, the oldest first. Needs a connection."""
    since, until = session.start_received_at, session.stop_received_at or clock.now()
    query = (
        Frame.select(Frame.id, Frame.action, Frame.text, Frame.at)
        .where(
            Frame.charge_point_id == session.charge_point_id,  # type: ignore[attr-defined]
            Frame.id.between(first_id(since - SLACK), first_id(until + SLACK)),
            # Spelled out, or the index on what is odd would not be used.
            Frame.note != SQL("''"),
            Frame.action.in_(_ACTIONS),
            Frame.at.between(since, until),
        )
        .order_by(Frame.id)
        .limit(MOST)
    )
    return [frame.id for frame in query if _belongs(frame, session)]


def _belongs(frame: Frame, session: Transaction) -> bool:
    """By the session's number; where a message has none (yet), by the connector."""
    payload = _payload(frame.text)
    is_there = str(payload.get("connectorId")) == str(session.connector_id)
    if frame.action == "StartTransaction":
        return is_there and frame.at == session.start_received_at
    number = payload.get("transactionId")
    return is_there if number is None else str(number) == str(session.id)


def _payload(text: str) -> dict[str, Any]:
    try:
        payload = json.loads(text)[3]
    except (ValueError, RecursionError, TypeError, LookupError):
        return {}
    return payload if isinstance(payload, dict) else {}
