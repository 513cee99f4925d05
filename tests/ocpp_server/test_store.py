"""The unit of work: shared commits, isolated failures, answers after the commit, a writer that survives."""

import logging
import sqlite3

import gevent
import gevent.event
import psycopg
import pytest

from ocpp_server import events
from ocpp_server.models import Setting
from ocpp_server.store import BATCH_LIMIT, Store
from tests.conftest import POSTGRESQL

INSERT = "INSERT INTO setting (key, value) VALUES (?, ?)"


def put(key, value="x"):
    return lambda unit: unit.execute(INSERT, key, value) and key


def put_later(key, value="x"):
    return lambda unit: unit.insert_later(INSERT, (key, value))


def fail(unit):
    unit.execute(INSERT, "failed", "x")
    raise RuntimeError("a piece of work that fails")


def keys(store):
    with store.reading():
        return sorted(row.key for row in Setting.select())


def together(store, *works):
    """Pieces of work that wait at the same time, so that they share a batch; what became of each."""
    return [store._enqueue(work).done for work in works]


def outcome(done):
    gevent.wait([done], timeout=10)
    return done.exception or done.value


@pytest.fixture
def commits(store, monkeypatch):
    """Counts the commits, and holds each until it is let go."""

    class Commits(list):
        let_go = gevent.event.Event()
        reached = gevent.event.Event()

    commits = Commits()
    commits.let_go.set()
    sync = store._sync

    def counted():
        commits.append(None)
        commits.reached.set()
        commits.let_go.wait()
        sync()

    monkeypatch.setattr(store, "_sync", counted)
    yield commits
    commits.let_go.set()


def test_the_result_of_work_is_returned_and_stored(store):
    assert store.write(put("a")) == "a"
    assert keys(store) == ["a"]


def test_rows_of_a_unit_are_read_back_within_it(store):
    def work(unit):
        unit.execute(INSERT, "a", "1")
        unit.execute(INSERT, "b", "2")
        return unit.one("SELECT value FROM setting WHERE key = ?", "a"), unit.all("SELECT key FROM setting ORDER BY 1")

    one, all_ = store.write(work)
    assert (tuple(one), [tuple(row) for row in all_]) == (("1",), [("a",), ("b",)])
    assert store.write(lambda unit: unit.one("SELECT 1 FROM setting WHERE key = ?", "c")) is None


def test_models_use_the_transaction_of_the_unit(store):
    def work(unit):
        Setting.create(key="a", value="x")
        assert unit.one("SELECT count(*) FROM setting")[0] == 1
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write(work)
    assert keys(store) == []


def test_an_answer_leaves_only_after_its_commit(store, commits):
    commits.let_go.clear()
    (done,) = together(store, put("a"))
    assert commits.reached.wait(timeout=5)
    assert not done.ready()
    assert keys(store) == []
    commits.let_go.set()
    assert outcome(done) == "a"
    assert keys(store) == ["a"]


def test_what_waits_at_the_same_time_shares_one_commit(store, commits):
    assert [outcome(done) for done in together(store, *(put(f"{number}") for number in range(200)))]
    assert len(commits) == 1
    assert len(keys(store)) == 200


def test_what_comes_while_the_disk_syncs_gathers_into_the_next_commit(store, commits):
    commits.let_go.clear()
    (first,) = together(store, put("first"))
    assert commits.reached.wait(timeout=5)
    rest = together(store, *(put(f"{number}") for number in range(50)))
    gevent.idle()
    commits.let_go.set()
    assert [outcome(done) for done in [first, *rest]]
    assert len(commits) == 2


def test_no_commit_is_shared_by_more_than_the_limit(store, commits):
    for done in together(store, *[lambda unit: None] * (BATCH_LIMIT + 1)):
        done.get(timeout=10)
    assert len(commits) == 2


def test_work_that_fails_takes_nothing_with_it_and_leaves_its_neighbours_alone(store, commits):
    first, failed, last = together(store, put("a"), fail, put("b"))
    assert (outcome(first), outcome(last)) == ("a", "b")
    assert isinstance(outcome(failed), RuntimeError)
    assert keys(store) == ["a", "b"]
    assert len(commits) == 1


def test_work_that_fails_in_the_database_leaves_its_neighbours_alone(store):
    store.write(put("taken"))
    first, failed, last = together(store, put("a"), put("taken"), put("b"))
    assert (outcome(first), outcome(last)) == ("a", "b")
    assert isinstance(outcome(failed), sqlite3.IntegrityError | psycopg.IntegrityError)
    assert keys(store) == ["a", "b", "taken"]


