"""Charging profiles: what is installed where, what was wished, what was learnt of stations (section 3.13)."""

from peewee import BigIntegerField, BooleanField, CharField, DoubleField, ForeignKeyField, IntegerField, TextField

from ocpp_server.models.base import Table, UtcField
from ocpp_server.models.charge_points import ChargePoint


class InstalledChargingProfile(Table):
    """A profile that a station holds, by our own record: it accepted it, and nothing has taken its place since.

    `profile` is the JSON of SetChargingProfile. `transaction_id` is None where a TxProfile came with a remote start and
    its session has not begun. `source` names who sent it; `owner` which part of Chargeyard looks after it, if one does;
    then `wish` is the payload of SetChargingProfile as that part wished it at `wished_at`.
    """

    charge_point_id: int
    charge_point = ForeignKeyField(ChargePoint, backref="installed_profiles", on_delete="CASCADE")
    connector_id = BigIntegerField()
    charging_profile_id = BigIntegerField()
    stack_level = BigIntegerField()
    purpose = CharField(max_length=32)
    transaction_id = BigIntegerField(null=True)
    profile = TextField()
    installed_at = UtcField()
    source = CharField(max_length=255, default="")
    command_id = BigIntegerField(null=True)
    owner = CharField(max_length=32, default="")
    wish = TextField(null=True)
    wished_at = UtcField(null=True)

    class Meta:
        table_name = "installed_charging_profile"
        indexes = ((("charge_point", "connector_id"), False), (("purpose",), False))


class ChargingApplication(Table):
    """One schedule given to several connectors or stations at once. `profile`: the JSON as it was wished."""

    name = CharField(max_length=255, default="")
    profile = TextField()
    requested_by = CharField(max_length=255, default="")
    requested_at = UtcField()

    class Meta:
        table_name = "charging_application"


#: On its way · the station holds it · the station refuses it in every form · it could not be asked · not even tried ·
#: its owner wished something else before the station had answered.
WAITING, INSTALLED, REFUSED, FAILED = "waiting", "installed", "refused", "failed"
LEFT_OUT, SUPERSEDED = "left_out", "superseded"


class ChargingProfileRequest(Table):
    """A profile that is wanted on a connector, and the attempts to get it there.

    `attempts` is JSON: {"wish": the profile, "phases": how many share it in W, or null, "tried": [{"profile",
    "connector_id", "changed", "command", "answer"}, ...]}, in the order of trying. `command_id` is the latest attempt.
    `reason` says why it ended otherwise than wished: a word of services/smart_charging/charging_requests.py, a
    command's state, or a sentence.
    """

    application = ForeignKeyField(ChargingApplication, null=True, backref="requests", on_delete="CASCADE")
    charge_point_id: int
    charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
    connector_id = BigIntegerField()
    owner = CharField(max_length=32)
    purpose = CharField(max_length=32)
    transaction_id = BigIntegerField(null=True)
    attempts = TextField()
    lifetime = BigIntegerField(null=True)
    command_id = BigIntegerField(null=True, index=True)
    state = CharField(max_length=16, default=WAITING)
    reason = TextField(default="")
    requested_by = CharField(max_length=255, default="")
    requested_at = UtcField()
    finished_at = UtcField(null=True)

    class Meta:
        table_name = "charging_profile_request"
        indexes = ((("charge_point", "id"), False),)


class ChargingTraits(Table):
    """What a station was found to take after it had refused something else (quirks 39 to 41)."""

    charge_point_id: int
    charge_point = ForeignKeyField(ChargePoint, unique=True, on_delete="CASCADE")
    supported = BooleanField(null=True)
    max_stack_level = IntegerField(null=True)
    unit = CharField(max_length=1, null=True)
    kind = CharField(max_length=16, null=True)
    charge_point_max = BooleanField(null=True)
    station_default = BooleanField(null=True)
    learnt_at = UtcField()

    class Meta:
        table_name = "charging_traits"


class ChargingProfileTemplate(Table):
    """A schedule that was drawn once, to be applied often; the fields are those of charging/building.py: Drawing.

    `steps` is a JSON list of [second, limit]; seconds count from midnight in `zone`, for a week from Monday's.
    """

    name = CharField(max_length=255, unique=True)
    purpose = CharField(max_length=32)
    repeat = CharField(max_length=16)
    unit = CharField(max_length=1)
    phases = IntegerField(null=True)
    steps = TextField()
    min_rate = DoubleField(null=True)
    stack_level = IntegerField(default=1)
    zone = CharField(max_length=64, default="UTC")
    begins_on = UtcField(null=True)
    duration = BigIntegerField(null=True)
    valid_from = UtcField(null=True)
    valid_to = UtcField(null=True)
    updated_at = UtcField()

    class Meta:
        table_name = "charging_profile_template"


class CompositeReading(Table):
    """A composite schedule as a station reported it, and as it was calculated here at that time.

    Both are JSON lists of [second, limit or null] from `begins_at` on, in `unit`.
    """

    charge_point_id: int
    charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
    connector_id = BigIntegerField()
    command_id = BigIntegerField(index=True)
    begins_at = UtcField()
    duration = BigIntegerField()
    unit = CharField(max_length=1)
    reported = TextField()
    calculated = TextField()

    class Meta:
        table_name = "composite_reading"
        indexes = ((("charge_point", "connector_id", "id"), False),)
