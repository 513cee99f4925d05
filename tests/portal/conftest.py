"""What page tests share: people who are logged in, stations to look at, and a count of queries."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ocpp_server.models import ChargePoint
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from portal.views import auth, profile

#: What htmx sends when it wants a part of a page.
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(autouse=True)
def no_old_failures() -> None:
    """Failed log-ins are counted per process, so each test begins with none."""
    for throttle in (auth.by_account, auth.by_address, profile.guesses):
        throttle.clear()


@pytest.fixture
def admin(app: Flask, log_in: Callable[[FlaskClient, str], None]) -> FlaskClient:
    client = app.test_client()
    log_in(client, "admin")
    return client


@pytest.fixture
def operator(app: Flask, log_in: Callable[[FlaskClient, str], None]) -> FlaskClient:
    client = app.test_client()
    log_in(client, "operator")
    return client


@pytest.fixture
def viewer(app: Flask, log_in: Callable[[FlaskClient, str], None]) -> FlaskClient:
    client = app.test_client()
    log_in(client, "viewer")
    return client


@pytest.fixture
def add_station(store: Store) -> Callable[..., ChargePoint]:
    def add(identity: str = "CP-1", **fields: object) -> ChargePoint:
        return store.write(lambda unit: charge_points.add(unit, identity, **fields))

    return add


class _Counter(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.statements: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.statements.append(str(record.msg))


@pytest.fixture
def queries() -> Callable[[], object]:
    """`with queries() as statements:` collects every statement that peewee runs."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        log, counter = logging.getLogger("peewee"), _Counter()
        level = log.level
        log.addHandler(counter)
        log.setLevel(logging.DEBUG)
        try:
            yield counter.statements
        finally:
            log.removeHandler(counter)
            log.setLevel(level)

    return counting
