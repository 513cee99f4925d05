"""Charging profiles: what is installed where, what was wished and tried, what was learnt of stations."""

from peewee import BigIntegerField, BooleanField, CharField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class ChargePoint(Model):
        class Meta:
            database = db
            table_name = "charge_point"

    class InstalledChargingProfile(Model):
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        connector_id = BigIntegerField()
        charging_profile_id = BigIntegerField()
        stack_level = BigIntegerField()
        purpose = CharField(max_length=32)
        transaction_id = BigIntegerField(null=True)
        profile = TextField()
        installed_at = BigIntegerField()
        source = CharField(max_length=255, default="")
        command_id = BigIntegerField(null=True)
        owner = CharField(max_length=32, default="")

        class Meta:
            database = db
            table_name = "installed_charging_profile"
            indexes = ((("charge_point", "connector_id"), False), (("purpose",), False))

    class ChargingApplication(Model):
        name = CharField(max_length=255, default="")
        profile = TextField()
        requested_by = CharField(max_length=255, default="")
        requested_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "charging_application"

    db.create_tables([InstalledChargingProfile, ChargingApplication])

    class ChargingProfileRequest(Model):
        application = ForeignKeyField(ChargingApplication, null=True, on_delete="CASCADE")
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        connector_id = BigIntegerField()
        owner = CharField(max_length=32)
        purpose = CharField(max_length=32)
        transaction_id = BigIntegerField(null=True)
        attempts = TextField()
        lifetime = BigIntegerField(null=True)
        command_id = BigIntegerField(null=True, index=True)
        state = CharField(max_length=16, default="waiting")
        reason = TextField(default="")
        requested_by = CharField(max_length=255, default="")
        requested_at = BigIntegerField()
        finished_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "charging_profile_request"
            indexes = ((("charge_point", "id"), False),)

    class ChargingTraits(Model):
        charge_point = ForeignKeyField(ChargePoint, unique=True, on_delete="CASCADE")
        supported = BooleanField(null=True)
        max_stack_level = IntegerField(null=True)
        unit = CharField(max_length=1, null=True)
        kind = CharField(max_length=16, null=True)
        charge_point_max = BooleanField(null=True)
        learnt_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "charging_traits"

    db.create_tables([ChargingProfileRequest, ChargingTraits])


def down(migrator, db):
    for table in ("charging_traits", "charging_profile_request", "charging_application", "installed_charging_profile"):
        migrator.migrate(migrator.drop_table(table))
