from gevent import monkey

monkey.patch_all()

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from jinja2 import FileSystemBytecodeCache
from peewee import sort_models
from werkzeug.security import generate_password_hash

import app as entry
from ocpp_server import clock, dispatch, handshake, outgoing, sealing, sessions, stations
from ocpp_server.models import TABLES
from ocpp_server.server import Server
from ocpp_server.services.access import operators
from ocpp_server.services.site import site_sharing
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from portal import context

POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1")
ENGINES = ("sqlite", "postgresql")

# How long an example takes says how busy the machine is.
hypothesis.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("patient")

# Each test has an application of its own; compiling its templates anew would be half of the time of a page test.
Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache()}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["both", *ENGINES], default="both", help="which databases to test on")
    parser.addoption("--shuffle", type=int, default=None, metavar="SEED", help="certification cases in another order")
    parser.addoption("--certification-report", default=None, metavar="FILE", help="write the abstract of a report")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL alone, only what uses a database: the rest has run on SQLite, and so has what a browser sees."""
    if config.getoption("--database") == "postgresql":
        others = [item for item in items if not _is_of_a_database(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _is_of_a_database(item)]


def _is_of_a_database(item: pytest.Item) -> bool:
    has_browser = "browser" in item.path.parts or item.path.name == "test_browser.py"
    return "engine" in getattr(item, "fixturenames", ()) and not has_browser


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        metafunc.parametrize("engine", ENGINES if chosen == "both" else [chosen], indirect=True, scope="session")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def template(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database: a file to copy, or the URL of a database of this worker's own."""
    if engine == "sqlite":
        path = tmp_path_factory.mktemp("template") / "chargeyard.db"
        _migrate(f"sqlite:///{path}")
        yield str(path)
        return
    name = f"chargeyard_test_{os.getpid()}"
    with _postgresql() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = f"{POSTGRESQL}/{name}"
    _migrate(url)
    yield url
    with _postgresql() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _postgresql() -> psycopg.Connection:
    """A missing PostgreSQL is a failure where it is promised, and elsewhere a reason to skip."""
    try:
        return psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True)
    except psycopg.OperationalError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"PostgreSQL does not answer at {POSTGRESQL}: {error}")


def _migrate(url: str) -> None:
    store = Store(url)
    store.migrate()
    store.stop()


@pytest.fixture
def database_url(engine: str, template: str, tmp_path: Path) -> str:
    """An empty, migrated database for one test."""
    if engine == "sqlite":
        path = tmp_path / "chargeyard.db"
        shutil.copy(template, path)
        return f"sqlite:///{path}"
    with psycopg.connect(template) as connection:
        # A hundred times faster than TRUNCATE where there are few rows.
        for table in reversed(sort_models(TABLES)):
            connection.execute(f'DELETE FROM "{table._meta.table_name}"')
        connection.execute("SELECT setval(schemaname || '.' || sequencename, 1, false) FROM pg_sequences")
    return template


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(port=0, data_dir=tmp_path, database_url=database_url)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A database with its writer."""
    store = Store(database_url)
    store.start()
    sealing.use_key(b"a key for tests")
    dispatch.load()
    outgoing.load()
    yield store
    store.stop()
    stations.clear()
    site_sharing.clear()
    handshake.guesses.clear()
    clock.use(None)


@pytest.fixture(scope="session")
def portals() -> list[Flask]:
    """The one portal that page tests share, once it is made: making one takes longer than most tests."""
    return []


@pytest.fixture
def app(settings: Settings, store: Store, portals: list[Flask]) -> Iterator[Flask]:
    """The portal, not listening anywhere, on this test's database."""
    if not portals:
        portals.append(entry.create_portal(settings, store))
    app = portals[0]
    before = dict(app.config)
    app.extensions["chargeyard"] = context.Context(store, settings)
    app.jinja_env.globals["settings"] = settings
    app.config["TESTING"] = True
    yield app
    app.config.clear()
    app.config.update(before)


@pytest.fixture
def own_app(settings: Settings, store: Store) -> Flask:
    """A portal for one test alone, which may change it."""
    app = entry.create_portal(settings, store)
    app.config["TESTING"] = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    """The whole product in this process, listening on a port of its own."""
    server = Server(settings, entry.create_portal)
    server.start()
    yield server
    server.stop()
    assert not sessions.connected_ids(), "a session was left behind"
    stations.clear()
    site_sharing.clear()
    handshake.guesses.clear()


CLIENTS = Path(__file__).parent / "clients"
PASSWORD = "correct horse battery"
# As `operators.hash_password` makes it, but cheap: nearly every page test logs somebody in.
_HASH = generate_password_hash(PASSWORD, method="scrypt:1024:8:1")


@pytest.fixture
def log_in(app: Flask, store: Store) -> Callable[[FlaskClient, str], None]:
    """Log a client in as a new person of that role."""

    def as_role(client: FlaskClient, role: str) -> None:
        email = f"{role}@example.com"
        store.write(lambda unit: operators.add(unit, email, password_hash=_HASH, role=role, name=role.title()))
        answer = client.post("/login", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text

    return as_role


@pytest.fixture(scope="session")
def node() -> str:
    """Node with the packages of the lock file."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        pytest.skip("Node is not installed")
    with (CLIENTS / "package-lock.json").open() as lock:
        # Another process may test the other database at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CLIENTS / "node_modules" / "ocpp-rpc").is_dir():
            subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=CLIENTS, check=True)
    return found
