"""The configuration keys that stations report, and how they changed."""

from peewee import BooleanField, CharField, ForeignKeyField, TextField

from ocpp_server.models.base import Table, UtcField
from ocpp_server.models.charge_points import ChargePoint


class ConfigurationKey(Table):
    """A key as the station last reported it, or as it accepted it. Secrets have no value here."""

    charge_point = ForeignKeyField(ChargePoint, backref="configuration_keys", on_delete="CASCADE")
    key = CharField(max_length=255)
    value = TextField(null=True)
    readonly = BooleanField(default=False)
    #: False where the station said that it does not know the key.
    known = BooleanField(default=True)
    #: A value that was accepted and takes effect after a reboot (RebootRequired).
    awaits_reboot = BooleanField(default=False)
    seen_at = UtcField()

    class Meta:
        table_name = "configuration_key"
        indexes = ((("charge_point", "key"), True),)


class ConfigurationChange(Table):
    """One change of a value: who or what made it. `source`: reported, or the name of who asked."""

    charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
    key = CharField(max_length=255)
    old_value = TextField(null=True)
    new_value = TextField(null=True)
    source = CharField(max_length=255)
    at = UtcField()

    class Meta:
        table_name = "configuration_change"
        indexes = ((("charge_point", "key", "at"), False),)


class ConfigurationTemplate(Table):
    """A set of keys and values to apply to many stations: a JSON object of texts."""

    name = CharField(max_length=255, unique=True)
    keys = TextField()
    updated_at = UtcField()

    class Meta:
        table_name = "configuration_template"
