"""Tells the server's process when another one has written what it remembers; SQLite tells that by itself."""

from peewee import PostgresqlDatabase

CHANNEL = "chargeyard_written"
#: What of each table is remembered; of the rest nobody needs to hear.
TABLES = {
    "id_tag": "INSERT OR DELETE OR UPDATE OF id_tag_key, status, expiry_date, parent_id_tag",
    "connector": "INSERT OR DELETE OR UPDATE",
    "charging_transaction": "INSERT OR DELETE OR UPDATE",
}


def up(migrator, db):
    if not isinstance(db, PostgresqlDatabase):
        return
    db.execute_sql(
        f"CREATE FUNCTION {CHANNEL}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN PERFORM pg_notify('{CHANNEL}', TG_TABLE_NAME); RETURN NULL; END $$"
    )
    for table, changes in TABLES.items():
        db.execute_sql(
            f"CREATE TRIGGER {CHANNEL} AFTER {changes} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {CHANNEL}()"
        )


def down(migrator, db):
    if not isinstance(db, PostgresqlDatabase):
        return
    for table in TABLES:
        db.execute_sql(f"DROP TRIGGER {CHANNEL} ON {table}")
    db.execute_sql(f"DROP FUNCTION {CHANNEL}()")
