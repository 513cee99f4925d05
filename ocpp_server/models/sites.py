"""Sites: a connection, its circuits, the connectors on them, and how it was shared over time."""

from peewee import BigAutoField, BigIntegerField, BooleanField, CharField, DoubleField, ForeignKeyField, IntegerField

from ocpp_server.models.base import Table, UtcField
from ocpp_server.models.charge_points import ChargePoint

#: How a circuit's limit is meant: for each phase, or for all together.
AMPERES, KILOWATTS = "A", "kW"


class Site(Table):
    """A connection that is shared. `mode`: fair or priority; times in s (see site/controller.py)."""

    name = CharField(max_length=255, unique=True)
    mode = CharField(max_length=16, default="fair")
    lease_s = IntegerField(default=900)
    slot_s = IntegerField(default=1800)
    created_at = UtcField()

    class Meta:
        table_name = "site"


class SiteCircuit(Table):
    """A fuse of a site and what it bears; the one without `parent` is the connection itself."""

    site_id: int
    parent_id: int | None
    site = ForeignKeyField(Site, backref="circuits", on_delete="CASCADE")
    parent = ForeignKeyField("self", null=True, on_delete="CASCADE")
    name = CharField(max_length=255)
    limit = DoubleField()
    unit = CharField(max_length=2, default=AMPERES)
    #: A for each phase that are never handed out.
    reserve_a = DoubleField(default=0)

    class Meta:
        table_name = "site_circuit"
        indexes = ((("site", "name"), True),)


class SiteMember(Table):
    """A connector on a circuit. `phases`: which phases of the site the station's L1, L2 and L3 are, as `231`.

    Currents in A for each phase. A higher `priority` goes first, where the site shares by priority.
    """

    circuit_id: int
    charge_point_id: int
    circuit = ForeignKeyField(SiteCircuit, backref="members", on_delete="CASCADE")
    charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
    connector_id = IntegerField()
    phases = CharField(max_length=3, default="123")
    minimum_a = DoubleField(default=6)
    maximum_a = DoubleField(default=32)
    priority = IntegerField(default=0)
    #: Whether a limit of 0 pauses a session here; with some stations it ends it (quirk 43).
    can_pause = BooleanField(default=True)

    class Meta:
        table_name = "site_member"
        indexes = ((("charge_point", "connector_id"), True),)


class SiteSample(Table):
    """One moment of a site, or the highest of a longer time (`span_s`); A for each phase of the site."""

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
        table_name = "site_sample"
        indexes = ((("site", "at"), False), (("span_s", "at"), False))
