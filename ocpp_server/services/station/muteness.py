"""Stations that speak but answer nothing that they are asked: some forget how to on an old connection (quirk 10)."""

from datetime import datetime

from ocpp_server import stations
from ocpp_server.models import Command
from ocpp_server.models.commands import OPEN_STATES, TIMEOUT
from ocpp_server.store import Unit

#: So many requests in a row without any answer, not even a late one.
ENOUGH = 3


def is_mute(charge_point_id: int, connected_at: datetime | None) -> bool:
    """Whether it answered none of the latest requests on this connection. Needs a connection to the database."""
    if connected_at is None:
        return False
    query = (
        Command.select(Command.state, Command.late_at, Command.sent_at)
        .where(
            Command.charge_point == charge_point_id, Command.state.not_in(OPEN_STATES), Command.sent_at.is_null(False)
        )
        .order_by(Command.id.desc())
        .limit(ENOUGH)
    )
    rows = [row for row in query if row.sent_at >= connected_at]
    return len(rows) == ENOUGH and all(row.state == TIMEOUT and row.late_at is None for row in rows)


def drop_connection(unit: Unit, charge_point_id: int) -> None:
    """Close the station's connection, once this is on record; most stations come back at once."""
    unit.after_commit(lambda: stations.disconnect(charge_point_id, "dropped by an operator"))
