import os
import random
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.certification import report
from tests.certification.csms import Csms
from tests.certification.station import Station
from tests.conftest import POSTGRESQL

IDENTITY = "CERT-1"
VALID, INVALID, EXPIRED, BLOCKED = "CERT-VALID", "CERT-UNKNOWN", "CERT-EXPIRED", "CERT-BLOCKED"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the order of the document, or shuffled: no case may depend on another. A database at a time."""
    seed = config.getoption("--shuffle")
    mine = [item for item in items if "certification" in item.path.parts]
    if seed is not None and mine:
        order = {id(item): number for number, item in enumerate(random.Random(seed).sample(mine, len(mine)))}
        engines = {
            id(item): str(getattr(item, "callspec", None) and item.callspec.params.get("engine")) for item in mine
        }
        items.sort(key=lambda item: (engines.get(id(item), ""), order.get(id(item), -1)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    outcome = yield
    marker = item.get_closest_marker("profile")
    if marker is not None and (call.when == "call" or outcome.failed):
        name = item.function.__name__.removeprefix("test_").split("_csms_")[0].upper()
        report.note_case(marker.args[0], name, outcome.passed)
    return outcome


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("--certification-report")
    if path:
        report.write(Path(path), f"on {session.config.getoption('--database')}")


@pytest.fixture(scope="session")
def csms(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Csms]:
    """One server for all cases, as at the laboratory; what one case leaves behind the next one meets."""
    folder = tmp_path_factory.mktemp("certification")
    name = f"chargeyard_certification_{os.getpid()}"
    if engine == "postgresql":
        with psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
    csms = Csms(f"{POSTGRESQL}/{name}" if engine == "postgresql" else "", folder)
    try:
        _prepare(csms)
        yield csms
    finally:
        said = csms.stop()
        if engine == "postgresql":
            with psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert "Traceback" not in said


def _prepare(csms: Csms) -> None:
    csms.api("POST", "/stations", {"identity": IDENTITY, "registration": "accepted"})
    csms.api("POST", "/id-tags", {"id_tag": VALID, "status": "accepted"})
    csms.api("POST", "/id-tags", {"id_tag": BLOCKED, "status": "blocked"})
    past = "2020-01-01T00:00:00Z"
    csms.api("POST", "/id-tags", {"id_tag": EXPIRED, "status": "accepted", "expiry_date": past})


@pytest.fixture
def station(csms: Csms) -> Iterator[Station]:
    """The tool's charge point: connected, accepted, connectors available."""
    station = Station(csms.port, IDENTITY).connect()
    station.booted()
    yield station
    station.close()
