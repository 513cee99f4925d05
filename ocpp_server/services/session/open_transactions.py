"""One session as its messages change it: read as a row once, counted in memory, written back as a row.

The running sessions of a station are remembered from its first message on (`Unit.remembered`): a yard that charges
reads nothing and writes what changed once for all messages of a batch.
"""

from dataclasses import dataclass
from typing import Any

from ocpp_server import bulk
from ocpp_server.services.session import energy, retention_walk
from ocpp_server.services.session.energy import Counter
from ocpp_server.services.session.meter_values import Totals
from ocpp_server.store import Unit

CLOSED_BY_NEXT_START = "closed_by_next_start"
CLOSED_BY_OPERATOR = "closed_by_operator"
#: We ended the session because its stop seemed lost: if it still comes, it counts.
CLOSED_BY_US = {CLOSED_BY_NEXT_START, CLOSED_BY_OPERATOR}

TABLE = "charging_transaction"
_COLUMNS = (
    "id, charge_point_id, connector_id, id_tag, started_at, meter_start, energy_wh, meter_last_wh, meter_last_at,"
    " values_until, power_w, soc_percent, stopped_at, flags, start_received_at"
)
# The parts of these statements stand in this file.
_BY_ID = f"SELECT {_COLUMNS} FROM {TABLE} WHERE id = ? AND charge_point_id = ?"  # noqa: S608
_RUNNING = (
    f"SELECT {_COLUMNS} FROM {TABLE} WHERE charge_point_id = ? AND stopped_at IS NULL"  # noqa: S608
    " ORDER BY id DESC LIMIT ?"
)
_LATEST_START = f"SELECT max(start_reported_at) FROM {TABLE} WHERE charge_point_id = ?"  # noqa: S608
_BUSY_STATIONS = f"SELECT DISTINCT charge_point_id FROM {TABLE} WHERE stopped_at IS NULL"  # noqa: S608
#: Under these it is remembered where anything runs, and when the latest session of a station was reported to begin.
_BUSY, _LATEST = "busy", "latest start"
_START = (
    "id",
    "charge_point_id",
    "connector_id",
    "id_tag",
    "id_tag_status",
    "reservation_id",
    "started_at",
    "start_reported_at",
    "start_received_at",
    "meter_start",
    "energy_wh",
    "flags",
)
_PROGRESS = ("energy_wh", "meter_last_wh", "meter_last_at", "values_until", "power_w", "soc_percent", "flags")
_STOP = ("stopped_at", "stop_reported_at", "stop_received_at", "meter_stop", "stop_reason", "stop_id_tag")
_STARTS = bulk.insert(TABLE, _START)
_CHANGES = bulk.update(TABLE, "id", _PROGRESS)
_STOPS = bulk.update(TABLE, "id", _PROGRESS + _STOP)
#: A derived power needs readings at least this far apart, or rounding makes nonsense of it.
_MIN_DERIVED_MS = 5_000
#: So many running sessions of one station are looked at, the newest: no station has as many connectors.
_MOST_RUNNING = 200
#: So many values of one and the same time are told apart in memory.
_MOST_DIGESTS = 50


