"""One request to many stations."""

from typing import Any

import pytest

from ocpp_server.models import Command, CommandBatch
from ocpp_server.services import batches, commands
from ocpp_server.services.errors import Invalid
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.ocpp_server.conftest import Clock


@pytest.fixture
def ids(store: Store, time: Clock) -> list[int]:
    def work(unit: Any) -> list[int]:
        registrations = ("accepted", "accepted", "pending", "rejected")
        return [
            charge_points.add(unit, f"CP-{number}", registration=registration).id
            for number, registration in enumerate(registrations)
        ]

    return store.write(work)


def states(store: Store) -> list[str]:
    with store.reading():
        return [row.state for row in Command.select().order_by(Command.id)]


def test_every_station_gets_a_command_and_the_rejected_is_left_out(store: Store, ids: list[int]) -> None:
    batch, asked = store.write(lambda unit: batches.request(unit, ids, "ClearCache", {}, by="me", timeout=5))
    assert len(asked) == 4
    assert states(store) == ["queued", "queued", "queued", "cancelled"]
    with store.reading():
        rows = list(Command.select().order_by(Command.id))
    assert {row.batch_id for row in rows} == {batch.id}
    assert {row.timeout for row in rows[:3]} == {5}
    assert "rejected" in rows[3].error_description


def test_a_pending_station_is_left_out_of_a_start(store: Store, ids: list[int]) -> None:
    store.write(lambda unit: batches.request(unit, ids, "RemoteStartTransaction", {"idTag": "A"}, by="me"))
    assert states(store) == ["queued", "queued", "cancelled", "cancelled"]


def test_a_payload_that_cannot_be_sent_leaves_nothing(store: Store, ids: list[int]) -> None:
    with pytest.raises(Invalid):
        store.write(lambda unit: batches.request(unit, ids, "Reset", {"type": "Warm"}, by="me"))
    assert states(store) == []
    with store.reading():
        assert CommandBatch.select().count() == 0


def test_a_secret_is_not_kept_with_the_batch(store: Store, ids: list[int]) -> None:
    payload = {"key": "AuthorizationKey", "value": "5ec2e7"}
    store.write(lambda unit: batches.request(unit, ids, "ChangeConfiguration", payload, by="me"))
    with store.reading():
        assert "5ec2e7" not in CommandBatch.get().payload
        assert not [row for row in Command.select() if "5ec2e7" in row.payload + (row.sealed or "")]


def test_progress_counts_by_outcome_for_many_batches_at_once(store: Store, ids: list[int]) -> None:
    first, _ = store.write(lambda unit: batches.request(unit, ids, "ClearCache", {}, by="me"))
    second, _ = store.write(lambda unit: batches.request(unit, ids[:1], "GetConfiguration", {}, by="me"))

    def work(unit: Any) -> None:
        for charge_point_id in ids[:2]:
            claimed = commands.claim(unit, charge_point_id)
            assert claimed is not None
            commands.answered(unit, claimed, {"status": "Accepted"})

    store.write(work)
    with store.reading():
        progress = batches.progress([first.id, second.id, 99])
    assert (progress[first.id].total, progress[first.id].open) == (4, 1)
    assert (progress[second.id].total, progress[second.id].open) == (1, 1)
    assert progress[99].total == 0
    (accepted,) = [group for group in progress[first.id].groups if group.status == "Accepted"]
    assert accepted.count == 2


def test_what_waits_is_taken_back(store: Store, ids: list[int]) -> None:
    batch, _ = store.write(lambda unit: batches.request(unit, ids, "ClearCache", {}, by="me"))
    store.write(lambda unit: commands.claim(unit, ids[0]))
    assert store.write(lambda unit: batches.cancel(unit, batch.id)) == 2
    assert states(store) == ["sent", "cancelled", "cancelled", "cancelled"]
