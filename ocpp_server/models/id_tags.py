"""Cards: what the standard calls id tags."""

from peewee import CharField, TextField

from ocpp_server.models.base import Table, UtcField

ACCEPTED, BLOCKED = "accepted", "blocked"


class IdTag(Table):
    """One card. `id_tag_key` is the tag casefolded (section 7.28: id tags are case-insensitive)."""

    id_tag = CharField(max_length=20)
    id_tag_key = CharField(max_length=20, unique=True)
    status = CharField(max_length=16, default=ACCEPTED)
    expiry_date = UtcField(null=True, index=True)
    #: The group: cards with the same parent may stop each other's sessions (section 3.10).
    parent_id_tag = CharField(max_length=20, null=True, index=True)
    label = CharField(max_length=255, default="")
    note = TextField(default="")
    created_at = UtcField()
    last_used_at = UtcField(null=True)

    class Meta:
        table_name = "id_tag"