@dataclass(slots=True)
class OpenTransaction:
    """A session while messages are applied to it. Times in ms since 1970."""

    id: int
    charge_point_id: int
    connector_id: int
    id_tag: str
    counter: Counter
    values_until: int
    power_w: float | None
    soc_percent: float | None
    stopped_at: int | None
    start_received_at: int
    #: Of the values at `values_until`; None where they are not known.
    digests: set[int] | None = None

    @property
    def begun_by(self) -> int:
        """It had begun then: a start that a clock running ahead puts after its own message was not later than that."""
        return min(self.counter.started_at, self.start_received_at)

    @property
    def may_be_stopped(self) -> bool:
        """Not stopped yet, or only by us because its stop seemed lost: then the real one counts."""
        return self.stopped_at is None or bool(CLOSED_BY_US & self.counter.flags)

    def may_have(self, at: int, digest: int) -> bool:
        """Whether a value could be stored already. Only what is not newer than the newest can be a repetition."""
        if at == self.values_until and self.digests is not None:
            return digest in self.digests
        return at <= self.values_until

    def take(self, totals: Totals, at: int, digest: int) -> None:
        """Count a meter value. Those that come after the stop are kept, but change nothing (quirk 34)."""
        self._note(at, digest)
        if self.stopped_at is not None:
            return
        if totals.energy_wh is not None:
            since = self.counter.last_at or self.counter.started_at
            added = energy.advance(self.counter, totals.energy_wh, at)
            if totals.power_w is None and at - since >= _MIN_DERIVED_MS:
                self.power_w = round(added * 3_600_000 / (at - since), 1)
        if totals.power_w is not None:
            self.power_w = totals.power_w
        if totals.soc_percent is not None:
            self.soc_percent = totals.soc_percent

    def save_progress(self, unit: Unit) -> None:
        unit.put(_CHANGES, (*self._progress(), self.id))

    def save_stop(
        self,
        unit: Unit,
        *,
        stopped_at: int,
        reported_at: int | None,
        received_at: int,
        meter_stop: int | None,
        reason: str | None,
        id_tag: str | None,
    ) -> None:
        """It runs no more."""
        self.power_w = None
        retention_walk.look_again(unit, self.id, stopped_at, received_at)
        running(unit, self.charge_point_id).pop(self.id, None)
        stop = (stopped_at, reported_at, received_at, meter_stop, reason, id_tag)
        unit.put(_STOPS, (*self._progress(), *stop, self.id))

    def _note(self, at: int, digest: int) -> None:
        if at > self.values_until:
            self.values_until, self.digests = at, {digest}
        elif at == self.values_until and self.digests is not None:
            self.digests.add(digest)
            if len(self.digests) > _MOST_DIGESTS:
                self.digests = None

    def _progress(self) -> tuple[Any, ...]:
        counter = self.counter
        return (
            counter.energy_wh,
            counter.last_wh,
            counter.last_at,
            self.values_until,
            self.power_w,
            self.soc_percent,
            " ".join(sorted(counter.flags)),
        )


def running(unit: Unit, charge_point_id: int) -> dict[int, OpenTransaction]:
    """The running sessions of a station by their ids, the oldest first: remembered, to be changed and saved."""
    remembered = unit.remembered(TABLE)
    if _BUSY not in remembered:
        remembered[_BUSY] = {row[0] for row in unit.all(_BUSY_STATIONS)}
    found = remembered.get(charge_point_id)
    if found is None:
        rows = unit.all(_RUNNING, charge_point_id, _MOST_RUNNING) if charge_point_id in remembered[_BUSY] else []
        found = remembered[charge_point_id] = {row[0]: _from_row(row) for row in reversed(rows)}
    return found


def may_repeat_start(unit: Unit, charge_point_id: int, reported_at: int) -> bool:
    """Whether a session of the station could have begun then: only what is not later than all that began before."""
    remembered = unit.remembered(TABLE)
    key = _LATEST, charge_point_id
    if key not in remembered:
        (remembered[key],) = unit.one(_LATEST_START, charge_point_id) or (None,)
    return reported_at <= (remembered[key] or 0)


