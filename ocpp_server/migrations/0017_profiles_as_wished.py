"""Profiles as Chargeyard's parts wished them, beside what stations took; where stations take their defaults."""

from peewee import BigIntegerField, BooleanField, TextField


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("installed_charging_profile", "wish", TextField(null=True)),
        migrator.add_column("installed_charging_profile", "wished_at", BigIntegerField(null=True)),
        migrator.add_column("charging_traits", "station_default", BooleanField(null=True)),
    )


def down(migrator, db):
    db.execute_sql("ALTER TABLE charging_traits DROP COLUMN station_default")
    for column in ("wished_at", "wish"):
        db.execute_sql(f"ALTER TABLE installed_charging_profile DROP COLUMN {column}")
