"""The people who log in, and the settings that are kept in the database."""

from peewee import CharField, TextField

from ocpp_server.models.base import Table, UtcField

ADMIN, OPERATOR, VIEWER = "admin", "operator", "viewer"
ROLES = (ADMIN, OPERATOR, VIEWER)


class Operator(Table):
    """Someone with a log-in. `session_key` changes with the password, which ends all their sessions."""

    email = CharField(max_length=255, unique=True)
    name = CharField(max_length=255, default="")
    password_hash = CharField(max_length=255)
    role = CharField(max_length=16, default=VIEWER)
    session_key = CharField(max_length=64)
    language = CharField(max_length=16, default="")
    created_at = UtcField()
    last_login_at = UtcField(null=True)
    disabled_at = UtcField(null=True)

    class Meta:
        table_name = "operator"


class Setting(Table):
    """One value by name, as JSON text."""

    key = CharField(max_length=64, primary_key=True)
    value = TextField()

    class Meta:
        table_name = "setting"
