"""Transactions: the charging sessions, and what the meters said meanwhile."""

from typing import Any

from peewee import fn

from ocpp_server.models import ChargePoint, MeterValue, Transaction
from ocpp_server.services.session import charging_sessions
from ocpp_server.services.station.charge_points import identity_key
from portal.api import paging
from portal.api.operation import operation
from portal.api.problems import missing
from portal.api.schema import (
    ANYTHING,
    BOOLEAN,
    ID,
    INTEGER,
    NUMBER,
    PAGING,
    SINCE,
    STRING,
    TIME,
    UNTIL,
    argument,
    list_of,
    or_null,
    page_of,
    record,
)
from portal.api.values import parsed, time

TAG = "Transactions"
ORDER = paging.Order((Transaction.id,), descending=True)
#: Of a station, a card or a time: the indexes on these lead through their sessions in this order.
BY_TIME = paging.Order((Transaction.started_at, Transaction.id), descending=True)
VALUES_ORDER = paging.Order((MeterValue.at, MeterValue.id))
TRANSACTION = record(
    id={**ID, "description": "The transactionId."},
    station=STRING,
    connector_id=INTEGER,
    id_tag=STRING,
    id_tag_status=STRING,
    started_at=TIME,
    stopped_at={**or_null(TIME), "description": "Null while it runs."},
    meter_start={**INTEGER, "description": "Wh"},
    meter_stop={**or_null(INTEGER), "description": "Wh"},
    energy_wh=NUMBER,
    power_w=or_null(NUMBER),
    soc_percent=or_null(NUMBER),
    stop_reason=or_null(STRING),
    stop_id_tag=or_null(STRING),
    reservation_id=or_null(INTEGER),
    flags={**list_of(STRING), "description": "What was odd and tolerated, or why a figure is an estimate."},
)
METER_VALUE = record(
    timestamp=TIME,
    connector_id=INTEGER,
    energy_wh=or_null(NUMBER),
    power_w=or_null(NUMBER),
    current_a=or_null(NUMBER),
    voltage_v=or_null(NUMBER),
    soc_percent=or_null(NUMBER),
    sampled_value={**ANYTHING, "description": "The station's own samples, untouched."},
)
_FILTERS = (
    argument("station", STRING, "Only transactions of the station with this identity."),
    argument("id_tag", STRING, "Only transactions that were started with this id tag."),
    argument("running", BOOLEAN, "Only transactions that run, or that have ended."),
    SINCE,
    UNTIL,
)


@operation(
    "GET",
    "/transactions",
    "List transactions, newest first",
    tag=TAG,
    answer=page_of(TRANSACTION),
    query=(*_FILTERS, *PAGING),
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    found = Transaction.select(Transaction, ChargePoint).join(ChargePoint)
    if "station" in query:
        found = found.where(ChargePoint.identity_key == identity_key(query["station"]))
    if "id_tag" in query:
        found = found.where(fn.LOWER(Transaction.id_tag) == fn.LOWER(query["id_tag"]))
    if "running" in query:
        found = found.where(Transaction.stopped_at.is_null(query["running"]))
    if "since" in query:
        found = found.where(Transaction.started_at >= query["since"])
    if "until" in query:
        found = found.where(Transaction.started_at < query["until"])
    order = BY_TIME if {"station", "id_tag", "since", "until"} & query.keys() else ORDER
    return paging.part(found, order, query, paging.each(shown))


@operation("GET", "/transactions/<int:transaction_id>", "Show a transaction", tag=TAG, answer=TRANSACTION)
def show(transaction_id: int) -> dict[str, Any]:
    return shown(fetch(transaction_id))


@operation(
    "GET",
    "/transactions/<int:transaction_id>/meter-values",
    "List the meter values of a transaction, oldest first",
    tag=TAG,
    answer=page_of(METER_VALUE),
    query=PAGING,
)
def meter_values(transaction_id: int, query: dict[str, Any]) -> dict[str, Any]:
    found = MeterValue.select().where(MeterValue.transaction_id == fetch(transaction_id).id)
    return paging.part(found, VALUES_ORDER, query, paging.each(_meter_value))


def fetch(transaction_id: int) -> Transaction:
    found = charging_sessions.find(transaction_id)
    if found is None:
        raise missing(f"transaction {transaction_id}")
    return found


def shown(row: Transaction) -> dict[str, Any]:
    return {
        "id": row.id,
        "station": row.charge_point.identity,
        "connector_id": row.connector_id,
        "id_tag": row.id_tag,
        "id_tag_status": row.id_tag_status,
        "started_at": time(row.started_at),
        "stopped_at": time(row.stopped_at),
        "meter_start": row.meter_start,
        "meter_stop": row.meter_stop,
        "energy_wh": row.energy_wh,
        "power_w": row.power_w,
        "soc_percent": row.soc_percent,
        "stop_reason": row.stop_reason,
        "stop_id_tag": row.stop_id_tag,
        "reservation_id": row.reservation_id,
        "flags": row.flags.split(),
    }


def _meter_value(row: MeterValue) -> dict[str, Any]:
    return {
        "timestamp": time(row.at),
        "connector_id": row.connector_id,
        "energy_wh": row.energy_wh,
        "power_w": row.power_w,
        "current_a": row.current_a,
        "voltage_v": row.voltage_v,
        "soc_percent": row.soc_percent,
        "sampled_value": parsed(row.samples),
    }
