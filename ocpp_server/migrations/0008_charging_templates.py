"""Charging schedules as templates, and composite schedules as stations report them."""

from peewee import BigIntegerField, CharField, DoubleField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class ChargePoint(Model):
        class Meta:
            database = db
            table_name = "charge_point"

    class ChargingProfileTemplate(Model):
        name = CharField(max_length=255, unique=True)
        purpose = CharField(max_length=32)
        repeat = CharField(max_length=16)
        unit = CharField(max_length=1)
        phases = IntegerField(null=True)
        steps = TextField()
        min_rate = DoubleField(null=True)
        stack_level = IntegerField(default=1)
        zone = CharField(max_length=64, default="UTC")
        begins_on = BigIntegerField(null=True)
        duration = BigIntegerField(null=True)
        valid_from = BigIntegerField(null=True)
        valid_to = BigIntegerField(null=True)
        updated_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "charging_profile_template"

    class CompositeReading(Model):
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        connector_id = BigIntegerField()
        command_id = BigIntegerField(index=True)
        begins_at = BigIntegerField()
        duration = BigIntegerField()
        unit = CharField(max_length=1)
        reported = TextField()
        calculated = TextField()

        class Meta:
            database = db
            table_name = "composite_reading"
            indexes = ((("charge_point", "connector_id", "id"), False),)

    db.create_tables([ChargingProfileTemplate, CompositeReading])


def down(migrator, db):
    for table in ("composite_reading", "charging_profile_template"):
        migrator.migrate(migrator.drop_table(table))
