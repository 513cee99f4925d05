"""One session as its messages change it: read as a row, counted in memory, written back as a row."""

from dataclasses import dataclass
from typing import Any

from ocpp_server.services import energy
from ocpp_server.services.energy import Counter
from ocpp_server.services.meter_values import Totals
from ocpp_server.store import Unit

CLOSED_BY_NEXT_START = "closed_by_next_start"
CLOSED_BY_OPERATOR = "closed_by_operator"
#: We ended the session because its stop seemed lost: if it still comes, it counts.
CLOSED_BY_US = {CLOSED_BY_NEXT_START, CLOSED_BY_OPERATOR}

_COLUMNS = (
    "id, charge_point_id, connector_id, id_tag, started_at, meter_start, energy_wh, meter_last_wh, meter_last_at,"
    " values_until, power_w, soc_percent, stopped_at, flags"
)
# The parts of these statements stand in this file.
_BY_ID = f"SELECT {_COLUMNS} FROM charging_transaction WHERE id = ? AND charge_point_id = ?"  # noqa: S608
_OPEN = f"SELECT {_COLUMNS} FROM charging_transaction WHERE charge_point_id = ? AND stopped_at IS NULL"  # noqa: S608
_OPEN_ON_CONNECTOR = f"{_OPEN} AND connector_id = ? ORDER BY id DESC"
_SAVE_PROGRESS = (
    "UPDATE charging_transaction SET energy_wh = ?, meter_last_wh = ?, meter_last_at = ?, values_until = ?,"
    " power_w = ?, soc_percent = ?, flags = ? WHERE id = ?"
)
_SAVE_STOP = (
    "UPDATE charging_transaction SET energy_wh = ?, meter_last_wh = ?, meter_last_at = ?, values_until = ?,"
    " power_w = ?, soc_percent = ?, flags = ?, stopped_at = ?, stop_reported_at = ?, stop_received_at = ?,"
    " meter_stop = ?, stop_reason = ?, stop_id_tag = ? WHERE id = ?"
)
#: A derived power needs readings at least this far apart, or rounding makes nonsense of it.
_MIN_DERIVED_MS = 5_000


@dataclass(slots=True)
class OpenTransaction:
    """A session's row while a message is applied to it. Times in ms since 1970."""

    id: int
    charge_point_id: int
    connector_id: int
    id_tag: str
    counter: Counter
    values_until: int
    power_w: float | None
    soc_percent: float | None
    stopped_at: int | None
    #: Values from before this are not the session's: set where only the connector says that they could be.
    values_from: int = 0

    @property
    def may_be_stopped(self) -> bool:
        """Not stopped yet, or only by us because its stop seemed lost: then the real one counts."""
        return self.stopped_at is None or bool(CLOSED_BY_US & self.counter.flags)

    def take(self, totals: Totals, at: int) -> None:
        """Count a meter value. Those that come after the stop are kept, but change nothing (quirk 34)."""
        self.values_until = max(self.values_until, at)
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
        unit.execute(_SAVE_PROGRESS, *self._progress(), self.id)

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
        self.counter.flags -= CLOSED_BY_US
        self.power_w = None
        stop = (stopped_at, reported_at, received_at, meter_stop, reason, id_tag)
        unit.execute(_SAVE_STOP, *self._progress(), *stop, self.id)

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


def find(unit: Unit, charge_point_id: int, transaction_id: int) -> OpenTransaction | None:
    """The station's session of that id, running or ended."""
    return _from_row(unit.one(_BY_ID, transaction_id, charge_point_id))


def of_connector(unit: Unit, charge_point_id: int, connector_id: int) -> OpenTransaction | None:
    """The session that runs on a connector; it takes no values from before its start."""
    transaction = _from_row(unit.one(_OPEN_ON_CONNECTOR, charge_point_id, connector_id))
    if transaction is not None:
        transaction.values_from = transaction.counter.started_at
    return transaction


def only_one(
    unit: Unit, charge_point_id: int, id_tag: str | None, meter_stop: int | None, stopped_at: int | None
) -> OpenTransaction | None:
    """The station's running session, if there is just one and neither card, meter nor time speak against it."""
    rows = unit.all(_OPEN, charge_point_id)
    candidate = _from_row(rows[0]) if len(rows) == 1 else None
    if candidate is None or (id_tag and id_tag.casefold() != candidate.id_tag.casefold()):
        return None
    if meter_stop is not None and 0 <= meter_stop < candidate.counter.meter_start:
        return None
    if stopped_at is not None and stopped_at < candidate.counter.started_at:
        return None
    return candidate


def close_forgotten(unit: Unit, charge_point_id: int, connector_id: int, started_at: int, received_at: int) -> None:
    """End what still runs on a connector where a new session begins: its StopTransaction was lost (X-T-10)."""
    for row in unit.all(_OPEN_ON_CONNECTOR, charge_point_id, connector_id):
        forgotten = _from_row(row)
        if forgotten is None or forgotten.counter.started_at > started_at:
            continue
        counter = forgotten.counter
        energy.finish(counter, None, started_at)
        ended_at = max(counter.started_at, counter.last_at or 0)
        forgotten.save_stop(
            unit,
            stopped_at=ended_at,
            reported_at=None,
            received_at=received_at,
            meter_stop=None,
            reason=None,
            id_tag=None,
        )
        flags = " ".join(sorted({*counter.flags, CLOSED_BY_NEXT_START}))
        unit.execute("UPDATE charging_transaction SET flags = ? WHERE id = ?", flags, forgotten.id)
        unit.publish("transactions", f"transaction-{forgotten.id}")


def _from_row(row: tuple | None) -> OpenTransaction | None:
    if row is None:
        return None
    (id_, charge_point_id, connector_id, id_tag, started_at, meter_start, energy_wh, last_wh, last_at) = row[:9]
    values_until, power_w, soc_percent, stopped_at, flags = row[9:]
    counter = Counter(meter_start, started_at, energy_wh, last_wh, last_at, set(flags.split()))
    return OpenTransaction(
        id_, charge_point_id, connector_id, id_tag, counter, values_until or 0, power_w, soc_percent, stopped_at
    )
