"""What the writer remembers and puts off stays in step with the database, whatever happens in between."""

import pytest

from ocpp_server import bulk
from ocpp_server.models import Setting
from ocpp_server.services.card import authorization, id_tags
from ocpp_server.store import Store
from tests.ocpp_server.test_store import fail, keys, outcome, together

CARDS = bulk.update("id_tag", "id_tag_key", ("label",))
CARDS_TOO = bulk.update("id_tag", "id_tag_key", ("note",))


@pytest.fixture
def card(store):
    return store.write(lambda unit: id_tags.add(unit, "CARD"))


def judgement(store, id_tag="CARD"):
    return store.write(lambda unit: authorization.check(unit, id_tag, 0)).status


def label(unit):
    return unit.one("SELECT label FROM id_tag WHERE id_tag_key = 'card'")[0]


def remember(store, table="id_tag"):
    """Whether what is remembered now is still remembered later."""
    store.write(lambda unit: unit.remembered(table).update(mark=1))
    return lambda: store.write(lambda unit: "mark" in unit.remembered(table))


def test_what_is_remembered_stays_from_one_piece_of_work_to_the_next(store):
    is_remembered = remember(store)
    store.write(lambda unit: unit.one("SELECT 1 FROM id_tag"))
    assert is_remembered()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE id_tag SET label = 'x'",
        'update "id_tag" set label = 1',
        "DELETE FROM id_tag",
        "WITH one AS (SELECT 1) UPDATE id_tag SET label = 'x'",
    ],
)
def test_a_table_that_is_written_is_forgotten(store, statement):
    is_remembered = remember(store)
    store.write(lambda unit: unit.execute(statement))
    assert not is_remembered()


def test_removing_forgets_that_table_and_those_whose_rows_may_go_with_it(store):
    is_remembered = remember(store, "file_event")
    for table in ("refusal", "command"):
        store.write(lambda unit, table=table: unit.execute(f"DELETE FROM {table}"))
    assert is_remembered()
    store.write(lambda unit: unit.execute("DELETE FROM firmware_image"))
    assert not is_remembered()


def test_a_table_that_is_written_in_bulk_is_forgotten(store):
    is_remembered = remember(store, "setting")
    store.write(lambda unit: unit.insert_later("INSERT INTO setting (key, value) VALUES (?, ?)", ("a", "b")))
    assert not is_remembered()


def test_a_table_that_a_model_writes_is_forgotten_and_others_are_not(store):
    cards, settings = remember(store), remember(store, "setting")
    store.write(lambda unit: Setting.create(key="a", value="b"))
    assert cards()
    assert not settings()


def test_everything_is_forgotten_when_work_fails_alone_or_among_others(store):
    is_remembered = remember(store)
    with pytest.raises(RuntimeError):
        store.write(fail)
    assert not is_remembered()
    is_remembered = remember(store)
    together(store, lambda unit: None, fail, lambda unit: None)
    assert not is_remembered()


def test_everything_is_forgotten_when_a_commit_fails(store, monkeypatch):
    is_remembered = remember(store)

    def broken():
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(store, "_sync", broken)
        with pytest.raises(OSError, match="disk"):
            store.write(lambda unit: None)
    assert not is_remembered()


def test_what_another_process_writes_is_noticed(store, card, database_url):
    assert judgement(store) == "Accepted"
    other = Store(database_url)
    other.start()
    other.write(lambda unit: id_tags.update(unit, card.id, status="blocked"))
    other.stop()
    assert judgement(store) == "Blocked"


def test_rows_that_were_put_off_are_written_before_the_commit(store, card):
    store.write(lambda unit: unit.put(CARDS, ("Anna", "card")))
    assert store.write(label) == "Anna"


def test_rows_that_were_put_off_are_seen_by_the_next_statement_and_by_models(store, card):
    def work(unit):
        unit.put(CARDS, ("Anna", "card"))
        seen = label(unit)
        unit.put(CARDS, ("Bert", "card"))
        return seen, id_tags.find("CARD").label

    assert store.write(work) == ("Anna", "Bert")


def test_the_last_of_several_rows_for_one_key_is_written(store, card):
    together(store, *(lambda unit, name=name: unit.put(CARDS, (name, "card")) for name in ("Anna", "Bert")))
    assert store.write(label) == "Bert"


def test_two_kinds_of_changes_of_one_row_are_written_in_their_order(store, card):
    def work(unit):
        unit.put(CARDS_TOO, ("other statement", "another card"))
        unit.put(CARDS, ("Anna", "card"))
        unit.put(CARDS_TOO, ("a note", "card"))
        unit.put(CARDS, ("Bert", "card"))

    store.write(work)
    found = store.write(lambda unit: id_tags.find("CARD"))
    assert (found.label, found.note) == ("Bert", "a note")


def test_what_failing_work_has_put_off_is_not_written(store, card):
    def bad(unit):
        unit.put(CARDS, ("bad", "card"))
        raise RuntimeError

    good = lambda unit: unit.put(CARDS_TOO, ("good", "card"))  # noqa: E731
    assert isinstance(outcome(together(store, good, bad)[1]), RuntimeError)
    found = store.write(lambda unit: id_tags.find("CARD"))
    assert (found.label, found.note) == ("", "good")


def test_a_row_that_cannot_be_written_harms_only_its_own_work(store, card):
    _, failed, last = together(
        store,
        lambda unit: unit.execute("INSERT INTO setting (key, value) VALUES ('a', 'x')"),
        lambda unit: unit.put(CARDS, (None, "card")),
        lambda unit: unit.execute("INSERT INTO setting (key, value) VALUES ('b', 'x')"),
    )
    outcome(last)
    assert isinstance(outcome(failed), Exception)
    assert keys(store) == ["a", "b"]


def test_ids_are_never_given_twice(store):
    table = "charging_transaction"
    taken = [store.write(lambda unit: unit.next_id(table)) for _ in range(3)]
    taken += store.write(lambda unit: [unit.next_id(table) for _ in range(300)])
    assert taken == list(range(taken[0], taken[0] + 303))
