"""Firmware images, links for stations, what happened at them, and the files that stations sent."""

from peewee import BigAutoField, BigIntegerField, CharField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class ChargePoint(Model):
        class Meta:
            database = db
            table_name = "charge_point"

    class FirmwareImage(Model):
        name = CharField()
        file_name = CharField()
        vendor = CharField(default="")
        model = CharField(default="")
        version = CharField(default="")
        note = TextField(default="")
        size = BigIntegerField()
        sha256 = CharField(max_length=64)
        stored_as = CharField(max_length=64)
        uploaded_by = CharField(default="")
        uploaded_at = BigIntegerField()
        deleted_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "firmware_image"

    class FileLink(Model):
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        purpose = CharField(max_length=16)
        token_hash = CharField(max_length=64, unique=True)
        image = ForeignKeyField(FirmwareImage, null=True, on_delete="CASCADE")
        state = CharField(max_length=16, default="waiting")
        reason = TextField(default="")
        created_at = BigIntegerField()
        expires_at = BigIntegerField()
        finished_at = BigIntegerField(null=True)
        uses = IntegerField(default=0)
        uses_limit = IntegerField(default=1)
        protocol = CharField(max_length=8, default="")
        address = CharField(max_length=64, default="")
        transferred = BigIntegerField(default=0)
        last_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "file_link"
            indexes = ((("state", "expires_at"), False),)

    class FileEvent(Model):
        id = BigAutoField()
        link = ForeignKeyField(FileLink, on_delete="CASCADE")
        at = BigIntegerField()
        what = CharField(max_length=16)
        protocol = CharField(max_length=8, default="")
        address = CharField(max_length=64, default="")
        detail = TextField(default="")

        class Meta:
            database = db
            table_name = "file_event"

    class ReceivedFile(Model):
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        link = ForeignKeyField(FileLink, null=True, on_delete="SET NULL")
        file_name = CharField()
        size = BigIntegerField()
        sha256 = CharField(max_length=64)
        stored_as = CharField(max_length=64)
        received_at = BigIntegerField(index=True)
        protocol = CharField(max_length=8, default="")
        address = CharField(max_length=64, default="")

        class Meta:
            database = db
            table_name = "received_file"

    db.create_tables([FirmwareImage, FileLink, FileEvent, ReceivedFile])


def down(migrator, db):
    for table in ("received_file", "file_event", "file_link", "firmware_image"):
        migrator.migrate(migrator.drop_table(table))
