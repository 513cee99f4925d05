"""Sessions whose end was never reported: how to tell them, ending them by hand, and taking that back.

A station that lost its StopTransaction leaves a session that runs for ever. Only an operator ends it (a station may
report hours later, section 3.7), and if the station's own StopTransaction still comes, that one counts.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ocpp.v16.enums import ChargePointStatus

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Connector, Transaction
from ocpp_server.services.errors import Invalid
from ocpp_server.services.session import energy, open_transactions
from ocpp_server.services.session.open_transactions import CLOSED_BY_OPERATOR, OpenTransaction
from ocpp_server.store import Unit

#: The stop may follow the status (certification rule 1.2), and queued messages need time after a start.
_FREE_FOR, _BOOTED_FOR, _AWAY_FOR = timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24)
_AVAILABLE = ChargePointStatus.available.value
_FIGURES = "SELECT energy_wh, meter_last_wh, meter_last_at, flags FROM charging_transaction WHERE id = ?"
_ENDED = "SELECT charge_point_id, flags, before_repair FROM charging_transaction WHERE id = ?"
_KEEP = "UPDATE charging_transaction SET flags = ?, before_repair = ? WHERE id = ?"
_REOPEN = (
    "UPDATE charging_transaction SET stopped_at = NULL, stop_received_at = NULL, meter_stop = NULL, stop_reason = NULL,"
    " energy_wh = ?, meter_last_wh = ?, meter_last_at = ?, flags = ?, before_repair = NULL WHERE id = ?"
)


class Sign(StrEnum):
    """Why a running session looks as if it had ended."""

    CONNECTOR_FREE = "connector_free"
    BOOTED_SINCE = "booted_since"
    STATION_AWAY = "station_away"


@dataclass(frozen=True)
class Proposal:
    """When the session probably ended, and what it had charged by then (Wh)."""

    ended_at: datetime
    energy_wh: float


def signs(
    session: Transaction, charge_point: ChargePoint, connector: Connector | None, *, online: bool, now: datetime
) -> list[Sign]:
    """What speaks for it that a running session has ended; nothing for one that has."""
    if session.stopped_at is not None:
        return []
    last = last_sign_of_life(session)
    free_since = connector.status_at if connector is not None and connector.status == _AVAILABLE else None
    booted_at, seen_at = charge_point.last_boot_at, charge_point.last_seen_at
    holds = {
        Sign.CONNECTOR_FREE: free_since is not None and last < free_since <= now - _FREE_FOR,
        Sign.BOOTED_SINCE: booted_at is not None and last < booted_at <= now - _BOOTED_FOR,
        Sign.STATION_AWAY: not online and seen_at is not None and seen_at <= now - _AWAY_FOR,
    }
    return [sign for sign, is_there in holds.items() if is_there]


def last_sign_of_life(session: Transaction) -> datetime:
    """The latest that the station said of this session, by its own time."""
    return max(session.started_at, session.values_until or session.started_at)


def propose(session: Transaction) -> Proposal:
    """The end that the last reading tells."""
    return Proposal(last_sign_of_life(session), session.energy_wh)


def end(unit: Unit, transaction_id: int, *, ended_at: datetime, meter_stop: int | None = None) -> None:
    """End a running session by hand; `meter_stop` in Wh where somebody read the meter. Raises Invalid."""
    session = _running(unit, transaction_id)
    at = clock.to_ms(ended_at)
    if at < session.counter.started_at:
        raise Invalid("ended_at", "The session cannot end before it began.")
    if at > clock.to_ms(clock.now()):
        raise Invalid("ended_at", "This is in the future.")
    if meter_stop is not None and meter_stop < session.counter.meter_start:
        raise Invalid("meter_stop", "The meter showed more when the session began.")
    before = unit.one(_FIGURES, transaction_id)
    energy.finish(session.counter, meter_stop, at)
    now = clock.to_ms(clock.now())
    session.save_stop(
        unit, stopped_at=at, reported_at=None, received_at=now, meter_stop=meter_stop, reason=None, id_tag=None
    )
    flags = " ".join(sorted({*session.counter.flags, CLOSED_BY_OPERATOR}))
    unit.execute(_KEEP, flags, json.dumps(before), transaction_id)
    _publish(unit, session)


def reopen(unit: Unit, transaction_id: int) -> None:
    """Take back that an operator ended a session: it runs again, with the figures it had. Raises Invalid."""
    row = unit.one(_ENDED, transaction_id)
    if row is None or row[2] is None or CLOSED_BY_OPERATOR not in row[1].split():
        raise Invalid("transaction_id", "Only a session that was ended by hand can be reopened.")
    energy_wh, last_wh, last_at, flags = json.loads(row[2])
    unit.execute(_REOPEN, energy_wh, last_wh, last_at, flags, transaction_id)
    session = open_transactions.find(unit, row[0], transaction_id)
    if session is not None:
        _publish(unit, session)


def _running(unit: Unit, transaction_id: int) -> OpenTransaction:
    row = unit.one("SELECT charge_point_id FROM charging_transaction WHERE id = ?", transaction_id)
    session = open_transactions.find(unit, row[0], transaction_id) if row is not None else None
    if session is None or session.stopped_at is not None:
        raise Invalid("transaction_id", "This session does not run any more.")
    return session


def _publish(unit: Unit, session: OpenTransaction) -> None:
    unit.publish(
        "transactions",
        f"transaction-{session.id}",
        "charge-points",
        f"charge-point-{session.charge_point_id}",
    )
