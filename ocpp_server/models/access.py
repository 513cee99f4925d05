"""API tokens, and the record of who did what."""

from peewee import BigAutoField, CharField, IntegerField, TextField

from ocpp_server.models.base import Table, UtcField


class ApiToken(Table):
    """A bearer token of the REST API. Only its hash is kept."""

    name = CharField(max_length=255)
    token_hash = CharField(max_length=64, unique=True)
    role = CharField(max_length=16)
    created_by = CharField(max_length=255, default="")
    created_at = UtcField()
    last_used_at = UtcField(null=True)
    revoked_at = UtcField(null=True)

    class Meta:
        table_name = "api_token"


class AuditEntry(Table):
    """Who did what, from where, to what, with what result. Never secrets."""

    id = BigAutoField()
    at = UtcField(index=True)
    who = CharField(max_length=255)
    address = CharField(max_length=64, default="")
    #: A verb of ours: `station.add`, `card.block`, `command.Reset`.
    action = CharField(max_length=64)
    #: What it was done to, as people call it.
    target = TextField(default="")
    detail = TextField(default="")
    result = CharField(max_length=255, default="")

    class Meta:
        table_name = "audit_entry"


class UnknownCard(Table):
    """A card that was held to a reader and is not known: the other half of the inbox."""

    id_tag_key = CharField(max_length=64, unique=True)
    id_tag = CharField(max_length=64)
    charge_point_id = IntegerField(null=True)
    action = CharField(max_length=32, default="Authorize")
    count = IntegerField(default=1)
    first_at = UtcField()
    last_at = UtcField()

    class Meta:
        table_name = "unknown_card"