@pytest.mark.parametrize("bad", [put_later("taken"), put_later("c", None)])
def test_work_whose_bulk_row_fails_leaves_its_neighbours_alone(store, bad):
    store.write(put("taken"))

    def mixed(unit):
        unit.execute(INSERT, "gone", "x")
        bad(unit)

    first, failed, last = together(store, put_later("a"), mixed, put("b"))
    assert outcome(first) is None
    assert outcome(last) == "b"
    assert isinstance(outcome(failed), Exception)
    assert keys(store) == ["a", "b", "taken"]


def test_a_single_piece_that_fails_is_told_and_the_writer_goes_on(store):
    for work in [fail, put_later("c", None)]:
        with pytest.raises((RuntimeError, sqlite3.Error, psycopg.Error)):
            store.write(work)
        assert store.write(lambda unit: unit.one("SELECT 1"))
    assert keys(store) == []


def test_bulk_rows_are_inserted_once_also_when_a_neighbour_fails(store):
    together(store, put_later("a"), fail, put_later("b"))
    store.write(lambda unit: None)
    assert keys(store) == ["a", "b"]


def test_a_write_inside_a_unit_says_so(store):
    with pytest.raises(RuntimeError, match="inside a unit of work"):
        store.write(lambda unit: store.write(put("a")))
    assert store.write(put("b")) == "b"


def test_a_commit_that_fails_is_told_to_all_who_wait_and_is_not_tried_again(store, monkeypatch):
    runs = []

    def broken():
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(store, "_sync", broken)
        waiting = together(store, *[lambda unit: runs.append(unit.execute(INSERT, str(len(runs)), "x"))] * 3)
        assert [str(outcome(done)) for done in waiting] == ["the disk is full"] * 3
    assert len(runs) == 3
    assert store.write(put("a")) == "a"
    assert keys(store) == ["a"]


def test_events_are_told_after_the_commit_and_only_of_what_was_stored(store, commits):
    subscription = events.subscribe(["good", "bad"])

    def good(unit):
        unit.publish("good")

    def bad(unit):
        unit.publish("bad")
        raise RuntimeError

    commits.let_go.clear()
    waiting = together(store, good, bad)
    assert commits.reached.wait(timeout=5)
    assert subscription.wait(0) == set()
    commits.let_go.set()
    assert subscription.wait(5) == {"good"}
    events.unsubscribe(subscription)
    assert isinstance(outcome(waiting[1]), RuntimeError)


def test_callbacks_run_after_the_commit_and_before_the_answer(store):
    seen = []

    def work(unit):
        unit.after_commit(lambda: seen.append("called"))
        seen.append("worked")

    store.write(work)
    assert seen == ["worked", "called"]


def test_a_callback_of_work_that_failed_is_not_called(store):
    called = []

    def work(unit):
        unit.after_commit(lambda: called.append(1))
        fail(unit)

    failed, neighbour = together(store, work, put("a"))
    assert outcome(neighbour) == "a"
    assert isinstance(outcome(failed), RuntimeError)
    assert called == []


def test_a_callback_that_fails_is_logged_and_harms_nobody(store, caplog):
    def work(unit):
        unit.execute(INSERT, "a", "x")
        unit.after_commit(lambda: 1 / 0)
        return "answer"

    done, neighbour = together(store, work, put("b"))
    assert (outcome(done), outcome(neighbour)) == ("answer", "b")
    assert "callback" in caplog.text
    assert store.write(put("c")) == "c"


def test_posted_work_is_done_and_its_failure_logged(store, caplog):
    store.post(put("a"))
    with caplog.at_level(logging.ERROR):
        store.post(fail)
        store.write(lambda unit: None)
        gevent.idle()
    assert keys(store) == ["a"]
    assert "a unit of work failed" in caplog.text


def test_what_waits_is_written_before_the_store_stops(database_url):
    store = Store(database_url)
    store.start()
    waiting = together(store, *(put(f"{number}") for number in range(BATCH_LIMIT + 5)))
    store.stop()
    assert all(done.ready() for done in waiting)
    again = Store(database_url)
    assert len(keys(again)) == BATCH_LIMIT + 5
    again.stop()


