from datetime import UTC, datetime, timedelta

import pytest

from ocpp_server import clock
from ocpp_server.models import AuditEntry, Command
from ocpp_server.services import audit
from ocpp_server.services.audit import Filter
from ocpp_server.store import Store, Unit
from tests import charging

AT = datetime(2026, 11, 22, 10, 0, 0, 0, UTC)


def record(store: Store, action: str = "station.add", **fields: str) -> AuditEntry:
    values = {"who": "Anna (anna@example.com)", "address": "10.0.0.7", **fields}
    store.write(lambda unit: audit.record(unit, action=action, **values))
    with store.reading():
        return AuditEntry.select().order_by(AuditEntry.id.desc()).get()


def test_an_entry_says_who_what_when_and_from_where(store: Store) -> None:
    clock.use(lambda: AT)
    entry = record(store, target="CP-1", detail="label=Gate", result="done")
    assert (entry.who, entry.address, entry.at) == ("Anna (anna@example.com)", "10.0.0.7", AT)
    assert (entry.action, entry.target, entry.detail, entry.result) == ("station.add", "CP-1", "label=Gate", "done")


def test_an_entry_is_never_without_its_change(store: Store) -> None:
    def fail(unit: Unit) -> None:
        audit.record(unit, who="Anna", address="", action="station.add")
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError):
        store.write(fail)
    with store.reading():
        assert AuditEntry.select().count() == 0


def test_a_password_in_an_address_is_not_kept(store: Store) -> None:
    detail = '{"location": "ftp://user:s3cret@files.example/log", "other": "http://files.example/a@b:c"}'
    entry = record(store, detail=detail)
    assert "s3cret" not in entry.detail
    assert "ftp://user:********@files.example/log" in entry.detail
    assert "http://files.example/a@b:c" in entry.detail


def test_texts_from_anywhere_can_be_stored(store: Store) -> None:
    entry = record(store, who="x" * 300, target="a\0b", detail="\ud800" + "y" * 9000)
    assert len(entry.who) == 255
    assert entry.target == "a\ufffdb"
    assert entry.detail.startswith("?y")


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({"state": "queued"}, "queued"),
        ({"state": "answered", "status": "Rejected"}, "Rejected"),
        ({"state": "answered"}, "answered"),
        ({"state": "error", "error_code": "NotSupported"}, "NotSupported"),
        ({"state": "timeout"}, "timeout"),
    ],
)
def test_the_result_of_a_command_is_what_became_of_it(store: Store, fields: dict[str, str], result: str) -> None:
    def ask(unit: Unit) -> int:
        station = charging.station()
        command = Command.create(charge_point=station, action="Reset", payload="{}", requested_at=AT, **fields)
        return command.id

    command_id = store.write(ask)
    entry = record(store, "command.Reset", result=audit.command_result(command_id))
    plain = record(store, result="refused")
    with store.reading():
        assert audit.results([entry, plain]) == {entry.id: result, plain.id: "refused"}


def test_the_result_of_a_command_that_is_gone_stays_its_name(store: Store) -> None:
    entry = record(store, "command.Reset", result=audit.command_result(77))
    with store.reading():
        assert audit.results([entry]) == {entry.id: "command-77"}


def test_entries_are_found_newest_first(store: Store) -> None:
    for number, action in enumerate(("station.add", "card.add", "card.block")):
        clock.use(lambda number=number: AT + timedelta(hours=number))
        record(store, action, target=f"T{number}")

    def found(**wanted: object) -> list[str]:
        with store.reading():
            return [entry.target for entry in audit.search(Filter(**wanted), 10).rows]

    assert found() == ["T2", "T1", "T0"]
    assert found(topic="card") == ["T2", "T1"]
    assert found(topic="nonsense") == ["T2", "T1", "T0"]
    assert found(text="t1") == ["T1"]
    assert found(text="anna@") == ["T2", "T1", "T0"]
    assert found(since=AT + timedelta(hours=1), before=AT + timedelta(hours=2)) == ["T1"]


def test_chunks_hold_every_entry_once(store: Store) -> None:
    for number in range(7):
        record(store, target=f"T{number}")
    chunks = list(audit.in_chunks(store, Filter(), size=3))
    assert [len(chunk) for chunk in chunks] == [3, 3, 1]
    assert [entry.target for chunk in chunks for entry, _ in chunk] == [f"T{number}" for number in range(6, -1, -1)]
