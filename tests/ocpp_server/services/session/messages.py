"""What stations say of a session, in as few words as possible."""

import json
from datetime import timedelta

from ocpp_server import clock
from tests.ocpp_server.conftest import NOON

NOON_MS = clock.to_ms(NOON)
MINUTE = 60_000
HOUR = 60 * MINUTE


def at(**offset):
    return clock.iso(NOON + timedelta(**offset))


def start(speaker, connector_id=1, id_tag="GOOD", meter_start=1000, timestamp=None, **more):
    payload = {"connectorId": connector_id, "idTag": id_tag, "meterStart": meter_start}
    return speaker.ask("StartTransaction", {**payload, "timestamp": timestamp or clock.iso(clock.now()), **more})


def start_id(speaker, *arguments, **fields):
    return start(speaker, *arguments, **fields)["transactionId"]


def stop(speaker, transaction_id, meter_stop=2000, timestamp=None, **more):
    payload = {"transactionId": transaction_id, "meterStop": meter_stop}
    return speaker.ask("StopTransaction", {**payload, "timestamp": timestamp or clock.iso(clock.now()), **more})


def value(timestamp, *samples, **fields):
    return {"timestamp": timestamp, "sampledValue": [*samples, fields] if fields else list(samples)}


def meter(speaker, *values, connector_id=1, transaction_id=None):
    payload = {"connectorId": connector_id, "meterValue": list(values)}
    if transaction_id is not None:
        payload["transactionId"] = transaction_id
    return speaker.ask("MeterValues", payload)


def meter_values(speaker):
    return [tuple(row) for row in speaker.rows("SELECT transaction_id, connector_id, at FROM meter_value ORDER BY id")]


def orphans(speaker):
    return [json.loads(row[0]) for row in speaker.rows("SELECT payload FROM orphan_message ORDER BY id")]


def count(speaker):
    return speaker.row("SELECT count(*) FROM charging_transaction")[0]
