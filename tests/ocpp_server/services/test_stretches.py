"""A long record is searched in pieces, and nothing of it is missed or found twice."""

import pytest

from ocpp_server.models import AuditEntry
from ocpp_server.services import audit, stretches
from ocpp_server.store import Store, Unit


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "STEP", 3)
    monkeypatch.setattr(stretches, "STEPS", 2)


@pytest.fixture
def record(store: Store) -> None:
    """Twenty entries; the first, the third and the last are of Anna."""

    def work(unit: Unit) -> None:
        for number in range(1, 21):
            audit.record(unit, who="Anna" if number in {1, 3, 20} else "Bert", address="", action="card.add")

    store.write(work)


def search(store: Store, who: str, number: int, before: int | None = None) -> tuple[list[int], int | None, bool]:
    with store.reading():
        fitting = AuditEntry.select().where(AuditEntry.who == who)
        found = stretches.newest(fitting, AuditEntry.select(), number, before)
    return [row.id for row in found.rows], found.before, found.is_certain


def test_a_search_ends_after_so_many_rows_and_goes_on_from_there(store: Store, record: None) -> None:
    assert search(store, "Anna", 2) == ([20], 15, False)
    assert search(store, "Anna", 2, 15) == ([], 9, False)
    assert search(store, "Anna", 2, 9) == ([3], 3, False)
    assert search(store, "Anna", 2, 3) == ([1], None, False)


def test_where_many_fit_the_next_ones_are_known_to_be_there(store: Store, record: None) -> None:
    assert search(store, "Bert", 4) == ([19, 18, 17, 16], 16, True)
    assert search(store, "Bert", 4, 16) == ([15, 14, 13, 12], 12, True)


def test_nobody_in_an_empty_record(store: Store) -> None:
    assert search(store, "Anna", 2) == ([], None, False)
