"""The database and its unit of work: durable and fast.

An acknowledged message must survive a power cut, so every commit is real. A commit with fsync costs
milliseconds, so it is shared: all writing goes through `Store.write`, a single writer takes everything that
waits, commits once, and only then lets the answers go (group commit). While the disk syncs in a native thread,
sockets are served and the next batch gathers.

The single writer also keeps a greenlet from yielding inside somebody else's SQLite transaction, which would
freeze the process; and it makes it possible to remember what was read (`memory.py`).
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import gevent
from gevent.event import AsyncResult, Event
from gevent.lock import Semaphore
from playhouse.migrations import Runner

from ocpp_server import bulk, databases, events
from ocpp_server.bulk import Rows
from ocpp_server.memory import Memory
from ocpp_server.models import database as models_database

log = logging.getLogger(__name__)

T = TypeVar("T")

MIGRATIONS = str(Path(__file__).parent / "migrations")
#: So many pieces of work share one commit at most; the rest goes into the next.
BATCH_LIMIT = 1000
#: Seconds for those who read when the store stops.
PATIENCE = 5.0


class Unit:
    """What a piece of work sees of the transaction it runs in.

    Work may run twice (see `Store._commit`), so it changes nothing but the database; whatever else must happen
    goes through `publish` and `after_commit`.
    """

    __slots__ = ("_callbacks", "_names", "_rows", "_store")

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._rows: list[tuple[str, tuple]] = []
        self._names: set[str] = set()
        self._callbacks: list[Callable[[], None]] = []

    def execute(self, sql: str, *params: Any) -> Any:
        """Run a statement with `?` placeholders; the driver's cursor."""
        return self._store.run(sql, params)

    def one(self, sql: str, *params: Any) -> tuple | None:
        """The first row, or None."""
        return self._store.run(sql, params).fetchone()

    def all(self, sql: str, *params: Any) -> list[tuple]:
        """Every row."""
        return self._store.run(sql, params).fetchall()

    def insert_later(self, sql: str, row: tuple) -> None:
        """Insert with all other rows of the batch in one `executemany`, just before the commit.

        For rows that nobody reads back within the same transaction: frames, meter values.
        """
        self._rows.append((sql, row))

    def put(self, rows: Rows, row: tuple) -> None:
        """Write a row with others of its kind, before any other statement runs and before the commit at the latest.

        A second row of the same key takes the place of the first.
        """
        self._store.memory.put(rows, row)

    def remembered(self, table: str) -> dict[Any, Any]:
        """What was read of a table, kept from one piece of work to the next; empty again when it may be out of step.

        Whoever keeps something here changes that table by `put` only, and what is kept along with it.
        """
        return self._store.memory.remembered(table)

    def next_id(self, table: str) -> int:
        """The id of a row that will be `put` into a table."""
        return self._store.memory.next_id(table)

    def publish(self, *names: str) -> None:
        """Tell the pages once this is committed."""
        self._names.update(names)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call something quick, in the writer's greenlet, once this is committed."""
        self._callbacks.append(callback)


class _Job(Generic[T]):
    __slots__ = ("done", "result", "unit", "work")

    def __init__(self, work: Callable[[Unit], T]) -> None:
        self.work = work
        self.done: AsyncResult = AsyncResult()
        self.unit: Unit
        self.result: T


