"""Firmware jobs: one image for one station or many, and how far each of them is."""

from peewee import BigAutoField, BigIntegerField, BooleanField, CharField, ForeignKeyField, IntegerField, TextField

from ocpp_server.models.base import Table, UtcField
from ocpp_server.models.charge_points import ChargePoint

#: Of a job: not yet begun · stations are asked · held by an operator · held because too many failed or the window
#: is over · nothing is left to do · ended by an operator.
PLANNED, RUNNING, PAUSED, STOPPED, DONE, CANCELLED = "planned", "running", "paused", "stopped", "done", "cancelled"
JOB_STATES = (PLANNED, RUNNING, PAUSED, STOPPED, DONE, CANCELLED)


class FirmwareJob(Table):
    """What is to be installed where, when and how carefully.

    The firmware is an image kept here (`image_id`) or lies at `location`. `version` is the firmwareVersion that the
    stations report afterwards, where that is known. `waves` are the sizes of the first waves, like `1 10`; everything
    that is left makes the last one.
    """

    title = CharField(max_length=255, default="")
    image_id = IntegerField(null=True)
    location = TextField(default="")
    #: The whole location, encrypted, where it has a password in it.
    sealed_location = TextField(null=True)
    version = CharField(max_length=64, default="")
    #: How the stations were chosen, for people.
    target = TextField(default="")
    #: No station is asked before the first or after the second.
    starts_at = UtcField()
    ends_at = UtcField(null=True)
    #: Stations are asked at these hours of each day only, like 22:00 to 05:00, by the clocks of this time zone.
    window_from = CharField(max_length=5, null=True)
    window_to = CharField(max_length=5, null=True)
    zone = CharField(max_length=64, null=True)
    waves = CharField(max_length=255, default="")
    #: The job stops when more than so many percent of a wave fail; None never stops it.
    stop_percent = IntegerField(null=True)
    retries = BigIntegerField(null=True)
    retry_interval = BigIntegerField(null=True)
    respects_sessions = BooleanField(default=True)
    #: A station that says nothing for so many seconds counts as silent.
    patience = IntegerField(default=7200)

    #: Where operators asked by hand: the batch of these requests, if there were several at once.
    batch_id = IntegerField(null=True, index=True)
    is_by_hand = BooleanField(default=False)

    state = CharField(max_length=16, default=PLANNED)
    #: Why it is stopped: `failures`, `window`, or `image` or `location` where that cannot be given to stations.
    stop_reason = CharField(max_length=16, default="")
    #: The present wave, from 1, and how many of its failures an operator has accepted by going on.
    wave = IntegerField(default=1)
    accepted_failures = IntegerField(default=0)
    created_by = CharField(max_length=255, default="")
    created_at = UtcField()
    begun_at = UtcField(null=True)
    ended_at = UtcField(null=True)

    class Meta:
        table_name = "firmware_job"
        indexes = ((("state",), False),)


class FirmwareUpdate(Table):
    """One station of a job. The states are told in services/firmware/states.py.

    `is_current` marks the update that the station's messages speak of: one per station at most.
    """

    id = BigAutoField()
    job = ForeignKeyField(FirmwareJob, backref="updates", on_delete="CASCADE")
    charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
    state = CharField(max_length=24, default="waiting")
    #: Why it ended as it did: a word of services/firmware/states.py, and what the station said.
    reason = CharField(max_length=32, default="")
    detail = TextField(default="")
    wave = IntegerField(null=True)
    is_current = BooleanField(default=False)
    command_id = BigIntegerField(null=True, index=True)
    #: The link by which it loads an image that is kept here.
    link_id = IntegerField(null=True)
    #: How often the station was asked, and how often it was away before the request could be sent.
    attempts = IntegerField(default=0)
    deferrals = IntegerField(default=0)
    #: The firmwareVersion before, and of the last boot since it was asked.
    version_before = TextField(null=True)
    version_after = TextField(null=True)

    asked_at = UtcField(null=True)
    answered_at = UtcField(null=True)
    downloading_at = UtcField(null=True)
    downloaded_at = UtcField(null=True)
    installing_at = UtcField(null=True)
    installed_at = UtcField(null=True)
    ended_at = UtcField(null=True)
    #: When anything about it was last heard or done.
    news_at = UtcField()

    class Meta:
        table_name = "firmware_update"
        indexes = (
            (("job", "charge_point"), True),
            (("job", "state"), False),
            (("state",), False),
            (("charge_point", "is_current"), False),
        )


class StationNotice(Table):
    """What a station said about its firmware and its diagnostics, also where nobody had asked.

    `kind` is firmware or diagnostics with the status as `word`, or version with a firmwareVersion that is new.
    """

    id = BigAutoField()
    charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
    kind = CharField(max_length=16)
    word = TextField()
    at = UtcField()
    #: Whether it belongs to something that was asked for here.
    is_expected = BooleanField(default=False)

    class Meta:
        table_name = "station_notice"
        indexes = ((("charge_point", "kind", "id"), False),)
