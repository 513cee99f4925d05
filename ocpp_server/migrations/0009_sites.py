"""Sites: circuits, the connectors on them, and how the connection was shared over time."""

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
)


def up(migrator, db):
    class ChargePoint(Model):
        class Meta:
            database = db
            table_name = "charge_point"

    class Site(Model):
        name = CharField(max_length=255, unique=True)
        mode = CharField(max_length=16, default="fair")
        lease_s = IntegerField(default=900)
        slot_s = IntegerField(default=1800)
        created_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "site"

    class SiteCircuit(Model):
        site = ForeignKeyField(Site, on_delete="CASCADE")
        parent = ForeignKeyField("self", null=True, on_delete="CASCADE")
        name = CharField(max_length=255)
        limit = DoubleField()
        unit = CharField(max_length=2, default="A")
        reserve_a = DoubleField(default=0)

        class Meta:
            database = db
            table_name = "site_circuit"
            indexes = ((("site", "name"), True),)

    class SiteMember(Model):
        circuit = ForeignKeyField(SiteCircuit, on_delete="CASCADE")
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        connector_id = IntegerField()
        phases = CharField(max_length=3, default="123")
        minimum_a = DoubleField(default=6)
        maximum_a = DoubleField(default=32)
        priority = IntegerField(default=0)
        can_pause = BooleanField(default=True)

        class Meta:
            database = db
            table_name = "site_member"
            indexes = ((("charge_point", "connector_id"), True),)

    class SiteSample(Model):
        id = BigAutoField()
        site = ForeignKeyField(Site, on_delete="CASCADE", index=False)
        at = BigIntegerField()
        span_s = IntegerField(default=10)
        limit_a = DoubleField()
        allotted_1 = DoubleField()
        allotted_2 = DoubleField()
        allotted_3 = DoubleField()
        measured_1 = DoubleField()
        measured_2 = DoubleField()
        measured_3 = DoubleField()

        class Meta:
            database = db
            table_name = "site_sample"
            indexes = ((("site", "at"), False), (("span_s", "at"), False))

    db.create_tables([Site, SiteCircuit, SiteMember, SiteSample])


def down(migrator, db):
    for table in ("site_sample", "site_member", "site_circuit", "site"):
        migrator.migrate(migrator.drop_table(table))
