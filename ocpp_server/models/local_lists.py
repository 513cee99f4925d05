"""Local authorization lists: what each station should keep, how far it is, and what it holds."""

from peewee import BigIntegerField, BooleanField, CharField, CompositeKey, ForeignKeyField, IntegerField, TextField

from ocpp_server.models.base import Table, UtcField
from ocpp_server.models.charge_points import ChargePoint

#: Which cards a station keeps: Chargeyard leaves its list alone, all valid cards, or those of some groups.
NONE, ALL, GROUPS = "none", "all", "groups"
#: How a list stands: as wanted · something is to be sent · a request is on its way · the station refuses · it has no
#: local list at all.
IN_STEP, BEHIND, SENDING, REFUSED, UNSUPPORTED = "in_step", "behind", "sending", "refused", "unsupported"


class LocalList(Table):
    """One station's list. `version` is the last that the station is known to have; 0 where none is.

    The list is sent whole (`rebuild`), in parts in the order of the keys: `scan_key` is the last key of those that the
    station has, `part_end` that of the part under way. From then on it is sent what changed since `seen_revision`.
    """

    charge_point = ForeignKeyField(ChargePoint, unique=True, on_delete="CASCADE")
    # peewee adds it; it is named here for the type checker.
    charge_point_id: int
    keeps = CharField(max_length=8, default=NONE)
    #: With GROUPS: a JSON list of parent id tags.
    groups = TextField(default="[]")
    state = CharField(max_length=16, default=BEHIND)
    #: Why the station refuses, in its own word: Failed, VersionMismatch, an error code, timeout, lost …
    reason = TextField(default="")

    version = BigIntegerField(default=0)
    #: The highest version that was ever sent: each is used once.
    sent_version = BigIntegerField(default=0)
    rebuild = BooleanField(default=True)
    scan_key = CharField(max_length=64, null=True)
    part_end = CharField(max_length=64, null=True)
    seen_revision = BigIntegerField(default=0)
    #: The first card (by id) that no longer fits into the station's list; None where all fit.
    cutoff = BigIntegerField(null=True)

    #: Ask for the version before anything else: it is not known, or an answer was lost.
    check_version = BooleanField(default=True)
    #: The request of ours that is on its way, and the update whose answer was lost.
    command_id = BigIntegerField(null=True)
    doubted_id = BigIntegerField(null=True)
    #: Answers that said no, and answers that did not come, since the last that said yes.
    refusals = IntegerField(default=0)
    losses = IntegerField(default=0)
    #: Entries in a message at most, learnt from lost connections; None leaves it to what the station tells.
    message_limit = IntegerField(null=True)

    #: Entries that the station holds, that it should hold, and valid cards that do not fit.
    entries = IntegerField(default=0)
    wanted = IntegerField(default=0)
    left_out = IntegerField(default=0)

    #: Who asked for it by hand: it is then sent even where unasked messages are switched off.
    asked_by = CharField(max_length=255, default="")
    checked_at = UtcField(null=True)
    in_step_at = UtcField(null=True)
    refused_at = UtcField(null=True)
    conflict_at = UtcField(null=True)

    class Meta:
        table_name = "local_list"


class LocalListEntry(Table):
    """One entry that a station holds, as it accepted it. A yard may have a million: the key is the row."""

    charge_point_id = IntegerField()
    #: The tag casefolded, as in IdTag.
    id_tag_key = CharField(max_length=64)
    id_tag = CharField(max_length=20)
    expiry_date = UtcField(null=True)
    parent_id_tag = CharField(max_length=20, null=True)
    #: The entry's own word; Accepted unless an operator sent another by hand.
    status = CharField(max_length=16, default="Accepted")

    class Meta:
        table_name = "local_list_entry"
        primary_key = CompositeKey("charge_point_id", "id_tag_key")


class IdTagChange(Table):
    """When each card last changed, as a rising number: what a list is compared with instead of all cards."""

    id_tag_key = CharField(max_length=64, primary_key=True)
    revision = BigIntegerField(index=True)

    class Meta:
        table_name = "id_tag_change"
