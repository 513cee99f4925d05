"""Charging sessions, what the meters said meanwhile, and messages that fit no session."""

from peewee import (
    BigAutoField,
    BigIntegerField,
    CharField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from ocpp_server.models.base import Table, UtcField
from ocpp_server.models.charge_points import ChargePoint


class Transaction(Table):
    """A session. `id` is the transactionId that the station was given.

    `started_at` and `stopped_at` are what counts for people and bills: the station's own times, or the arrival
    where the station's clock was unset. The station's own words are kept beside them (`*_reported_at`).
    Energies are in Wh, power in W.
    """

    charge_point_id: int
    # The indexes on the station's sessions by time begin with it.
    charge_point = ForeignKeyField(ChargePoint, backref="transactions", on_delete="RESTRICT", index=False)
    connector_id = BigIntegerField()
    id_tag = TextField()
    #: What StartTransaction was answered: Accepted, Invalid, Blocked, Expired, ConcurrentTx.
    id_tag_status = CharField(max_length=16)
    reservation_id = BigIntegerField(null=True)
    started_at = UtcField()
    start_reported_at = UtcField(null=True)
    start_received_at = UtcField()
    meter_start = BigIntegerField()

    stopped_at = UtcField(null=True)
    stop_reported_at = UtcField(null=True)
    stop_received_at = UtcField(null=True)
    meter_stop = BigIntegerField(null=True)
    stop_reason = TextField(null=True)
    stop_id_tag = TextField(null=True)

    #: Energy so far, or in all once stopped, by the rules of services/session/energy.py.
    energy_wh = DoubleField(default=0)
    #: The last register reading that was believed, and its time.
    meter_last_wh = DoubleField(null=True)
    meter_last_at = UtcField(null=True)
    #: The time of the newest meter value; a repetition cannot be newer.
    values_until = UtcField(null=True)
    power_w = DoubleField(null=True)
    soc_percent = DoubleField(null=True)
    #: Words separated by blanks: what was odd and tolerated, or why a figure is an estimate.
    flags = TextField(default="")
    #: Energy, last reading and flags as JSON, from before an operator ended the session by hand.
    before_repair = TextField(null=True)

    class Meta:
        table_name = "charging_transaction"
        indexes = (
            (("charge_point", "start_reported_at"), False),
            (("charge_point", "started_at"), False),
            (("started_at",), False),
            (("stopped_at",), False),
        )


class MeterValue(Table):
    """One `meterValue` element: the raw samples as they came, and the totals drawn from them."""

    id = BigAutoField()
    charge_point_id = IntegerField()
    connector_id = BigIntegerField()
    transaction_id = BigIntegerField(null=True)
    at = UtcField()
    received_at = UtcField()
    #: The sampledValue list as JSON text, untouched.
    samples = TextField()
    energy_wh = DoubleField(null=True)
    power_w = DoubleField(null=True)
    current_a = DoubleField(null=True)
    voltage_v = DoubleField(null=True)
    soc_percent = DoubleField(null=True)

    class Meta:
        table_name = "meter_value"
        indexes = ((("transaction_id", "at"), False),)


class OrphanMessage(Table):
    """A transaction message that fits no session, kept for the operator to resolve (errata 3.18)."""

    charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
    action = CharField(max_length=64)
    payload = TextField()
    reason = TextField()
    received_at = UtcField()
    resolved_at = UtcField(null=True)

    class Meta:
        table_name = "orphan_message"
