"""The program as a whole: its start, what it prints, and its orderly end."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import gevent
import pytest
import websocket

from ocpp_server.models import ChargePoint, MeterValue, Transaction
from ocpp_server.services.card import id_tags
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.fake_charge_point import FakeChargePoint
from tests.product import Product, product

SETUP_LINK = re.compile(r"First operator: (http://\S+/setup/\S+)")


@pytest.fixture
def running(tmp_path: Path, database_url: str, store: Store) -> Iterator[Product]:
    """A started product with the stations CP-0 to CP-9 and a card."""
    for number in range(10):
        store.write(lambda unit, number=number: charge_points.add(unit, f"CP-{number}"))
    store.write(lambda unit: id_tags.add(unit, "CARD-1"))
    with product(tmp_path, database_url) as running:
        yield running


def stations(running: Product) -> list[FakeChargePoint]:
    return [FakeChargePoint(running.port, f"CP-{number}").connect() for number in range(10)]


def test_sigterm_closes_every_socket_with_going_away(running: Product, store: Store) -> None:
    connected = stations(running)
    ids = {station.start()["transactionId"] for station in connected}
    assert running.terminate() == 0
    assert {station.wait_for_close() for station in connected} == {(1001, "the server stops")}
    for station in connected:
        station.vanish()
    with store.reading():
        assert {row.id for row in Transaction.select()} == ids
        reasons = {row.disconnect_reason for row in ChargePoint.select()}
        assert all(row.disconnected_at >= row.connected_at for row in ChargePoint.select())
    assert reasons == {"the server stops"}
    assert "Traceback" not in running.output


def test_sigterm_loses_nothing_that_was_acknowledged(running: Product, store: Store) -> None:
    acknowledged = 0

    def talk(station: FakeChargePoint) -> None:
        nonlocal acknowledged
        transaction_id = station.start()["transactionId"]
        with suppress(websocket.WebSocketException, OSError):
            for number in range(10_000):
                station.meter(1000 + number, transaction_id)
                acknowledged += 1
        station.vanish()

    talking = [gevent.spawn(talk, station) for station in stations(running)]
    while acknowledged < 200:
        gevent.sleep(0.01)
    assert running.terminate() == 0
    gevent.joinall(talking, timeout=10, raise_error=True)
    with store.reading():
        assert MeterValue.select().count() >= acknowledged
        assert Transaction.select().count() == 10
    assert "Traceback" not in running.output


def test_a_second_start_goes_on_with_the_same_data(running: Product) -> None:
    with FakeChargePoint(running.port, "CP-1").connect() as station:
        transaction_id = station.start()["transactionId"]
    assert running.terminate() == 0
    running.start()
    with FakeChargePoint(running.port, "CP-1").connect() as station:
        assert station.stop(transaction_id, 1500, idTag="CARD-1") == {"idTagInfo": {"status": "Accepted"}}


def test_only_a_start_without_operators_prints_the_link_to_the_first(running: Product) -> None:
    assert running.terminate() == 0
    first = SETUP_LINK.search(running.output)
    assert first is not None
    assert first.group(1).startswith(running.url)
    running.start()
    assert running.terminate() == 0
    link = SETUP_LINK.search(running.output)
    assert link is not None, "still nobody can log in"

    added = running.run("operator", "add", "ada@example.com", "--role", "admin", stdin="correct horse battery\n")
    assert (added.returncode, added.stderr) == (0, "")
    running.start()
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(link.group(1), timeout=10)
    assert running.terminate() == 0
    assert "/setup/" not in running.output


def test_the_link_opens_a_page(running: Product) -> None:
    while (link := SETUP_LINK.search(running._read())) is None:
        gevent.sleep(0.02)
    with urllib.request.urlopen(link.group(1), timeout=10) as page:
        assert page.status == 200


def test_where_the_stations_connect_is_printed(running: Product) -> None:
    assert f"Charge points:  {running.charge_point_url}/<identity>" in running.output
    assert f"Portal:         {running.url}/" in running.output


def test_a_station_that_is_added_on_the_command_line_may_connect_at_once(running: Product) -> None:
    added = running.run("station", "add", "NEW", "--password", "sixteen letters!")
    assert (added.returncode, added.stderr) == (0, "")
    with FakeChargePoint(running.port, "NEW", password="sixteen letters!").connect() as station:
        assert station.boot()["status"] == "Accepted"
    again = running.run("station", "add", "new")
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_a_port_in_use_is_said_in_words(running: Product) -> None:
    second = running.run("serve")
    assert second.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{running.port}" in second.stderr
    assert "Traceback" not in second.stderr
