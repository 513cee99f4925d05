"""The tables of the first release: stations, cards, sessions, meter values, frames, inbox, operators."""

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


def up(migrator, db):
    class ChargePoint(Model):
        identity = CharField()
        identity_key = CharField(unique=True)
        label = CharField(default="")
        location = CharField(default="")
        registration = CharField(max_length=16, default="accepted")
        password_hash = CharField(null=True)
        security_profile = IntegerField(default=0)
        strict_subprotocol = BooleanField(default=False)
        spontaneous_calls = BooleanField(default=True)
        vendor = TextField(null=True)
        model = TextField(null=True)
        serial_number = TextField(null=True)
        charge_box_serial_number = TextField(null=True)
        firmware_version = TextField(null=True)
        iccid = TextField(null=True)
        imsi = TextField(null=True)
        meter_type = TextField(null=True)
        meter_serial_number = TextField(null=True)
        created_at = BigIntegerField()
        deleted_at = BigIntegerField(null=True)
        last_boot_at = BigIntegerField(null=True)
        connected_at = BigIntegerField(null=True)
        disconnected_at = BigIntegerField(null=True)
        last_seen_at = BigIntegerField(null=True)
        disconnect_reason = TextField(null=True)

        class Meta:
            database = db
            table_name = "charge_point"

    db.create_tables([ChargePoint])

    class Connector(Model):
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        connector_id = BigIntegerField()
        status = CharField(max_length=32, default="Unavailable")
        error_code = TextField(default="NoError")
        info = TextField(null=True)
        vendor_id = TextField(null=True)
        vendor_error_code = TextField(null=True)
        status_at = BigIntegerField()
        received_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "connector"
            indexes = ((("charge_point", "connector_id"), True),)

    db.create_tables([Connector])

    class Frame(Model):
        id = BigAutoField()
        charge_point_id = IntegerField()
        at = BigIntegerField()
        outgoing = BooleanField()
        message_type = IntegerField()
        message_id = TextField()
        action = TextField()
        text = TextField()
        outcome = CharField(max_length=64, default="")
        note = TextField(default="")

        class Meta:
            database = db
            table_name = "frame"
            indexes = ((("charge_point_id", "id"), False),)

    db.create_tables([Frame])

    class IdTag(Model):
        id_tag = CharField(max_length=20)
        id_tag_key = CharField(unique=True, max_length=20)
        status = CharField(max_length=16, default="accepted")
        expiry_date = BigIntegerField(null=True)
        parent_id_tag = CharField(index=True, null=True, max_length=20)
        label = CharField(default="")
        note = TextField(default="")
        created_at = BigIntegerField()
        last_used_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "id_tag"

    db.create_tables([IdTag])

    class MeterValue(Model):
        id = BigAutoField()
        charge_point_id = IntegerField()
        connector_id = BigIntegerField()
        transaction_id = BigIntegerField(null=True)
        at = BigIntegerField()
        received_at = BigIntegerField()
        samples = TextField()
        energy_wh = DoubleField(null=True)
        power_w = DoubleField(null=True)
        current_a = DoubleField(null=True)
        voltage_v = DoubleField(null=True)
        soc_percent = DoubleField(null=True)

        class Meta:
            database = db
            table_name = "meter_value"
            indexes = ((("transaction_id", "at"), False),)

    db.create_tables([MeterValue])

    class Operator(Model):
        email = CharField(unique=True)
        name = CharField(default="")
        password_hash = CharField()
        role = CharField(max_length=16, default="viewer")
        session_key = CharField(max_length=64)
        language = CharField(max_length=16, default="")
        created_at = BigIntegerField()
        last_login_at = BigIntegerField(null=True)
        disabled_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "operator"

    db.create_tables([Operator])

    class OrphanMessage(Model):
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        action = CharField(max_length=64)
        payload = TextField()
        reason = TextField()
        received_at = BigIntegerField()
        resolved_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "orphan_message"

    db.create_tables([OrphanMessage])

    class Refusal(Model):
        first_at = BigIntegerField()
        last_at = BigIntegerField()
        count = IntegerField(default=1)
        address = CharField(max_length=64)
        path = TextField()
        identity = CharField()
        reason = CharField(max_length=32)
        detail = TextField(default="")
        user_agent = TextField(default="")

        class Meta:
            database = db
            table_name = "refusal"
            indexes = ((("reason", "identity", "address"), True),)

    db.create_tables([Refusal])

    class Setting(Model):
        key = CharField(primary_key=True, max_length=64)
        value = TextField()

        class Meta:
            database = db
            table_name = "setting"

    db.create_tables([Setting])

    class Transaction(Model):
        charge_point = ForeignKeyField(ChargePoint, on_delete="RESTRICT")
        connector_id = BigIntegerField()
        id_tag = TextField()
        id_tag_status = CharField(max_length=16)
        reservation_id = BigIntegerField(null=True)
        started_at = BigIntegerField()
        start_reported_at = BigIntegerField(null=True)
        start_received_at = BigIntegerField()
        meter_start = BigIntegerField()
        stopped_at = BigIntegerField(null=True)
        stop_reported_at = BigIntegerField(null=True)
        stop_received_at = BigIntegerField(null=True)
        meter_stop = BigIntegerField(null=True)
        stop_reason = TextField(null=True)
        stop_id_tag = TextField(null=True)
        energy_wh = DoubleField(default=0)
        meter_last_wh = DoubleField(null=True)
        meter_last_at = BigIntegerField(null=True)
        values_until = BigIntegerField(null=True)
        power_w = DoubleField(null=True)
        soc_percent = DoubleField(null=True)
        flags = TextField(default="")

        class Meta:
            database = db
            table_name = "charging_transaction"
            indexes = (
                (("charge_point", "start_reported_at"), False),
                (("started_at",), False),
                (("stopped_at",), False),
            )

    db.create_tables([Transaction])
    # Values outside any session are few, and found by station; the others need no second index to keep up.
    db.execute_sql("CREATE INDEX meter_value_outside ON meter_value (charge_point_id, at) WHERE transaction_id IS NULL")
    # Only open sessions are looked up by connector, and there are few of them.
    db.execute_sql(
        "CREATE INDEX charging_transaction_open ON charging_transaction (charge_point_id, connector_id)"
        " WHERE stopped_at IS NULL"
    )


def down(migrator, db):
    migrator.migrate(migrator.drop_table("charging_transaction"))
    migrator.migrate(migrator.drop_table("setting"))
    migrator.migrate(migrator.drop_table("refusal"))
    migrator.migrate(migrator.drop_table("orphan_message"))
    migrator.migrate(migrator.drop_table("operator"))
    migrator.migrate(migrator.drop_table("meter_value"))
    migrator.migrate(migrator.drop_table("id_tag"))
    migrator.migrate(migrator.drop_table("frame"))
    migrator.migrate(migrator.drop_table("connector"))
    migrator.migrate(migrator.drop_table("charge_point"))
