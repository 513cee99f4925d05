"""What stations were asked to send of their logs."""

from peewee import BigAutoField, BigIntegerField, CharField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class ChargePoint(Model):
        class Meta:
            database = db
            table_name = "charge_point"

    class DiagnosticsRequest(Model):
        id = BigAutoField()
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        location = TextField(default="")
        link_id = IntegerField(null=True, index=True)
        command_id = BigIntegerField(null=True, index=True)
        start_time = BigIntegerField(null=True)
        stop_time = BigIntegerField(null=True)
        state = CharField(max_length=16, default="asked")
        reason = CharField(max_length=32, default="")
        detail = TextField(default="")
        file_name = TextField(default="")
        received_file_id = BigIntegerField(null=True)
        requested_by = CharField(default="")
        requested_at = BigIntegerField()
        answered_at = BigIntegerField(null=True)
        uploading_at = BigIntegerField(null=True)
        uploaded_at = BigIntegerField(null=True)
        arrived_at = BigIntegerField(null=True)
        ended_at = BigIntegerField(null=True)
        news_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "diagnostics_request"
            indexes = ((("charge_point", "id"), False), (("state",), False))

    db.create_tables([DiagnosticsRequest])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("diagnostics_request"))
