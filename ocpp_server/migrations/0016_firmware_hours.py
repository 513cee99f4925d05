"""The hours of each day in which a firmware job asks stations."""

from peewee import CharField

COLUMNS = {"window_from": 5, "window_to": 5, "zone": 64}


def up(migrator, db):
    for name, length in COLUMNS.items():
        migrator.migrate(migrator.add_column("firmware_job", name, CharField(max_length=length, null=True)))


def down(migrator, db):
    for name in COLUMNS:
        db.execute_sql(f"ALTER TABLE firmware_job DROP COLUMN {name}")
