"""What is asked of stations, what they are configured to, who may use the API, who did what, unknown cards."""

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
        class Meta:
            database = db
            table_name = "charge_point"

    class ApiToken(Model):
        name = CharField()
        token_hash = CharField(unique=True, max_length=64)
        role = CharField(max_length=16)
        created_by = CharField(default="")
        created_at = BigIntegerField()
        last_used_at = BigIntegerField(null=True)
        revoked_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "api_token"

    db.create_tables([ApiToken])

    class AuditEntry(Model):
        id = BigAutoField()
        at = BigIntegerField(index=True)
        who = CharField()
        address = CharField(max_length=64, default="")
        action = CharField(max_length=64)
        target = TextField(default="")
        detail = TextField(default="")
        result = CharField(default="")

        class Meta:
            database = db
            table_name = "audit_entry"

    db.create_tables([AuditEntry])

    class Command(Model):
        id = BigAutoField()
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        action = CharField(max_length=64)
        payload = TextField()
        sealed = TextField(null=True)
        state = CharField(max_length=16, default="queued")
        requested_by = CharField(default="")
        requested_at = BigIntegerField()
        expires_at = BigIntegerField(null=True)
        timeout = DoubleField(default=30)
        batch_id = IntegerField(index=True, null=True)
        message_id = CharField(null=True, max_length=36)
        sent_at = BigIntegerField(null=True)
        finished_at = BigIntegerField(null=True)
        status = CharField(max_length=32, default="")
        result = TextField(null=True)
        error_code = TextField(default="")
        error_description = TextField(default="")
        late_result = TextField(null=True)
        late_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "command"
            indexes = ((("charge_point", "id"), False), (("state",), False))

    db.create_tables([Command])

    class CommandBatch(Model):
        action = CharField(max_length=64)
        payload = TextField()
        requested_by = CharField(default="")
        requested_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "command_batch"

    db.create_tables([CommandBatch])

    class ConfigurationChange(Model):
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        key = CharField()
        old_value = TextField(null=True)
        new_value = TextField(null=True)
        source = CharField()
        at = BigIntegerField()

        class Meta:
            database = db
            table_name = "configuration_change"
            indexes = ((("charge_point", "key", "at"), False),)

    db.create_tables([ConfigurationChange])

    class ConfigurationKey(Model):
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        key = CharField()
        value = TextField(null=True)
        readonly = BooleanField(default=False)
        known = BooleanField(default=True)
        awaits_reboot = BooleanField(default=False)
        seen_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "configuration_key"
            indexes = ((("charge_point", "key"), True),)

    db.create_tables([ConfigurationKey])

    class ConfigurationTemplate(Model):
        name = CharField(unique=True)
        keys = TextField()
        updated_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "configuration_template"

    db.create_tables([ConfigurationTemplate])

    class UnknownCard(Model):
        id_tag_key = CharField(unique=True, max_length=64)
        id_tag = CharField(max_length=64)
        charge_point_id = IntegerField(null=True)
        action = CharField(max_length=32, default="Authorize")
        count = IntegerField(default=1)
        first_at = BigIntegerField()
        last_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "unknown_card"

    db.create_tables([UnknownCard])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("unknown_card"))
    migrator.migrate(migrator.drop_table("configuration_template"))
    migrator.migrate(migrator.drop_table("configuration_key"))
    migrator.migrate(migrator.drop_table("configuration_change"))
    migrator.migrate(migrator.drop_table("command_batch"))
    migrator.migrate(migrator.drop_table("command"))
    migrator.migrate(migrator.drop_table("audit_entry"))
    migrator.migrate(migrator.drop_table("api_token"))
