"""Firmware jobs with their stations, and what stations say about firmware and diagnostics."""

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


def up(migrator, db):
    class ChargePoint(Model):
        class Meta:
            database = db
            table_name = "charge_point"

    class FirmwareJob(Model):
        title = CharField(default="")
        image_id = IntegerField(null=True)
        location = TextField(default="")
        sealed_location = TextField(null=True)
        version = CharField(max_length=64, default="")
        target = TextField(default="")
        starts_at = BigIntegerField()
        ends_at = BigIntegerField(null=True)
        waves = CharField(default="")
        stop_percent = IntegerField(null=True)
        retries = BigIntegerField(null=True)
        retry_interval = BigIntegerField(null=True)
        respects_sessions = BooleanField(default=True)
        patience = IntegerField(default=7200)
        batch_id = IntegerField(null=True, index=True)
        is_by_hand = BooleanField(default=False)
        state = CharField(max_length=16, default="planned")
        stop_reason = CharField(max_length=16, default="")
        wave = IntegerField(default=1)
        accepted_failures = IntegerField(default=0)
        created_by = CharField(default="")
        created_at = BigIntegerField()
        begun_at = BigIntegerField(null=True)
        ended_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "firmware_job"
            indexes = ((("state",), False),)

    class FirmwareUpdate(Model):
        id = BigAutoField()
        job = ForeignKeyField(FirmwareJob, on_delete="CASCADE")
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        state = CharField(max_length=24, default="waiting")
        reason = CharField(max_length=32, default="")
        detail = TextField(default="")
        wave = IntegerField(null=True)
        is_current = BooleanField(default=False)
        command_id = BigIntegerField(null=True, index=True)
        link_id = IntegerField(null=True)
        attempts = IntegerField(default=0)
        deferrals = IntegerField(default=0)
        version_before = TextField(null=True)
        version_after = TextField(null=True)
        asked_at = BigIntegerField(null=True)
        answered_at = BigIntegerField(null=True)
        downloading_at = BigIntegerField(null=True)
        downloaded_at = BigIntegerField(null=True)
        installing_at = BigIntegerField(null=True)
        installed_at = BigIntegerField(null=True)
        ended_at = BigIntegerField(null=True)
        news_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "firmware_update"
            indexes = (
                (("job", "charge_point"), True),
                (("job", "state"), False),
                (("state",), False),
                (("charge_point", "is_current"), False),
            )

    class StationNotice(Model):
        id = BigAutoField()
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        kind = CharField(max_length=16)
        word = TextField()
        at = BigIntegerField()
        is_expected = BooleanField(default=False)

        class Meta:
            database = db
            table_name = "station_notice"
            indexes = ((("charge_point", "kind", "id"), False),)

    db.create_tables([FirmwareJob, FirmwareUpdate, StationNotice])


def down(migrator, db):
    for table in ("station_notice", "firmware_update", "firmware_job"):
        migrator.migrate(migrator.drop_table(table))
