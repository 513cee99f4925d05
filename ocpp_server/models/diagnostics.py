"""What stations were asked to send of their logs, and what became of it."""

from peewee import BigAutoField, BigIntegerField, CharField, ForeignKeyField, IntegerField, TextField

from ocpp_server.models.base import Table, UtcField
from ocpp_server.models.charge_points import ChargePoint


class DiagnosticsRequest(Table):
    """One GetDiagnostics. Its states are told in services/diagnostics/states.py.

    The file comes here by the link `link_id`, or goes to `location`, where somebody typed one.
    """

    id = BigAutoField()
    charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
    location = TextField(default="")
    link_id = IntegerField(null=True, index=True)
    command_id = BigIntegerField(null=True, index=True)
    #: The range that was asked for; None is open.
    start_time = UtcField(null=True)
    stop_time = UtcField(null=True)

    state = CharField(max_length=16, default="asked")
    #: Why it ended as it did: a word of services/diagnostics/states.py, and what the station or the transfer said.
    reason = CharField(max_length=32, default="")
    detail = TextField(default="")
    #: What the station called its file in the answer.
    file_name = TextField(default="")
    received_file_id = BigIntegerField(null=True)

    requested_by = CharField(max_length=255, default="")
    requested_at = UtcField()
    answered_at = UtcField(null=True)
    uploading_at = UtcField(null=True)
    uploaded_at = UtcField(null=True)
    arrived_at = UtcField(null=True)
    ended_at = UtcField(null=True)
    #: When anything about it was last heard.
    news_at = UtcField()

    class Meta:
        table_name = "diagnostics_request"
        indexes = ((("charge_point", "id"), False), (("state",), False))
