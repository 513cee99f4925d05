"""The tables, a module per topic."""

from ocpp_server.models.base import Table, UtcField, database
from ocpp_server.models.charge_points import ChargePoint, Connector
from ocpp_server.models.frames import Frame
from ocpp_server.models.id_tags import IdTag
from ocpp_server.models.operators import Operator, Setting
from ocpp_server.models.refusals import Refusal
from ocpp_server.models.transactions import MeterValue, OrphanMessage, Transaction

TABLES = (
    ChargePoint,
    Connector,
    IdTag,
    Transaction,
    MeterValue,
    OrphanMessage,
    Frame,
    Refusal,
    Operator,
    Setting,
)

__all__ = [
    "TABLES",
    "ChargePoint",
    "Connector",
    "Frame",
    "IdTag",
    "MeterValue",
    "Operator",
    "OrphanMessage",
    "Refusal",
    "Setting",
    "Table",
    "Transaction",
    "UtcField",
    "database",
]
