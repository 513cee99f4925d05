"""A session's power, energy and state of charge over time: what its plot draws."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peewee import fn

from ocpp_server import clock
from ocpp_server.models import EnergyQuarter, MeterValue, Transaction
from ocpp_server.services.session import energy, retention

#: More points than a screen has columns are not worth sending.
POINTS = 1000
_MS_PER_HOUR = 3_600_000

Column = list[float | None]


@dataclass(frozen=True)
class Series:
    """Columns of equal length. Times in milliseconds, energy since the session began."""

    at_ms: list[int] = field(default_factory=list)
    power_w: Column = field(default_factory=list)
    energy_wh: Column = field(default_factory=list)
    soc_percent: Column = field(default_factory=list)
    #: The station sent no power, so it was worked out from the energy.
    power_is_derived: bool = False


def series(transaction: Transaction, points: int = POINTS) -> Series:
    """The session's readings, averaged to so many points at most. Needs a connection."""
    rows = [*_reduced(transaction), *_rows(transaction.id, points)]
    at_ms = [row[0] for row in rows]
    power_w: Column = [row[1] for row in rows]
    energy_wh = _since_start(transaction, at_ms, [row[2] for row in rows])
    derived = all(power is None for power in power_w) and len(rows) > 1
    if derived:
        power_w = _slope(at_ms, energy_wh)
    return Series(at_ms, power_w, energy_wh, [row[3] for row in rows], derived)


def _rows(transaction_id: int, points: int) -> list[tuple]:
    """Time, mean power, highest register and state of charge of each slice of time."""
    mine = MeterValue.transaction_id == transaction_id
    first, last = MeterValue.select(fn.MIN(MeterValue.at), fn.MAX(MeterValue.at)).where(mine).tuples()[0]
    if first is None:
        return []
    first_ms, last_ms = _ms(first), _ms(last)
    width = (last_ms - first_ms) // points + 1
    query = (
        MeterValue.select(
            fn.MAX(MeterValue.at).coerce(False),
            fn.AVG(MeterValue.power_w),
            fn.MAX(MeterValue.energy_wh),
            fn.MAX(MeterValue.soc_percent),
        )
        .where(mine)
        .group_by((MeterValue.at - first_ms) / width)
        .order_by(fn.MAX(MeterValue.at))
    )
    rows: Any = query.tuples()
    return list(rows)


def _reduced(transaction: Transaction) -> list[tuple]:
    """The same of an old session, whose readings are kept by the quarter hour: at the end of each."""
    quarter = EnergyQuarter
    query = quarter.select(quarter.at.coerce(False), quarter.register_wh, quarter.max_power_w)
    rows: Any = query.where(quarter.transaction_id == transaction.id).order_by(quarter.at).tuples()
    end = clock.to_ms(transaction.stopped_at or clock.now())
    # Where there is a register, the mean power is worked out from it.
    return [
        (max(at, min(at + retention.QUARTER_MS, end)), power if register is None else None, register, None)
        for at, register, power in rows
    ]


def _ms(moment: datetime | int) -> int:
    return clock.to_ms(moment) if isinstance(moment, datetime) else moment


def _since_start(transaction: Transaction, at_ms: list[int], registers: Column) -> Column:
    """Energy since the start, counted by the same rules as the session's own figure."""
    counter = energy.Counter(transaction.meter_start, clock.to_ms(transaction.started_at))
    counter.flags |= {energy.RELATIVE} & set(transaction.flags.split())
    column: Column = []
    for at, register in zip(at_ms, registers, strict=True):
        if register is not None:
            energy.advance(counter, register, at)
        column.append(None if register is None else counter.energy_wh)
    return column


def _slope(at_ms: list[int], energy_wh: Column) -> Column:
    """Mean power since the reading before."""
    power: Column = []
    known: tuple[int, float] | None = None
    for at, counted in zip(at_ms, energy_wh, strict=True):
        rising = counted is not None and known is not None and at > known[0]
        power.append((counted - known[1]) * _MS_PER_HOUR / (at - known[0]) if rising else None)  # type: ignore
        if counted is not None:
            known = (at, counted)
    return power
