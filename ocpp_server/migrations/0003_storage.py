"""Quarter hours of energy, which outlive the raw meter values; a daily sample of the size; what large tables need."""

from peewee import BigAutoField, BigIntegerField, DoubleField, IntegerField, Model


def up(migrator, db):
    class EnergyQuarter(Model):
        id = BigAutoField()
        charge_point_id = IntegerField()
        connector_id = BigIntegerField()
        transaction_id = BigIntegerField(default=0)
        at = BigIntegerField()
        energy_wh = DoubleField(default=0)
        max_power_w = DoubleField(null=True)
        register_wh = DoubleField(null=True)

        class Meta:
            database = db
            table_name = "energy_quarter"
            indexes = (
                (("transaction_id", "charge_point_id", "connector_id", "at"), True),
                (("charge_point_id", "at"), False),
            )

    db.create_tables([EnergyQuarter])

    class StorageSample(Model):
        day = BigIntegerField(unique=True)
        at = BigIntegerField()
        database_bytes = BigIntegerField()
        meter_values = BigIntegerField()
        frames = BigIntegerField()
        transactions = BigIntegerField()

        class Meta:
            database = db
            table_name = "storage_sample"

    db.create_tables([StorageSample])
    # A station's latest sessions; and those with a remark, which are few.
    db.execute_sql(
        "CREATE INDEX charging_transaction_charge_point_id_started_at"
        " ON charging_transaction (charge_point_id, started_at)"
    )
    db.execute_sql("CREATE INDEX charging_transaction_flagged ON charging_transaction (started_at) WHERE flags <> ''")


def down(migrator, db):
    db.execute_sql("DROP INDEX charging_transaction_flagged")
    db.execute_sql("DROP INDEX charging_transaction_charge_point_id_started_at")
    migrator.migrate(migrator.drop_table("storage_sample"))
    migrator.migrate(migrator.drop_table("energy_quarter"))