class Store:
    """One database, its single writer, and connections for those who only read."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = databases.connect(url)
        self.database.before_statement = self._heed
        #: One connection is the writer's, and others may be made by hand.
        self._places = self.database._max_connections - 4
        self._turns = Semaphore(self._places)
        self.is_sqlite = url.startswith("sqlite")
        models_database.initialize(self.database)
        self._queue: list[_Job] = []
        self._wake = Event()
        self._writer: gevent.Greenlet | None = None
        self._leaving = False
        self._translated: dict[str, str] = {}
        #: The writer's own connection, as the driver made it.
        self._connection: Any = None
        self.memory = Memory(is_sqlite=self.is_sqlite)
        #: How often was committed, and how many pieces of work that were in all; for /metrics.
        self.commits = 0
        self.pieces = 0

    # -- life ----------------------------------------------------------------------------------------------

    def migrate(self) -> list[str]:
        """Bring the tables up to date; the names of the migrations that ran."""
        with self.database.connection_context():
            runner = Runner(self.database, MIGRATIONS)
            steps = runner.status()
            is_known = any(step.applied for step in steps)
            # How a new database came to be would only hide the address to open.
            logging.getLogger("peewee.migrations").setLevel(logging.INFO if is_known else logging.WARNING)
            if is_known and not all(step.applied for step in steps):
                log.info("the tables are brought up to date; millions of rows take minutes, nobody is served meanwhile")
            return runner.up()

    def start(self) -> None:
        """Begin writing."""
        self._leaving = False
        self._writer = gevent.spawn(self._run)

    def stop(self) -> None:
        """Commit what waits and let those who read finish, then close."""
        if self._writer is not None:
            self._leaving = True
            self._wake.set()
            self._writer.join()
            self._writer = None
        self._close()

    def _close(self) -> None:
        """Close no connection that is in use: who waits on it would wait on whatever gets its descriptor next."""
        taken = 0
        with gevent.Timeout(PATIENCE, False):
            while taken < self._places:
                self._turns.acquire()
                taken += 1
        if taken == self._places:
            self.database.close_all()
        else:
            log.warning("some still read; their connections end with the process")
            self.database.close_idle()
        for _ in range(taken):
            self._turns.release()

    # -- reading -------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A connection for this greenlet, for queries that change nothing; nests.

        Whoever comes when all are in use waits in turn, however long: the pool itself would give up after seconds,
        and refuse stations when a whole yard connects at once.
        """
        if not self.database.is_closed():
            yield
            return
        with self._turns:
            self.database.connect()
            try:
                yield
            finally:
                self.database.close()

    # -- writing -------------------------------------------------------------------------------------------

    def write(self, work: Callable[[Unit], T]) -> T:
        """Run `work` in the writer's transaction and return its result once that is committed.

        Raises what `work` raises (nothing of it is then stored), or the database's error if the commit failed.
        """
        if gevent.getcurrent() is self._writer:
            raise RuntimeError("store.write inside a unit of work: call the function with the unit instead")
        job = self._enqueue(work)
        return job.done.get()

    def post(self, work: Callable[[Unit], Any]) -> None:
        """Like `write`, for those who need not wait; a failure is logged."""
        self._enqueue(work).done.rawlink(_log_failure)

    def query(self, sql: str, *params: Any) -> list[tuple]:
        """The rows of a statement with `?` placeholders, on this greenlet's connection (see `reading`)."""
        return self.database.execute_sql(sql if self.is_sqlite else self._native(sql), params).fetchall()

    def run(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """Run a statement with `?` placeholders in the writer's transaction: the driver's own cursor.

        Past peewee, which costs as much as the statement itself.
        """
        self.memory.heed(sql)
        return self._connection.execute(sql if self.is_sqlite else self._native(sql), params)

    def _heed(self, sql: str) -> None:
        """A statement of peewee's is about to run; only the writer's are of consequence."""
        if gevent.getcurrent() is self._writer:
            self.memory.heed(sql)

    def _native(self, sql: str) -> str:
        native = self._translated.get(sql)
        if native is None:
            native = self._translated[sql] = sql.replace("?", "%s")
        return native

    def _enqueue(self, work: Callable[[Unit], T]) -> _Job[T]:
        job = _Job(work)
        self._queue.append(job)
        self._wake.set()
        return job

    def _run(self) -> None:
        self._connect_writer()
        try:
            while True:
                self._wake.wait()
                self._wake.clear()
                while self._queue:
                    batch, self._queue = self._queue[:BATCH_LIMIT], self._queue[BATCH_LIMIT:]
                    self._commit(batch)
                if self._leaving:
                    return
        finally:
            self.database.close()

    def _commit(self, batch: list[_Job]) -> None:
        """Commit a batch and wake those who wait for it."""
        try:
            self._apply(batch)
            self._sync()
        except Exception as error:
            self._rollback()
            self._fail(batch, error)
            return
        self.commits += 1
        self.pieces += len(batch)
        names: set[str] = set()
        for job in batch:
            if not job.done.ready():
                names |= job.unit._names
                _call_back(job.unit._callbacks)
                job.done.set(job.result)
        if names:
            events.publish(names)

    def _apply(self, batch: list[_Job]) -> None:
        """Do a batch in a transaction that is left open.

        Failing work is rare and a savepoint for each piece costs as much as the piece itself, so a batch is
        first tried without; if one piece raises, all is rolled back and done again with a savepoint each.
        Never after a COMMIT that failed: it may have reached the disk.
        """
        self._begin()
        try:
            self._run_plainly(batch)
        except Exception:
            if len(batch) == 1:
                raise
            self._rollback()
            self._begin()
            self._run_in_savepoints(batch)

    def _run_plainly(self, batch: list[_Job]) -> None:
        for job in batch:
            job.unit = Unit(self)
            job.result = job.work(job.unit)
        self.memory.settle()
        self._insert_rows(batch)

    def _run_in_savepoints(self, batch: list[_Job]) -> None:
        for job in batch:
            job.unit = Unit(self)
            self._connection.execute("SAVEPOINT piece")
            try:
                job.result = job.work(job.unit)
                self.memory.settle()
                self._insert_rows([job])
                self._connection.execute("RELEASE SAVEPOINT piece")
            except Exception as error:
                self._connection.execute("ROLLBACK TO SAVEPOINT piece")
                self._connection.execute("RELEASE SAVEPOINT piece")
                self.memory.drop()
                job.unit = Unit(self)
                job.done.set_exception(error)

    def _insert_rows(self, batch: list[_Job]) -> None:
        together: dict[str, list[tuple]] = {}
        for job in batch:
            for sql, row in job.unit._rows:
                together.setdefault(sql, []).append(row)
        for sql, rows in together.items():
            self.memory.heed(sql)
            copy = None if self.is_sqlite else bulk.as_copy(sql)
            if copy is not None:
                bulk.copy(self._connection, copy, rows)
            else:
                self._connection.cursor().executemany(sql if self.is_sqlite else self._native(sql), rows)

    def _connect_writer(self) -> None:
        self.database.manual_close()
        self.database.connect()
        self._connection = self.database.connection()
        self.memory.connect(self._connection)

    def _begin(self) -> None:
        """Nothing is under way yet, so a connection that was lost meanwhile is simply replaced."""
        statement = "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN"
        try:
            self._connection.execute(statement)
        except Exception:
            log.warning("the database connection was lost; connecting anew", exc_info=True)
            self._connect_writer()
            self._connection.execute(statement)
        self.memory.begin()

    def _sync(self) -> None:
        """Commit. SQLite waits for the disk without yielding, so a native thread waits in its place."""
        if self.is_sqlite:
            gevent.get_hub().threadpool.apply(self._connection.execute, ("COMMIT",))
        else:
            self._connection.execute("COMMIT")

    def _rollback(self) -> None:
        self.memory.drop()
        try:
            self._connection.execute("ROLLBACK")
        except Exception:
            log.warning("the database would not roll back; its connection is given up", exc_info=True)
            self.database.manual_close()

    def _fail(self, batch: list[_Job], error: Exception) -> None:
        for job in batch:
            if not job.done.ready():
                job.done.set_exception(error)


def _call_back(callbacks: list[Callable[[], None]]) -> None:
    """What is committed stays so, and everyone else still waits for the writer: a failure is only logged."""
    for callback in callbacks:
        try:
            callback()
        except Exception:
            log.exception("a callback after a commit failed")


def _log_failure(done: AsyncResult) -> None:
    if not done.successful():
        log.error("a unit of work failed", exc_info=done.exc_info)
