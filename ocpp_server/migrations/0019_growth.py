"""What large tables need: indexes on the few rows that pages and the writer ask for, in place of some on all rows."""

from peewee import PostgresqlDatabase

#: Name, table and what follows it. SQLite prefers the later one where two partial indexes fit.
INDEXES = (
    # The running sessions of a station, its history left aside.
    ("charging_transaction_open", "charging_transaction", "(charge_point_id) WHERE stopped_at IS NULL"),
    # Cards are matched without regard to case.
    ("charging_transaction_card", "charging_transaction", "(lower(id_tag), started_at)"),
    (
        "charging_transaction_duration",
        "charging_transaction",
        "((stopped_at - started_at), id) WHERE stopped_at IS NOT NULL",
    ),
    ("frame_odd", "frame", "(charge_point_id, id) WHERE outcome <> '' OR note <> ''"),
    ("frame_errors", "frame", "(charge_point_id, id) WHERE outcome <> ''"),
    # What waits or is on the wire.
    ("command_open", "command", "(charge_point_id, id) WHERE finished_at IS NULL"),
    # What stations never answered: it is looked for at each station that holds charging profiles.
    ("command_silent", "command", "(charge_point_id, id) WHERE state IN ('timeout', 'lost')"),
    # What Chargeyard asked by itself, to remove it in the order of time.
    ("command_own", "command", "(action, id) WHERE requested_by = 'Chargeyard'"),
    ("command_charge_point_id_action_id", "command", "(charge_point_id, action, id)"),
    ("orphan_message_open", "orphan_message", "(received_at, id) WHERE resolved_at IS NULL"),
)
#: Others begin with the same columns, or serve the same queries better.
GONE = (
    ("transaction_charge_point_id", "charging_transaction", "(charge_point_id)"),
    ("charging_transaction_id_tag", "charging_transaction", "(id_tag)"),
    ("command_charge_point_id", "command", "(charge_point_id)"),
    ("command_state", "command", "(state)"),
)
_OPEN_BEFORE = "(charge_point_id, connector_id) WHERE stopped_at IS NULL"
_ENDED_WH = "GENERATED ALWAYS AS (CASE WHEN stopped_at IS NOT NULL THEN energy_wh END)"
_ENERGY = "CREATE INDEX charging_transaction_energy ON charging_transaction ({}, id) WHERE stopped_at IS NOT NULL"


def up(migrator, db):
    db.execute_sql("DROP INDEX charging_transaction_open")
    for name, _, _ in GONE:
        db.execute_sql(f"DROP INDEX {name}")
    for name, table, columns in INDEXES:
        db.execute_sql(f"CREATE INDEX {name} ON {table} {columns}")
    # Were the energy itself in an index, partial or not, PostgreSQL would write all indexes with each meter value.
    kind = "STORED" if isinstance(db, PostgresqlDatabase) else "VIRTUAL"
    db.execute_sql(f"ALTER TABLE charging_transaction ADD COLUMN ended_wh double precision {_ENDED_WH} {kind}")
    db.execute_sql("DROP INDEX IF EXISTS charging_transaction_energy")
    db.execute_sql(_ENERGY.format("ended_wh"))


def down(migrator, db):
    db.execute_sql("DROP INDEX charging_transaction_energy")
    db.execute_sql("ALTER TABLE charging_transaction DROP COLUMN ended_wh")
    if not isinstance(db, PostgresqlDatabase):
        db.execute_sql(_ENERGY.format("energy_wh"))
    for name, _, _ in INDEXES:
        db.execute_sql(f"DROP INDEX {name}")
    for name, table, columns in GONE:
        db.execute_sql(f"CREATE INDEX {name} ON {table} {columns}")
    db.execute_sql(f"CREATE INDEX charging_transaction_open ON charging_transaction {_OPEN_BEFORE}")
