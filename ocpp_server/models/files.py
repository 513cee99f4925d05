"""Files: firmware images kept here, what stations sent, and the links by which stations fetch and send."""

from peewee import BigAutoField, BigIntegerField, CharField, ForeignKeyField, IntegerField, TextField

from ocpp_server.models.base import Table, UtcField
from ocpp_server.models.charge_points import ChargePoint

DOWNLOAD, UPLOAD = "download", "upload"
#: Nothing came of it yet · a file is on its way in · the file is here, or was fetched whole · the time is over · taken
#: back. An upload that breaks off waits again; `reason` then says what went wrong.
WAITING, RECEIVING, DONE, EXPIRED, CLOSED = "waiting", "receiving", "done", "expired", "closed"
OPEN_STATES = (WAITING, RECEIVING)


class FirmwareImage(Table):
    """One image. `stored_as` is its file below the data folder; the name that people see is never a path."""

    name = CharField(max_length=255)
    file_name = CharField(max_length=255)
    #: What it is for and what it brings, in the words of BootNotification; empty where nobody said.
    vendor = CharField(max_length=255, default="")
    model = CharField(max_length=255, default="")
    version = CharField(max_length=255, default="")
    note = TextField(default="")
    size = BigIntegerField()
    sha256 = CharField(max_length=64)
    stored_as = CharField(max_length=64)
    uploaded_by = CharField(max_length=255, default="")
    uploaded_at = UtcField()
    deleted_at = UtcField(null=True)

    class Meta:
        table_name = "firmware_image"


class FileLink(Table):
    """An address for one station and one purpose, until it expires. Only the hash of its token is kept."""

    # peewee adds these.
    charge_point_id: int
    image_id: int
    charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
    purpose = CharField(max_length=16)
    token_hash = CharField(max_length=64, unique=True)
    #: What a download serves.
    image = ForeignKeyField(FirmwareImage, null=True, on_delete="CASCADE")
    state = CharField(max_length=16, default=WAITING)
    reason = TextField(default="")
    created_at = UtcField()
    expires_at = UtcField()
    finished_at = UtcField(null=True)
    #: Whole transfers so far, and how many there may be.
    uses = IntegerField(default=0)
    uses_limit = IntegerField(default=1)
    #: The transfer under way, or the last one: how, from where, how far it came (bytes), and when that was.
    protocol = CharField(max_length=8, default="")
    address = CharField(max_length=64, default="")
    transferred = BigIntegerField(default=0)
    last_at = UtcField(null=True)

    class Meta:
        table_name = "file_link"
        indexes = ((("state", "expires_at"), False),)


class FileEvent(Table):
    """What happened at a link: `began`, `fetched`, `received`, `failed` or `refused`, with the reason in words."""

    id = BigAutoField()
    link = ForeignKeyField(FileLink, backref="events", on_delete="CASCADE")
    at = UtcField()
    what = CharField(max_length=16)
    protocol = CharField(max_length=8, default="")
    address = CharField(max_length=64, default="")
    detail = TextField(default="")

    class Meta:
        table_name = "file_event"


class ReceivedFile(Table):
    """A file that a station sent. `file_name` is what the station called it, made safe to show; never a path."""

    charge_point_id: int  # peewee adds this
    charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
    link = ForeignKeyField(FileLink, null=True, on_delete="SET NULL")
    file_name = CharField(max_length=255)
    size = BigIntegerField()
    sha256 = CharField(max_length=64)
    stored_as = CharField(max_length=64)
    received_at = UtcField(index=True)
    protocol = CharField(max_length=8, default="")
    address = CharField(max_length=64, default="")

    class Meta:
        table_name = "received_file"
