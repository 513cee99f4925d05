"""Local authorization lists: what stations should keep, what they hold, and which cards changed when."""

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)


def up(migrator, db):
    class ChargePoint(Model):
        class Meta:
            database = db
            table_name = "charge_point"

    class LocalList(Model):
        charge_point = ForeignKeyField(ChargePoint, unique=True, on_delete="CASCADE")
        keeps = CharField(max_length=8, default="none")
        groups = TextField(default="[]")
        state = CharField(max_length=16, default="behind")
        reason = TextField(default="")
        version = BigIntegerField(default=0)
        sent_version = BigIntegerField(default=0)
        rebuild = BooleanField(default=True)
        scan_key = CharField(max_length=64, null=True)
        part_end = CharField(max_length=64, null=True)
        seen_revision = BigIntegerField(default=0)
        cutoff = BigIntegerField(null=True)
        check_version = BooleanField(default=True)
        command_id = BigIntegerField(null=True)
        doubted_id = BigIntegerField(null=True)
        refusals = IntegerField(default=0)
        losses = IntegerField(default=0)
        message_limit = IntegerField(null=True)
        entries = IntegerField(default=0)
        wanted = IntegerField(default=0)
        left_out = IntegerField(default=0)
        asked_by = CharField(max_length=255, default="")
        checked_at = BigIntegerField(null=True)
        in_step_at = BigIntegerField(null=True)
        refused_at = BigIntegerField(null=True)
        conflict_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "local_list"

    class LocalListEntry(Model):
        charge_point_id = IntegerField()
        id_tag_key = CharField(max_length=64)
        id_tag = CharField(max_length=20)
        expiry_date = BigIntegerField(null=True)
        parent_id_tag = CharField(max_length=20, null=True)
        status = CharField(max_length=16, default="Accepted")

        class Meta:
            database = db
            table_name = "local_list_entry"
            primary_key = CompositeKey("charge_point_id", "id_tag_key")
            # SQLite would keep the key twice; PostgreSQL does not know the words.
            without_rowid = isinstance(db, SqliteDatabase)

    class IdTagChange(Model):
        id_tag_key = CharField(max_length=64, primary_key=True)
        revision = BigIntegerField(index=True)

        class Meta:
            database = db
            table_name = "id_tag_change"

    db.create_tables([LocalList, LocalListEntry, IdTagChange])
    # Cards whose time has passed are looked for every few seconds.
    db.execute_sql("CREATE INDEX id_tag_expiry_date ON id_tag (expiry_date)")


def down(migrator, db):
    db.execute_sql("DROP INDEX id_tag_expiry_date")
    for table in ("id_tag_change", "local_list_entry", "local_list"):
        migrator.migrate(migrator.drop_table(table))
