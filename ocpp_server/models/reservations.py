"""Connectors that are held for a card, what became of that, and the calendars that show it."""

from peewee import BigAutoField, BigIntegerField, CharField, ForeignKeyField, IntegerField, TextField

from ocpp_server.models.base import Table, UtcField
from ocpp_server.models.charge_points import ChargePoint

#: To be sent at its time · asked for, and not answered yet · the station holds it.
PLANNED, SENDING, ACTIVE = "planned", "sending", "active"
#: A session began with it · its time is over · taken back · the station said no · a fault, or the station itself, ended
#: it · its time was over before the station could be asked.
USED, EXPIRED, CANCELLED, REFUSED, ENDED, MISSED = "used", "expired", "cancelled", "refused", "ended", "missed"
#: `status` of a planned one whose time has come while its station is away.
OFFLINE = "offline"
STATES = (PLANNED, SENDING, ACTIVE, USED, EXPIRED, CANCELLED, REFUSED, ENDED, MISSED)
#: Something can still come of it.
LIVE = (PLANNED, SENDING, ACTIVE)
#: The station knows of it, or may.
AT_STATION = (SENDING, ACTIVE)


class Reservation(Table):
    """A connector (0: any of the station) held for a card, from `starts_at` to `expiry_date`.

    `reservation_id` is the number on the wire; where ours it is that of no other reservation. `status` is the last
    word that decided about the state: of ReservationStatus, a connector's status, a CALLERROR's code, or ours.
    """

    charge_point = ForeignKeyField(ChargePoint, backref="reservations", on_delete="CASCADE")
    reservation_id = BigIntegerField()
    connector_id = BigIntegerField()
    id_tag = CharField(max_length=20)
    #: The tag casefolded (section 7.28).
    id_tag_key = CharField(max_length=64)
    parent_id_tag = CharField(max_length=20, null=True)
    starts_at = UtcField()
    expiry_date = UtcField()
    state = CharField(max_length=16, default=PLANNED)
    status = CharField(max_length=64, default="")
    #: How often the station was asked in vain, when it is asked again, and the command that asks it.
    attempts = IntegerField(default=0)
    next_attempt_at = UtcField(null=True)
    command_id = BigIntegerField(null=True)
    #: When the station accepted it, when it first reported the connector as Reserved since.
    accepted_at = UtcField(null=True)
    held_at = UtcField(null=True)
    #: When somebody asked the station to give it up.
    cancel_asked_at = UtcField(null=True)
    ended_at = UtcField(null=True)
    transaction_id = BigIntegerField(null=True)
    created_by = CharField(max_length=255, default="")
    created_at = UtcField()
    updated_at = UtcField()

    class Meta:
        table_name = "reservation"
        indexes = (
            (("charge_point", "state"), False),
            (("charge_point", "expiry_date"), False),
            (("state", "expiry_date"), False),
            (("reservation_id",), False),
            (("id_tag_key", "expiry_date"), False),
            (("expiry_date",), False),
        )


class ReservationEvent(Table):
    """One thing that happened to a reservation. `kind` is a word of ours, `detail` the station's or the values."""

    id = BigAutoField()
    reservation = ForeignKeyField(Reservation, backref="events", on_delete="CASCADE")
    at = UtcField()
    kind = CharField(max_length=32)
    detail = TextField(default="")
    who = CharField(max_length=255, default="")
    command_id = BigIntegerField(null=True)

    class Meta:
        table_name = "reservation_event"
        indexes = ((("reservation", "id"), False),)


class CalendarFeed(Table):
    """A link under which the reservations of a station, or of a card, are read as a calendar. Only its hash is kept."""

    token_hash = CharField(max_length=64, unique=True)
    charge_point = ForeignKeyField(ChargePoint, null=True, on_delete="CASCADE")
    id_tag = CharField(max_length=20, default="")
    created_by = CharField(max_length=255, default="")
    created_at = UtcField()
    last_used_at = UtcField(null=True)

    class Meta:
        table_name = "calendar_feed"
