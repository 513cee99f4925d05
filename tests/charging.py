"""Stations, sessions and readings for tests, in as few words as possible. All run inside a unit of work."""

import json
from datetime import datetime, timedelta
from typing import Any

from ocpp_server.models import ChargePoint, MeterValue, Transaction


def station(identity: str = "CP-1", **fields: Any) -> ChargePoint:
    values = {"created_at": datetime.fromtimestamp(0).astimezone(), **fields}
    return ChargePoint.create(identity=identity, identity_key=identity.casefold(), **values)


def session(charge_point: ChargePoint, started_at: datetime, hours: float | None = 1, **fields: Any) -> Transaction:
    """A session of so many hours, or a running one for None."""
    stopped_at = None if hours is None else started_at + timedelta(hours=hours)
    values = {
        "connector_id": 1,
        "id_tag": "CARD-1",
        "id_tag_status": "Accepted",
        "start_reported_at": started_at,
        "start_received_at": started_at,
        "meter_start": 1000,
        "stopped_at": stopped_at,
        "stop_reported_at": stopped_at,
        "stop_received_at": stopped_at,
        **fields,
    }
    return Transaction.create(charge_point=charge_point, started_at=started_at, **values)


def reading(
    transaction: Transaction,
    at: datetime,
    samples: list[dict] | None = None,
    received_at: datetime | None = None,
    **totals: Any,
) -> MeterValue:
    return MeterValue.create(
        charge_point_id=transaction.charge_point_id,
        connector_id=transaction.connector_id,
        transaction_id=transaction.id,
        at=at,
        received_at=received_at or at,
        samples=json.dumps(samples or []),
        **totals,
    )
