"""A station's own word on a missing subprotocol, or none: then the setting counts.

Columns are added, dropped and renamed, never altered: SQLite would copy the table, and dropping the old one would
take the stations' connectors with it.
"""

from peewee import BooleanField


def up(migrator, db):
    migrator.migrate(migrator.add_column("charge_point", "strict_choice", BooleanField(null=True)))
    _replace(db)  # "No" meant until now: as the setting says.


def down(migrator, db):
    db.execute_sql("ALTER TABLE charge_point ADD COLUMN strict_choice BOOLEAN NOT NULL DEFAULT FALSE")
    _replace(db)


def _replace(db):
    db.execute_sql("UPDATE charge_point SET strict_choice = strict_subprotocol WHERE strict_subprotocol")
    db.execute_sql("ALTER TABLE charge_point DROP COLUMN strict_subprotocol")
    db.execute_sql("ALTER TABLE charge_point RENAME COLUMN strict_choice TO strict_subprotocol")
