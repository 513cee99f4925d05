"""Nothing in the writer reads a large table, or all that a station ever did: everyone else waits meanwhile."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ocpp_server import clock, jobs, scheduler
from ocpp_server.discovery import import_all
from ocpp_server.models import InstalledChargingProfile
from ocpp_server.services import commands, spontaneous
from ocpp_server.services.card import authorization
from ocpp_server.services.local_list import upkeep
from ocpp_server.services.session import open_transactions
from ocpp_server.services.site import site_orders
from ocpp_server.services.smart_charging import installed_profiles
from ocpp_server.services.smart_charging.composite_schedules import Holdings
from ocpp_server.settings import Settings
from ocpp_server.store import Store, Unit
from tests import charging, query_plans
from tests.ocpp_server.conftest import NOON, Clock, Speaker
from tests.query_plans import Statements


@pytest.fixture
def statements(speaker: Speaker, engine: str) -> Iterator[Statements]:
    """What runs from now on; of a station with sessions, one of them running."""
    if engine != "sqlite":
        pytest.skip("PostgreSQL plans by what is in the tables")

    def work(unit: object) -> None:
        charging.session(speaker.station.id, NOON - timedelta(hours=3))
        charging.session(speaker.station.id, NOON - timedelta(hours=1), None)

    speaker.store.write(work)
    with query_plans.watching(speaker.store) as found:
        yield found
    assert found.ran
    assert found.walks() == []


@pytest.mark.usefixtures("statements")
def test_messages_about_a_session(speaker: Speaker) -> None:
    begun = {"connectorId": 2, "idTag": "GOOD", "meterStart": 0, "timestamp": clock.iso(NOON)}
    values = [{"timestamp": clock.iso(NOON), "sampledValue": [{"value": "7"}]}]
    number = speaker.ask("StartTransaction", begun)["transactionId"]
    speaker.ask("StartTransaction", begun)
    speaker.ask("MeterValues", {"connectorId": 2, "transactionId": number, "meterValue": values})
    speaker.ask("StopTransaction", {"transactionId": number, "meterStop": 9, "timestamp": clock.iso(NOON)})
    speaker.ask("StopTransaction", {"transactionId": -1, "meterStop": 9, "timestamp": clock.iso(NOON)})
    speaker.ask("StartTransaction", {**begun, "timestamp": "soon"})


@pytest.mark.usefixtures("statements")
def test_what_runs_at_a_station(store: Store, speaker: Speaker) -> None:
    assert len(store.write(lambda unit: open_transactions.running(unit, speaker.station.id))) == 1
    with store.reading():
        assert list(Holdings(speaker.station.id).sessions) == [1]


@pytest.mark.usefixtures("statements")
def test_where_else_a_card_charges(store: Store) -> None:
    with store.reading():
        assert authorization.explain(store.query, "card-1", 0, concurrent_tx=True).running == 2


@pytest.mark.usefixtures("statements")
def test_what_is_asked_of_stations(store: Store, speaker: Speaker) -> None:
    def work(unit: Unit) -> None:
        commands.request(unit, speaker.station.id, "Reset", {"type": "Soft"}, by="Anna")
        assert commands.claim(unit, speaker.station.id)
        commands.expire(unit)
        commands.abandon(unit)
        spontaneous.look_after(unit, speaker.station)
        upkeep.forget(unit, 0)
        site_orders.forget_old(unit)

    store.write(work)


@pytest.mark.usefixtures("statements")
def test_the_session_of_a_profile_that_came_with_a_remote_start(store: Store, speaker: Speaker) -> None:
    facts = {"connector_id": 0, "charging_profile_id": 1, "stack_level": 0, "purpose": "TxProfile", "profile": "{}"}
    values = {"charge_point": speaker.station.id, "installed_at": NOON, **facts}
    store.write(lambda unit: InstalledChargingProfile.create(**values))
    store.write(installed_profiles.bury)


@pytest.mark.usefixtures("statements")
def test_what_recurs(store: Store, settings: Settings, time: Clock) -> None:
    time.go_on(days=1000)
    import_all(jobs)
    for job, _ in scheduler.jobs_and_runs():
        job.function(store, settings)


def test_a_meter_value_changes_no_index_of_its_session(speaker: Speaker, engine: str) -> None:
    if engine != "postgresql":
        pytest.skip("SQLite writes only the indexes whose columns change")
    begun = {"connectorId": 2, "idTag": "GOOD", "meterStart": 0, "timestamp": clock.iso(NOON)}
    number = speaker.ask("StartTransaction", begun)["transactionId"]
    before = _updates(speaker)
    for minute, energy in enumerate((100, 200, 300)):
        values = [{"timestamp": clock.iso(NOON + timedelta(minutes=minute)), "sampledValue": [{"value": str(energy)}]}]
        speaker.ask("MeterValues", {"connectorId": 2, "transactionId": number, "meterValue": values})
    after = _updates(speaker)
    assert after[0] - before[0] == after[1] - before[1] == 3


def _updates(speaker: Speaker) -> tuple[int, int]:
    """How many sessions were updated so far, and how many of these without a new entry in an index."""
    speaker.row("SELECT pg_stat_force_next_flush()")
    found = speaker.row(
        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'charging_transaction'"
    )
    assert found is not None
    return found
