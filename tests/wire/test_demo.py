"""The demonstration: a yard that charges soon, and that leaves nothing running when it is ended."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.product import Product
from tests.wire.yard import eventually

_RUNNING = "SELECT count(*) FROM charging_transaction WHERE stopped_at IS NULL"


def running(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "chargeyard.db", timeout=10)) as database:
        return database.execute(_RUNNING).fetchone()[0]


def test_the_demonstration_charges_and_ends_what_it_began(tmp_path: Path) -> None:
    demo = Product(tmp_path).start("demo")
    try:
        eventually(lambda: running(tmp_path) >= 2, 60, "no session began")
        assert demo.terminate() == 0
    finally:
        if demo.process is not None:
            demo.kill()
    assert running(tmp_path) == 0
    assert "Traceback" not in demo.output
