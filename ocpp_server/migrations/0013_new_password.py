"""The password that a station takes over when it restarts: until it uses it, the old one counts as well."""

from peewee import CharField


def up(migrator, db):
    migrator.migrate(migrator.add_column("charge_point", "new_password_hash", CharField(max_length=255, null=True)))


def down(migrator, db):
    db.execute_sql("ALTER TABLE charge_point DROP COLUMN new_password_hash")
