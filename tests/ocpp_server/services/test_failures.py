"""Every end of a command without a usable answer is told once, to whom it concerns."""

import pytest

from ocpp_server.frames import CallError
from ocpp_server.models import ChargePoint
from ocpp_server.services import commands, failures
from ocpp_server.services.commands import Claimed
from ocpp_server.services.failures import Failure
from ocpp_server.services.station import charge_points
from ocpp_server.store import Store
from tests.ocpp_server.conftest import Clock


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    monkeypatch.setattr(failures, "_listeners", {})
    heard: list[tuple] = []

    @failures.on_failure("Reset", "ClearCache")
    def hear(failure: Failure) -> None:
        heard.append((failure.command_id, failure.action, failure.state, failure.error_code))

    return heard


@pytest.fixture
def station(store: Store) -> ChargePoint:
    return store.write(lambda unit: charge_points.add(unit, "CP-1"))


def ask(store: Store, station: ChargePoint, action: str = "Reset") -> int:
    payload = {"type": "Soft"} if action == "Reset" else {}
    return store.write(lambda unit: commands.request(unit, station.id, action, payload, by="test").id)


def claim(store: Store, station: ChargePoint) -> Claimed:
    claimed = store.write(lambda unit: commands.claim(unit, station.id))
    assert claimed is not None
    return claimed


def test_a_callerror_a_time_out_and_a_lost_connection_are_told(
    store: Store, station: ChargePoint, told: list[tuple]
) -> None:
    error = CallError("1", "NotSupported", "", {}, "")
    for end in (
        lambda unit, claimed: commands.refused(unit, claimed, error),
        commands.timed_out,
        commands.lost,
        lambda unit, claimed: commands.answered(unit, claimed, ["no", "object"]),
    ):
        ask(store, station)
        claimed = claim(store, station)
        store.write(lambda unit, end=end, claimed=claimed: end(unit, claimed))
        store.write(lambda unit, claimed=claimed: commands.lost(unit, claimed))
    assert [state for _, _, state, _ in told] == ["error", "timeout", "lost", "answered"]
    assert told[0] == (1, "Reset", "error", "NotSupported")


def test_what_was_never_sent_is_told_too(store: Store, station: ChargePoint, told: list[tuple], time: Clock) -> None:
    taken_back = ask(store, station, "ClearCache")
    expired = ask(store, station)
    store.write(lambda unit: commands.cancel(unit, taken_back))
    time.go_on(seconds=61)
    store.write(commands.expire)
    assert told == [
        (taken_back, "ClearCache", "cancelled", ""),
        (expired, "Reset", "expired", "offline"),
    ]


def test_a_start_tells_what_the_last_run_left_on_the_wire(
    store: Store, station: ChargePoint, told: list[tuple]
) -> None:
    left = ask(store, station)
    claim(store, station)
    store.write(commands.abandon)
    assert told == [(left, "Reset", "lost", "")]


def test_answers_and_actions_of_others_are_not_told(store: Store, station: ChargePoint, told: list[tuple]) -> None:
    ask(store, station)
    claimed = claim(store, station)
    store.write(lambda unit: commands.answered(unit, claimed, {"status": "Rejected"}))
    ignored = store.write(lambda unit: commands.request(unit, station.id, "GetConfiguration", {}, by="test").id)
    store.write(lambda unit: commands.cancel(unit, ignored))
    assert told == []
