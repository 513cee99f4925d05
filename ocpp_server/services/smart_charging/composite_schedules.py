"""Composite schedules: as our record makes them, and as stations report them (section 5.7)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from peewee import fn

from ocpp_server import clock, timestamps
from ocpp_server.charging.composite import Session, Step, composite
from ocpp_server.charging.profile import Profile, periods_of, whole
from ocpp_server.charging.units import Supply
from ocpp_server.models import CompositeReading, InstalledChargingProfile, Transaction
from ocpp_server.services.smart_charging import charging_traits, installed_profiles
from ocpp_server.store import Unit

#: No longer than this is calculated ahead, whatever is asked, in seconds.
LONGEST = 31 * 86_400
#: Readings of the same connector are kept so long.
_KEPT = timedelta(days=30)

#: A second from the beginning, and the limit from then on; None is none.
Point = tuple[int, float | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """From one second to another the station reports something else than was calculated."""

    begin: int
    end: int
    calculated: float
    reported: float

    @property
    def is_more(self) -> bool:
        """Whether the station allows more than its profiles say; less may be a limit of its own."""
        return self.reported > self.calculated


class Holdings:
    """What a station holds, looked up once for all its connectors. Needs a connection."""

    def __init__(self, charge_point_id: int) -> None:
        self.charge_point_id = charge_point_id

    @cached_property
    def rows(self) -> list[InstalledChargingProfile]:
        return installed_profiles.of_station(self.charge_point_id)

    @cached_property
    def profiles(self) -> list[Profile]:
        return installed_profiles.parsed(self.rows)

    @cached_property
    def supply(self) -> Supply:
        return charging_traits.supply_of(self.charge_point_id)

    @cached_property
    def sessions(self) -> dict[int, Session]:
        """What runs, by connector."""
        row = Transaction
        query = row.select().where(row.charge_point == self.charge_point_id, row.stopped_at.is_null()).order_by(row.id)
        return {found.connector_id: Session(found.started_at, found.id) for found in query}

    @cached_property
    def readings(self) -> dict[int, CompositeReading]:
        """What the station last reported, by connector."""
        row, newest = CompositeReading, CompositeReading.select(fn.MAX(CompositeReading.id))
        ids = newest.where(row.charge_point == self.charge_point_id).group_by(row.connector_id)
        return {found.connector_id: found for found in row.select().where(row.id.in_(ids))}

    def calculate(
        self,
        connector_id: int,
        begin: datetime,
        end: datetime,
        *,
        unit: str = "A",
        more: Iterable[Profile] = (),
        planned: bool = False,
    ) -> list[Step]:
        """What the profiles on record add up to on a connector, with `more` in place of those they would replace.

        `planned` imagines a session that begins at `begin` where none runs.
        """
        session = self.sessions.get(connector_id) or (Session(begin) if planned else None)
        profiles = replaced(self.profiles, more)
        return composite(profiles, connector_id, begin, end, unit=unit, supply=self.supply, session=session)


def replaced(held: Iterable[Profile], more: Iterable[Profile]) -> list[Profile]:
    """What a station would hold after taking more (section 5.16.4)."""
    found = list(held)
    for new in more:
        place = (new.stack_level, new.purpose, new.connector_id)
        found = [old for old in found if old.id != new.id and (old.stack_level, old.purpose, old.connector_id) != place]
        found.append(new)
    return found


def read(unit: Unit, charge_point_id: int, command_id: int, asked: dict[str, Any], result: dict[str, Any]) -> None:
    """Keep a station's answer beside our own calculation of the same time."""
    schedule = result.get("chargingSchedule")
    if not isinstance(schedule, dict):
        return
    begin = _begin(result, schedule)
    duration = min(LONGEST, max(1, whole(schedule.get("duration")) or whole(asked.get("duration"))))
    connector_id, wire_unit = whole(asked.get("connectorId")), schedule.get("chargingRateUnit")
    unit_word = "W" if wire_unit == "W" else "A"
    end = begin + timedelta(seconds=duration)
    steps = Holdings(charge_point_id).calculate(connector_id, begin, end, unit=unit_word, planned=True)
    reported = [(period.start // 1000, round(period.limit, 1)) for period in periods_of(schedule)]
    _forget_old(charge_point_id, connector_id)
    CompositeReading.create(
        charge_point=charge_point_id,
        connector_id=connector_id,
        command_id=command_id,
        begins_at=begin,
        duration=duration,
        unit=unit_word,
        reported=json.dumps(reported),
        calculated=json.dumps(points(steps, begin)),
    )
    unit.publish("charging", f"charging-{charge_point_id}")


def points(steps: Iterable[Step], begin: datetime) -> list[Point]:
    """Steps as seconds from a beginning."""
    return [
        (round((step.at - begin).total_seconds()), None if step.limit is None else round(step.limit, 1))
        for step in steps
    ]


def differences(reading: CompositeReading) -> list[Difference]:
    """Where the two say different things by more than rounding; where nothing was calculated, nothing is compared."""
    ours, theirs = _loaded(reading.calculated), _loaded(reading.reported)
    edges = sorted({second for second, _ in (*ours, *theirs) if 0 <= second < reading.duration} | {0})
    found: list[Difference] = []
    for begin, end in zip(edges, [*edges[1:], reading.duration], strict=True):
        mine, other = _at(ours, begin), _at(theirs, begin)
        if mine is None or other is None or abs(mine - other) <= max(0.15, 0.01 * mine):
            continue
        last = found[-1] if found else None
        if last and (last.end, last.calculated, last.reported) == (begin, mine, other):
            found[-1] = Difference(last.begin, end, mine, other)
        else:
            found.append(Difference(begin, end, mine, other))
    return found


def of_command(command_id: int) -> CompositeReading | None:
    """What came of a GetCompositeSchedule."""
    return CompositeReading.get_or_none(CompositeReading.command_id == command_id)


def rows(reading: CompositeReading) -> list[tuple[datetime, float | None, float | None]]:
    """Both beside each other: from when, calculated, reported."""
    ours, theirs = _loaded(reading.calculated), _loaded(reading.reported)
    edges = sorted({second for second, _ in (*ours, *theirs) if 0 <= second < reading.duration} | {0})
    return [(reading.begins_at + timedelta(seconds=edge), _at(ours, edge), _at(theirs, edge)) for edge in edges]


def _begin(result: dict[str, Any], schedule: dict[str, Any]) -> datetime:
    now = clock.to_ms(clock.now())
    for text in (result.get("scheduleStart"), schedule.get("startSchedule")):
        found = timestamps.parse(text)
        if found is not None and timestamps.is_credible(found, now):
            return clock.from_ms(found)
    return clock.from_ms(now)


def _loaded(text: str) -> list[Point]:
    return [(second, limit) for second, limit in json.loads(text)]


def _at(found: list[Point], second: int) -> float | None:
    return next((limit for begin, limit in reversed(found) if begin <= second), None)


def _forget_old(charge_point_id: int, connector_id: int) -> None:
    row = CompositeReading
    is_old = row.begins_at < clock.now() - _KEPT
    row.delete().where(row.charge_point == charge_point_id, row.connector_id == connector_id, is_old).execute()
