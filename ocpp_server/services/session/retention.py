"""Old raw meter values become quarter hours of energy.

Each step takes a few hundred of the oldest values of one session (or of one station, outside any session), adds what
they say to the rows of their quarter hours and deletes them, all in one unit of work: it may be interrupted anywhere
and run again. The energy is counted by the rules of services/session/energy.py, so that the quarters of a session add
up to what it charged. Times in ms since 1970.
"""

from dataclasses import dataclass, field
from typing import Any

from ocpp_server.services.session import energy
from ocpp_server.services.session.energy import Counter
from ocpp_server.store import Unit

QUARTER_MS = 15 * 60_000
#: So many values at most in one unit of work: some milliseconds.
STEP = 200
#: A register that was read longer ago says nothing about one quarter hour.
_LATEST_MS = 24 * 3_600_000

_SESSION = "SELECT charge_point_id, connector_id, meter_start, started_at, flags FROM charging_transaction WHERE id = ?"
_OF_SESSION = "SELECT id, at, energy_wh, power_w FROM meter_value WHERE transaction_id = ? ORDER BY at, id LIMIT ?"
_LAST_OF_SESSION = (
    "SELECT at, register_wh FROM energy_quarter WHERE transaction_id = ? AND charge_point_id = ? AND connector_id = ?"
    " AND register_wh IS NOT NULL ORDER BY at DESC LIMIT 1"
)
_OLDEST_OUTSIDE = "SELECT charge_point_id FROM meter_value WHERE transaction_id IS NULL AND at < ? ORDER BY at LIMIT 1"
_OUTSIDE = (
    "SELECT id, at, energy_wh, power_w, connector_id FROM meter_value"
    " WHERE charge_point_id = ? AND at < ? AND transaction_id IS NULL ORDER BY at, id LIMIT ?"
)
_LAST_OUTSIDE = (
    "SELECT at, register_wh FROM energy_quarter WHERE transaction_id = 0 AND charge_point_id = ?"
    " AND connector_id = ? AND at >= ? AND at <= ? AND register_wh IS NOT NULL ORDER BY at DESC LIMIT 1"
)
_ADD = (
    "INSERT INTO energy_quarter (charge_point_id, connector_id, transaction_id, at, energy_wh, max_power_w,"
    " register_wh) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (transaction_id, charge_point_id, connector_id, at) DO UPDATE SET"
    " energy_wh = energy_quarter.energy_wh + excluded.energy_wh,"
    " max_power_w = CASE WHEN energy_quarter.max_power_w IS NULL OR excluded.max_power_w > energy_quarter.max_power_w"
    " THEN excluded.max_power_w ELSE energy_quarter.max_power_w END,"
    " register_wh = coalesce(excluded.register_wh, energy_quarter.register_wh)"
)
_DELETE = "DELETE FROM meter_value WHERE id = ?"


@dataclass
class _Quarter:
    energy_wh: float = 0.0
    max_power_w: float | None = None
    register_wh: float | None = None


@dataclass
class _Fold:
    """One connector's values as they are added up; a row is id, time, register and power."""

    counter: Counter
    quarters: dict[int, _Quarter] = field(default_factory=dict)

    def take(self, at: int, register_wh: float | None, power_w: float | None) -> None:
        quarter = self.quarters.setdefault(at - at % QUARTER_MS, _Quarter())
        if register_wh is not None:
            is_newest = at >= (self.counter.last_at or at)
            quarter.energy_wh += energy.advance(self.counter, register_wh, at)
            if is_newest:
                quarter.register_wh = self.counter.last_wh
        if power_w is not None:
            quarter.max_power_w = power_w if quarter.max_power_w is None else max(quarter.max_power_w, power_w)


def reduce_session(unit: Unit, transaction_id: int) -> bool:
    """Take one step; whether there may be more to do."""
    rows = unit.all(_OF_SESSION, transaction_id, STEP)
    session = unit.one(_SESSION, transaction_id)
    if not rows or session is None:
        return False
    charge_point_id, connector_id, meter_start, started_at, flags = session
    counter = Counter(meter_start, started_at, flags={energy.RELATIVE} & set(flags.split()))
    last = unit.one(_LAST_OF_SESSION, transaction_id, charge_point_id, connector_id)
    if last is not None:
        counter.last_at, counter.last_wh = last
    fold = _Fold(counter)
    for row in rows:
        fold.take(*row[1:])
    _save(unit, (charge_point_id, connector_id, transaction_id), fold, rows)
    return len(rows) == STEP


def reduce_outside(unit: Unit, before: int) -> bool:
    """Take one step with what was measured outside any session; whether there may be more to do."""
    oldest = unit.one(_OLDEST_OUTSIDE, before)
    if oldest is None:
        return False
    charge_point_id = oldest[0]
    rows = unit.all(_OUTSIDE, charge_point_id, before, STEP)
    for connector_id in {row[4] for row in rows}:
        mine = [row[:4] for row in rows if row[4] == connector_id]
        fold = _Fold(_outside_counter(unit, charge_point_id, connector_id, mine))
        for row in mine:
            fold.take(*row[1:])
        _save(unit, (charge_point_id, connector_id, 0), fold, mine)
    return True


def _outside_counter(unit: Unit, charge_point_id: int, connector_id: int, rows: list[tuple]) -> Counter:
    """Goes on from the register of the last quarter, or begins at the first that is read."""
    first = rows[0][1]
    last = unit.one(_LAST_OUTSIDE, charge_point_id, connector_id, first - _LATEST_MS, first)
    if last is not None:
        return Counter(round(last[1]), last[0], last_at=last[0], last_wh=last[1])
    register = next((row[2] for row in rows if row[2] is not None), 0.0)
    return Counter(round(register), first, last_at=first, last_wh=register)


def _save(unit: Unit, key: tuple[int, int, int], fold: _Fold, rows: list[tuple[Any, ...]]) -> None:
    for at, quarter in fold.quarters.items():
        unit.insert_later(_ADD, (*key, at, quarter.energy_wh, quarter.max_power_w, quarter.register_wh))
    for row in rows:
        unit.insert_later(_DELETE, (row[0],))
