"""What the writer remembers now: unknown cards, and no statuses of connectors. See 0014."""

from peewee import PostgresqlDatabase

CHANNEL = "chargeyard_written"


def up(migrator, db):
    _swap(db, "connector", "unknown_card")


def down(migrator, db):
    _swap(db, "unknown_card", "connector")


def _swap(db, gone, new):
    if isinstance(db, PostgresqlDatabase):
        db.execute_sql(f"DROP TRIGGER {CHANNEL} ON {gone}")
        db.execute_sql(
            f"CREATE TRIGGER {CHANNEL} AFTER INSERT OR DELETE OR UPDATE ON {new}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {CHANNEL}()"
        )
