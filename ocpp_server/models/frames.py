"""The frame log: every message in both directions."""

from peewee import BigAutoField, BooleanField, CharField, IntegerField, TextField

from ocpp_server.models.base import Table, UtcField


class Frame(Table):
    """One OCPP-J frame as it crossed the wire (secrets replaced), with what became of it.

    `message_type` is 2 for CALL, 3 for CALLRESULT, 4 for CALLERROR, 0 where the text could not be read.
    `outcome` is empty where all was well, else the CALLERROR code; `note` says what was tolerated.
    """

    id = BigAutoField()
    charge_point_id = IntegerField()
    at = UtcField()
    outgoing = BooleanField()
    message_type = IntegerField()
    message_id = TextField()
    action = TextField()
    text = TextField()
    outcome = CharField(max_length=64, default="")
    note = TextField(default="")

    class Meta:
        table_name = "frame"
        indexes = ((("charge_point_id", "id"), False),)
