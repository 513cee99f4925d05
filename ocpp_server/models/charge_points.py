"""Charge points and their connectors."""

from peewee import BigIntegerField, BooleanField, CharField, ForeignKeyField, IntegerField, TextField

from ocpp_server.models.base import Table, UtcField

ACCEPTED, PENDING, REJECTED = "accepted", "pending", "rejected"


class ChargePoint(Table):
    """One station. `identity_key` is the identity casefolded: stations are matched without regard to case."""

    identity = CharField(max_length=255)
    identity_key = CharField(max_length=255, unique=True)
    label = CharField(max_length=255, default="")
    location = CharField(max_length=255, default="")
    registration = CharField(max_length=16, default=ACCEPTED)
    #: What the answer to its latest boot said: until the next one the station goes by that. None before its first.
    told_registration = CharField(max_length=16, null=True)
    password_hash = CharField(max_length=255, null=True)
    #: Taken by the station for when it restarts, or perhaps taken; from its first use on it is the password.
    new_password_hash = CharField(max_length=255, null=True)
    security_profile = IntegerField(default=0)
    #: Whether it must name its OCPP version when it connects; None leaves that to the setting.
    strict_subprotocol = BooleanField(null=True)
    spontaneous_calls = BooleanField(default=True)

    # As reported by BootNotification (section 6.3).
    vendor = TextField(null=True)
    model = TextField(null=True)
    serial_number = TextField(null=True)
    charge_box_serial_number = TextField(null=True)
    firmware_version = TextField(null=True)
    iccid = TextField(null=True)
    imsi = TextField(null=True)
    meter_type = TextField(null=True)
    meter_serial_number = TextField(null=True)

    created_at = UtcField()
    deleted_at = UtcField(null=True)
    last_boot_at = UtcField(null=True)
    connected_at = UtcField(null=True)
    disconnected_at = UtcField(null=True)
    last_seen_at = UtcField(null=True)
    #: Why the last connection ended, in a plain word.
    disconnect_reason = TextField(null=True)

    class Meta:
        table_name = "charge_point"

    @property
    def name(self) -> str:
        """What an operator calls the station."""
        return self.label or self.identity


class Connector(Table):
    """The latest status of a connector; 0 is the station itself (section 3.8)."""

    charge_point = ForeignKeyField(ChargePoint, backref="connectors", on_delete="CASCADE")
    connector_id = BigIntegerField()
    status = CharField(max_length=32, default="Unavailable")
    error_code = TextField(default="NoError")
    info = TextField(null=True)
    vendor_id = TextField(null=True)
    vendor_error_code = TextField(null=True)
    #: The station's own time of the status, or its arrival where it gave none.
    status_at = UtcField()
    received_at = UtcField()

    class Meta:
        table_name = "connector"
        indexes = ((("charge_point", "connector_id"), True),)