def begin(
    unit: Unit,
    charge_point_id: int,
    connector_id: int,
    id_tag: str,
    *,
    id_tag_status: str,
    reservation_id: int | None,
    started_at: int,
    reported_at: int | None,
    received_at: int,
    meter_start: int,
    flags: set[str],
) -> int:
    """Store a session that begins; its transactionId."""
    transaction_id = unit.next_id(TABLE)
    # In this order: what a statement forgets is replaced, and the two belong together.
    remembered = unit.remembered(TABLE)
    here = running(unit, charge_point_id)
    remembered[_BUSY].add(charge_point_id)
    latest = _LATEST, charge_point_id
    if reported_at is not None and latest in remembered:
        remembered[latest] = max(remembered[latest] or 0, reported_at)
    counter = Counter(meter_start, started_at, flags=flags)
    ids = transaction_id, charge_point_id, connector_id, id_tag
    started = OpenTransaction(*ids, counter, 0, None, None, None, received_at)
    here[transaction_id] = started
    if len(here) > _MOST_RUNNING:
        del here[min(here)]
    told = (id_tag_status, reservation_id, started_at, reported_at, received_at, meter_start)
    unit.put(_STARTS, (*ids, *told, 0.0, " ".join(sorted(flags))))
    return transaction_id


def find(unit: Unit, charge_point_id: int, transaction_id: int) -> OpenTransaction | None:
    """The station's session of that id, running or ended."""
    found = running(unit, charge_point_id).get(transaction_id)
    if found is None:
        row = unit.one(_BY_ID, transaction_id, charge_point_id)
        return None if row is None else _from_row(row)
    return found


def of_connector(unit: Unit, charge_point_id: int, connector_id: int) -> OpenTransaction | None:
    """The session that runs on a connector, the newest if there are several."""
    return next(iter(_on_connector(unit, charge_point_id, connector_id)), None)


def only_one(
    unit: Unit, charge_point_id: int, id_tag: str | None, meter_stop: int | None, stopped_at: int | None
) -> OpenTransaction | None:
    """The station's running session that neither card, meter nor time speak against, if there is just one."""
    sessions = running(unit, charge_point_id).values()
    fitting = [session for session in sessions if _may_end(session, id_tag, meter_stop, stopped_at)]
    return fitting[0] if len(fitting) == 1 else None


def _may_end(session: OpenTransaction, id_tag: str | None, meter_stop: int | None, stopped_at: int | None) -> bool:
    if id_tag and id_tag.casefold() != session.id_tag.casefold():
        return False
    if meter_stop is not None and 0 <= meter_stop < session.counter.meter_start:
        return False
    return stopped_at is None or stopped_at >= session.begun_by


def close_forgotten(unit: Unit, charge_point_id: int, connector_id: int, started_at: int, received_at: int) -> None:
    """End what still runs on a connector where a new session begins: its StopTransaction was lost (X-T-10)."""
    for forgotten in _on_connector(unit, charge_point_id, connector_id):
        counter = forgotten.counter
        if forgotten.begun_by > min(started_at, received_at):
            continue
        energy.finish(counter, None, started_at)
        counter.flags.add(CLOSED_BY_NEXT_START)
        forgotten.save_stop(
            unit,
            stopped_at=max(counter.started_at, counter.last_at or 0),
            reported_at=None,
            received_at=received_at,
            meter_stop=None,
            reason=None,
            id_tag=None,
        )
        unit.publish("transactions", f"transaction-{forgotten.id}")


def with_power(unit: Unit, charge_point_id: int, connector_id: int) -> list[OpenTransaction]:
    """What runs on a connector and says that it draws power."""
    return [transaction for transaction in _on_connector(unit, charge_point_id, connector_id) if transaction.power_w]


def _on_connector(unit: Unit, charge_point_id: int, connector_id: int) -> list[OpenTransaction]:
    """What runs there, the newest first."""
    found = [session for session in running(unit, charge_point_id).values() if session.connector_id == connector_id]
    return found[::-1]


def _from_row(row: tuple) -> OpenTransaction:
    (id_, charge_point_id, connector_id, id_tag, started_at, meter_start, energy_wh, last_wh, last_at) = row[:9]
    values_until, power_w, soc_percent, stopped_at, flags, received_at = row[9:]
    counter = Counter(meter_start, started_at, energy_wh, last_wh, last_at, set(flags.split()))
    told = values_until or 0, power_w, soc_percent, stopped_at, received_at
    return OpenTransaction(id_, charge_point_id, connector_id, id_tag, counter, *told)
