"""What remains of old meter values, and how the database and the files grew."""

from peewee import BigAutoField, BigIntegerField, DoubleField, IntegerField

from ocpp_server.models.base import Table, UtcField


class EnergyQuarter(Table):
    """A quarter of an hour of one connector, drawn from raw meter values that are gone. Kept for good.

    `transaction_id` is 0 for what was measured outside any session; `at` is the start of the quarter in UTC.
    """

    id = BigAutoField()
    charge_point_id = IntegerField()
    connector_id = BigIntegerField()
    transaction_id = BigIntegerField(default=0)
    at = UtcField()
    energy_wh = DoubleField(default=0)
    max_power_w = DoubleField(null=True)
    #: What the meter showed at the end of the quarter.
    register_wh = DoubleField(null=True)

    class Meta:
        table_name = "energy_quarter"
        indexes = (
            (("transaction_id", "charge_point_id", "connector_id", "at"), True),
            (("charge_point_id", "at"), False),
        )


class StorageSample(Table):
    """How large the database and all files were on a day; one row for each day. Rows are estimates."""

    #: Midnight in UTC.
    day = UtcField(unique=True)
    at = UtcField()
    database_bytes = BigIntegerField()
    #: Null on days before this was kept.
    file_bytes = BigIntegerField(null=True)
    meter_values = BigIntegerField()
    frames = BigIntegerField()
    transactions = BigIntegerField()

    class Meta:
        table_name = "storage_sample"
