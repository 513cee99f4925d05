"""Reservations with what happened to them, calendars of them, and what stations sent because they were asked to."""

from peewee import BigAutoField, BigIntegerField, CharField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class ChargePoint(Model):
        class Meta:
            database = db
            table_name = "charge_point"

    class Command(Model):
        id = BigAutoField()

        class Meta:
            database = db
            table_name = "command"

    class Reservation(Model):
        charge_point = ForeignKeyField(ChargePoint, on_delete="CASCADE")
        reservation_id = BigIntegerField()
        connector_id = BigIntegerField()
        id_tag = CharField(max_length=20)
        id_tag_key = CharField(max_length=64)
        parent_id_tag = CharField(max_length=20, null=True)
        starts_at = BigIntegerField()
        expiry_date = BigIntegerField()
        state = CharField(max_length=16, default="planned")
        status = CharField(max_length=64, default="")
        attempts = IntegerField(default=0)
        next_attempt_at = BigIntegerField(null=True)
        command_id = BigIntegerField(null=True)
        accepted_at = BigIntegerField(null=True)
        held_at = BigIntegerField(null=True)
        cancel_asked_at = BigIntegerField(null=True)
        ended_at = BigIntegerField(null=True)
        transaction_id = BigIntegerField(null=True)
        created_by = CharField(default="")
        created_at = BigIntegerField()
        updated_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "reservation"
            indexes = (
                (("charge_point", "state"), False),
                (("charge_point", "expiry_date"), False),
                (("state", "expiry_date"), False),
                (("reservation_id",), False),
                (("id_tag_key", "expiry_date"), False),
                (("expiry_date",), False),
            )

    db.create_tables([Reservation])

    class ReservationEvent(Model):
        id = BigAutoField()
        reservation = ForeignKeyField(Reservation, on_delete="CASCADE")
        at = BigIntegerField()
        kind = CharField(max_length=32)
        detail = TextField(default="")
        who = CharField(default="")
        command_id = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "reservation_event"
            indexes = ((("reservation", "id"), False),)

    db.create_tables([ReservationEvent])

    class CalendarFeed(Model):
        token_hash = CharField(unique=True, max_length=64)
        charge_point = ForeignKeyField(ChargePoint, null=True, on_delete="CASCADE")
        id_tag = CharField(max_length=20, default="")
        created_by = CharField(default="")
        created_at = BigIntegerField()
        last_used_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "calendar_feed"

    db.create_tables([CalendarFeed])

    class TriggeredMessage(Model):
        command = ForeignKeyField(Command, on_delete="CASCADE")
        at = BigIntegerField()
        text = TextField()

        class Meta:
            database = db
            table_name = "triggered_message"

    db.create_tables([TriggeredMessage])


def down(migrator, db):
    for table in ("triggered_message", "calendar_feed", "reservation_event", "reservation"):
        migrator.migrate(migrator.drop_table(table))
