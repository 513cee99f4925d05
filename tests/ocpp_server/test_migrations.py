"""The migrations make exactly the tables that the models say."""

import psycopg
import pytest
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from ocpp_server.models import TABLES
from ocpp_server.store import MIGRATIONS, Store
from tests.conftest import POSTGRESQL

#: Made by hand: peewee's diff knows no partial index without a declaration of it.
BY_HAND = {
    "charging_transaction_open",
    "charging_transaction_flagged",
    "charging_transaction_energy",
    "charging_transaction_duration",
    "charging_transaction_card",
    "command_open",
    "command_own",
    "command_silent",
    "frame_odd",
    "frame_errors",
    "meter_value_outside",
    "orphan_message_open",
}
#: On PostgreSQL alone, of the database's own making.
GENERATED = {("charging_transaction", "ended_wh")}


@pytest.fixture
def empty(engine, template, tmp_path):
    """The URL of a database without any table."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    name = template.rpartition("/")[2] + "_empty"
    with psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"{POSTGRESQL}/{name}"
    with psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def difference(store):
    with store.reading():
        found = diff_models(store.database, TABLES)
    return [
        *(model._meta.table_name for model in found.create_tables),
        *(f"{field.model._meta.table_name}.{field.column_name}" for field in found.add_columns),
        *(column for column in found.drop_columns if column not in GENERATED),
        *found.add_indexes,
        *(index for index in found.drop_indexes if index.name not in BY_HAND),
    ]


def columns(store):
    """Every column with what the database makes of it; by table."""
    with store.reading():
        return {
            table: {
                column.name: (column.data_type.lower(), column.null, column.primary_key)
                for column in store.database.get_columns(table)
                if (table, column.name) not in GENERATED
            }
            for table in store.database.get_tables()
        }


def test_an_empty_database_gets_exactly_the_tables_of_the_models(empty):
    store = Store(empty)
    assert store.migrate()
    assert difference(store) == []
    store.stop()


def test_running_again_changes_nothing(empty):
    store = Store(empty)
    store.migrate()
    before = columns(store)
    assert store.migrate() == []
    assert columns(store) == before
    store.stop()


def test_whoever_has_data_is_told_that_it_may_take_a_while(empty, caplog):
    caplog.set_level("INFO")
    store = Store(empty)
    store.migrate()
    assert caplog.messages == []
    with store.database.connection_context():
        Runner(store.database, MIGRATIONS).down()
    store.migrate()
    store.migrate()
    store.stop()
    told, change = caplog.messages
    assert "nobody is served meanwhile" in told
    assert change.startswith("up: ")


def test_columns_have_the_types_that_the_models_would_make(empty):
    store = Store(empty)
    store.migrate()
    migrated = columns(store)
    with store.database.connection_context():
        store.database.drop_tables(TABLES)
        store.database.create_tables(TABLES)
    made = columns(store)
    store.stop()
    assert {table._meta.table_name for table in TABLES} <= set(made)
    assert migrated == made


def test_the_indexes_made_by_hand_are_there(store):
    with store.reading():
        names = {index.name for table in TABLES for index in store.database.get_indexes(table._meta.table_name)}
    assert names >= BY_HAND