def test_a_commit_is_real(store, engine):
    if engine == "sqlite":
        pragma = lambda name: store.write(lambda unit: unit.one(f"PRAGMA {name}"))[0]  # noqa: E731
        assert (pragma("synchronous"), pragma("journal_mode"), pragma("foreign_keys")) == (2, "wal", 1)
    else:
        assert store.write(lambda unit: unit.one("SHOW synchronous_commit"))[0] == "on"


def test_readers_are_not_held_up_by_an_open_transaction(store, commits):
    store.write(put("a"))
    commits.reached.clear()
    commits.let_go.clear()
    (done,) = together(store, put("b"))
    assert commits.reached.wait(timeout=5)
    assert keys(store) == ["a"]
    commits.let_go.set()
    assert outcome(done) == "b"


def test_a_reading_nests_and_gives_its_connection_back(store):
    assert store.database.is_closed()
    with store.reading():
        with store.reading():
            pass
        assert not store.database.is_closed()
    assert store.database.is_closed()


def test_many_readers_wait_for_a_connection_rather_than_fail(store):
    def read():
        with store.reading():
            gevent.sleep(0.001)
            return Setting.select().count()

    readers = [gevent.spawn(read) for _ in range(100)]
    gevent.joinall(readers, timeout=20)
    assert [reader.value for reader in readers] == [0] * 100


def backend(unit):
    return unit.one("SELECT pg_backend_pid()")[0]


def terminate(*pids):
    with psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True) as connection:
        for pid in pids:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.fixture
def postgresql(store, engine):
    if engine != "postgresql":
        pytest.skip("only PostgreSQL has connections to lose")
    return store


def test_the_writer_survives_a_connection_lost_between_batches(postgresql):
    terminate(postgresql.write(backend))
    assert postgresql.write(put("a")) == "a"
    terminate(postgresql.write(backend))
    first, second = together(postgresql, put("b"), put("c"))
    assert (outcome(first), outcome(second)) == ("b", "c")
    assert keys(postgresql) == ["a", "b", "c"]


def test_the_writer_survives_a_connection_lost_in_the_middle_of_a_batch(postgresql):
    def lose(unit):
        unit.execute(INSERT, "lost", "x")
        terminate(backend(unit))
        return unit.one("SELECT 1")

    with pytest.raises(psycopg.OperationalError):
        postgresql.write(lose)
    assert postgresql.write(put("a")) == "a"
    assert keys(postgresql) == ["a"]


def test_a_commit_that_is_lost_with_its_connection_is_told_and_not_repeated(postgresql):
    runs = []

    def work(unit):
        runs.append(unit.execute(INSERT, str(len(runs)), "x"))
        if len(runs) == 2:
            terminate(backend(unit))

    assert [isinstance(outcome(done), psycopg.OperationalError) for done in together(postgresql, work, work)] == [
        True
    ] * 2
    assert len(runs) == 2
    assert postgresql.write(put("a")) == "a"
    assert keys(postgresql) == ["a"]


def test_a_database_url_of_another_kind_is_refused_without_repeating_its_password():
    with pytest.raises(ValueError, match="sqlite:///") as refused:
        Store("mysql://me:secret@db/yard")
    assert "secret" not in str(refused.value)


def await_queries(store: Store, number: int) -> None:
    """Until so many greenlets wait for PostgreSQL."""
    asked = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT _ FROM pg_%'"
    )
    with psycopg.connect(store.url, autocommit=True) as connection, gevent.Timeout(10):
        while connection.execute(asked).fetchone() != (number,):
            gevent.sleep(0.01)


def test_who_is_cut_off_in_the_middle_of_a_query_leaves_no_connection_behind(postgresql):
    def read() -> None:
        with postgresql.reading():
            postgresql.query("SELECT 1 FROM pg_sleep(10)")

    cut_off = [gevent.spawn(read) for _ in range(3)]
    await_queries(postgresql, 3)
    gevent.killall(cut_off)
    for number in range(5):
        with postgresql.reading():
            assert postgresql.query("SELECT ?::int", number) == [(number,)]


def test_it_stops_once_those_who_read_have_read(postgresql):
    def read() -> list:
        with postgresql.reading():
            return postgresql.query("SELECT 7 FROM pg_advisory_lock_shared(1)")

    with psycopg.connect(postgresql.url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        reader = gevent.spawn(read)
        await_queries(postgresql, 1)
        stopping = gevent.spawn(postgresql.stop)
        gevent.idle()
        connection.execute("SELECT pg_advisory_unlock(1)")
    assert reader.get(timeout=5) == [(7,)]
    stopping.get(timeout=5)
