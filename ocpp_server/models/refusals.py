"""Handshakes that were refused: the operator's inbox."""

from peewee import CharField, IntegerField, TextField

from ocpp_server.models.base import Table, UtcField


class Refusal(Table):
    """One reason for which one address was refused as one identity; repeats are counted, not stored again.

    `reason`: unknown_identity, missing_credentials, wrong_credentials, subprotocol, no_subprotocol, no_identity,
    not_websocket, insecure, flood, too_long.
    """

    first_at = UtcField()
    last_at = UtcField()
    count = IntegerField(default=1)
    address = CharField(max_length=64)
    path = TextField()
    identity = CharField(max_length=255)
    reason = CharField(max_length=32)
    #: What the station offered or sent, in words, without secrets.
    detail = TextField(default="")
    user_agent = TextField(default="")

    class Meta:
        table_name = "refusal"
        indexes = ((("reason", "identity", "address"), True),)
