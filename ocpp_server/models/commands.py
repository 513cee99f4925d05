"""What is asked of stations: each request is a row, which is queue, record and result in one."""

from peewee import BigAutoField, CharField, DoubleField, ForeignKeyField, IntegerField, TextField

from ocpp_server.models.base import Table, UtcField
from ocpp_server.models.charge_points import ChargePoint

#: Waiting for the station · on the wire · the station answered · it answered with a CALLERROR · it did not answer in
#: time · the connection ended meanwhile · nobody could send it in time · taken back by the operator.
QUEUED, SENT, ANSWERED, ERROR = "queued", "sent", "answered", "error"
TIMEOUT, LOST, EXPIRED, CANCELLED = "timeout", "lost", "expired", "cancelled"
OPEN_STATES = (QUEUED, SENT)
#: The `error_code` of an expired command: why nobody could send it.
OFFLINE, BUSY = "offline", "busy"


class Command(Table):
    """One CALL to a station. `payload` and `result` are JSON texts as on the wire, secrets replaced.

    `sealed` holds the encrypted payload while it carries a secret that is not sent yet. A command without
    `expires_at` is a wanted state: it waits for the station. `status` is the answer's own word (Accepted, …).
    """

    charge_point_id: int
    id = BigAutoField()
    charge_point = ForeignKeyField(ChargePoint, backref="commands", on_delete="CASCADE", index=False)
    action = CharField(max_length=64)
    payload = TextField()
    sealed = TextField(null=True)
    state = CharField(max_length=16, default=QUEUED)
    #: Who asked: a name for people, not a key, so that the record outlives the account.
    requested_by = CharField(max_length=255, default="")
    requested_at = UtcField()
    expires_at = UtcField(null=True)
    #: Seconds to wait for the answer.
    timeout = DoubleField(default=30)
    #: Commands given to many stations at once share one.
    batch_id = IntegerField(null=True, index=True)

    message_id = CharField(max_length=36, null=True)
    sent_at = UtcField(null=True)
    finished_at = UtcField(null=True)
    status = CharField(max_length=32, default="")
    result = TextField(null=True)
    error_code = TextField(default="")
    error_description = TextField(default="")
    #: An answer that came after the time-out, and when.
    late_result = TextField(null=True)
    late_at = UtcField(null=True)

    class Meta:
        table_name = "command"
        indexes = ((("charge_point", "id"), False), (("charge_point", "action", "id"), False))


class CommandBatch(Table):
    """One request to many stations."""

    action = CharField(max_length=64)
    payload = TextField()
    requested_by = CharField(max_length=255, default="")
    requested_at = UtcField()

    class Meta:
        table_name = "command_batch"


class TriggeredMessage(Table):
    """A message that came in answer to a TriggerMessage: the CALL as it crossed the wire."""

    command = ForeignKeyField(Command, backref="triggered", on_delete="CASCADE")
    at = UtcField()
    text = TextField()

    class Meta:
        table_name = "triggered_message"
