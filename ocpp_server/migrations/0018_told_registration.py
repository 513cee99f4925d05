"""What stations were last told of their registration. Those that booted were told what it is now, for all we know."""

from peewee import CharField


def up(migrator, db):
    migrator.migrate(migrator.add_column("charge_point", "told_registration", CharField(max_length=16, null=True)))
    db.execute_sql("UPDATE charge_point SET told_registration = registration WHERE last_boot_at IS NOT NULL")


def down(migrator, db):
    db.execute_sql("ALTER TABLE charge_point DROP COLUMN told_registration")
