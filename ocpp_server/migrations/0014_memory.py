"""PostgreSQL tells the server's process when another one has written what it remembers; SQLite does so by itself.

And what large tables need: sessions are found by their card and by their energy.
"""

from peewee import PostgresqlDatabase

CHANNEL = "chargeyard_written"
#: What of each table is remembered; of the rest nobody needs to hear.
TABLES = {
    "id_tag": "INSERT OR DELETE OR UPDATE OF id_tag_key, status, expiry_date, parent_id_tag",
    "connector": "INSERT OR DELETE OR UPDATE",
    "charging_transaction": "INSERT OR DELETE OR UPDATE",
    "refusal": "INSERT OR DELETE OR UPDATE",
}


def up(migrator, db):
    db.execute_sql("CREATE INDEX charging_transaction_id_tag ON charging_transaction (id_tag)")
    if not isinstance(db, PostgresqlDatabase):
        # Not of those that run, or it would be written with each meter value. PostgreSQL writes all indexes anew where
        # a column of any has changed, and sorts fast enough without.
        db.execute_sql(
            "CREATE INDEX charging_transaction_energy ON charging_transaction (energy_wh, id)"
            " WHERE stopped_at IS NOT NULL"
        )
        return
    db.execute_sql(
        f"CREATE FUNCTION {CHANNEL}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN PERFORM pg_notify('{CHANNEL}', TG_TABLE_NAME); RETURN NULL; END $$"
    )
    # Room for what a running session changes: its new row then needs no new entries in the indexes.
    db.execute_sql("ALTER TABLE charging_transaction SET (fillfactor = 80)")
    for table, changes in TABLES.items():
        db.execute_sql(
            f"CREATE TRIGGER {CHANNEL} AFTER {changes} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {CHANNEL}()"
        )


def down(migrator, db):
    db.execute_sql("DROP INDEX charging_transaction_id_tag")
    if not isinstance(db, PostgresqlDatabase):
        db.execute_sql("DROP INDEX charging_transaction_energy")
        return
    db.execute_sql("ALTER TABLE charging_transaction RESET (fillfactor)")
    for table in TABLES:
        db.execute_sql(f"DROP TRIGGER {CHANNEL} ON {table}")
    db.execute_sql(f"DROP FUNCTION {CHANNEL}()")
