"""How large all files were on a day, beside the database."""

from peewee import BigIntegerField


def up(migrator, db):
    migrator.migrate(migrator.add_column("storage_sample", "file_bytes", BigIntegerField(null=True)))


def down(migrator, db):
    db.execute_sql("ALTER TABLE storage_sample DROP COLUMN file_bytes")
