"""Other people's charge points, each a process of its own, against the running product."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ocpp_server.models import ChargePoint, Connector, Frame, MeterValue, Transaction
from ocpp_server.services.card import id_tags
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.product import Product, product

CLIENTS = Path(__file__).parents[1] / "clients"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD = "sixteen letters!"


@pytest.fixture
def running(tmp_path: Path, database_url: str, store: Store) -> Iterator[Product]:
    store.write(lambda unit: charge_points.add(unit, "CP-1", password=PASSWORD))
    store.write(lambda unit: id_tags.add(unit, "CARD-1"))
    with product(tmp_path, database_url) as running:
        yield running
        assert running.terminate() == 0
        assert "Traceback" not in running.output


def session_of(running: Product, *command: str) -> dict[str, Any]:
    """What a client was answered in its session."""
    run = [*command, running.charge_point_url, "CP-1", PASSWORD]
    done = subprocess.run(run, cwd=CLIENTS, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


def check(store: Store) -> int:
    """The session is in the database as it was; its id."""
    with store.reading():
        row = Transaction.get()
        assert (row.energy_wh, row.meter_start, row.meter_stop) == (7000, 1000, 8000)
        assert (row.started_at, row.stopped_at) == (NOON, NOON + timedelta(minutes=30))
        assert (row.stop_reason, row.id_tag, row.id_tag_status) == ("EVDisconnected", "CARD-1", "Accepted")
        assert row.flags == ""
        readings = [(value.transaction_id, value.energy_wh) for value in MeterValue.select().order_by(MeterValue.id)]
        assert readings == [(row.id, 3000), (row.id, 5500.5)]
        assert {one.connector_id: one.status for one in Connector.select()} == {0: "Available", 1: "Preparing"}
        assert not Frame.select().where((Frame.outcome != "") | (Frame.note != "")).count()
        assert ChargePoint.get().last_boot_at is not None
    return row.id


def test_the_ocpp_packages_charge_point_charges(running: Product, store: Store) -> None:
    said = session_of(running, sys.executable, "ocpp_package_session.py")
    assert said["boot"]["status"] == "Accepted"
    assert said["authorize"]["id_tag_info"]["status"] == "Accepted"
    assert said["stop"]["id_tag_info"]["status"] == "Accepted"
    assert said["unknown"]["status"] == "UnknownVendorId"
    assert said["start"]["transaction_id"] == check(store)


def test_npms_ocpp_rpc_in_strict_mode_charges(running: Product, store: Store, node: str) -> None:
    said = session_of(running, node, "ocpp_rpc_session.mjs")
    assert said["boot"]["status"] == "Accepted"
    assert said["authorize"]["idTagInfo"]["status"] == "Accepted"
    assert said["stop"]["idTagInfo"]["status"] == "Accepted"
    assert said["unknown"]["status"] == "UnknownVendorId"
    assert said["start"]["transactionId"] == check(store)
