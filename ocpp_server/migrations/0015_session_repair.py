"""What a session's figures were before an operator ended it, so that this can be taken back."""

from peewee import TextField


def up(migrator, db):
    migrator.migrate(migrator.add_column("charging_transaction", "before_repair", TextField(null=True)))


def down(migrator, db):
    db.execute_sql("ALTER TABLE charging_transaction DROP COLUMN before_repair")
