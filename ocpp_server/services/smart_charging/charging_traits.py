"""What is known of a station when a profile is fitted to it: its limits, what was learnt, its voltage."""

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from peewee import fn

from ocpp_server import clock
from ocpp_server.charging import limits
from ocpp_server.charging.limits import Limits, Traits
from ocpp_server.charging.units import Supply
from ocpp_server.models import ChargingTraits, ConfigurationKey, Connector, MeterValue, Transaction
from ocpp_server.services.session import meter_values
from ocpp_server.store import Unit

NOMINAL = Supply()
#: Voltages that a phase can have; a DC station reports that of the battery.
_PLAUSIBLE = (95.0, 260.0)
#: A StartTransaction that came so late was kept by the station while it was offline (section 5.16.1, rule 118).
LATE_AFTER = timedelta(minutes=5)
#: A clock that tells local time as UTC is ahead by no more (quirk 26).
_MOST_AHEAD = timedelta(hours=14)
#: Of so many readings one is fresh, even where some were kept meanwhile.
_FRESH = 5
_FIELDS = ("supported", "max_stack_level", "unit", "kind", "charge_point_max", "station_default")


def limits_of(charge_point_ids: Collection[int]) -> dict[int, Limits]:
    """What these stations said that they can keep: one query."""
    keys: dict[int, dict[str, str | None]] = defaultdict(dict)
    wanted = [name.lower() for name in limits.KEYS]
    query = ConfigurationKey.select().where(
        ConfigurationKey.charge_point.in_(list(charge_point_ids)), fn.LOWER(ConfigurationKey.key).in_(wanted)
    )
    for row in query:
        keys[row.charge_point_id][row.key] = row.value  # type: ignore[attr-defined]
    return {number: limits.read(keys[number]) for number in charge_point_ids}


def of_station(charge_point_id: int) -> Traits:
    """What was learnt of this station."""
    row = ChargingTraits.get_or_none(ChargingTraits.charge_point == charge_point_id)
    return Traits(**{name: getattr(row, name) for name in _FIELDS}) if row else Traits()


def known_limits(charge_point_ids: Collection[int]) -> list[Limits]:
    """What each of these stations can keep, by what it said and by what was learnt: two queries."""
    said = limits_of(charge_point_ids)
    rows = ChargingTraits.select().where(ChargingTraits.charge_point.in_(list(charge_point_ids)))
    learnt = {row.charge_point_id: row for row in rows}
    return [_narrowed(said[number], learnt.get(number)) for number in charge_point_ids]


def _narrowed(said: Limits, learnt: ChargingTraits | None) -> Limits:
    if learnt is None:
        return said
    levels = [level for level in (said.max_stack_level, learnt.max_stack_level) if level is not None]
    units = frozenset({learnt.unit}) if learnt.unit else said.units
    return replace(said, max_stack_level=min(levels, default=None), units=units)


def learn(unit: Unit, charge_point_id: int, traits: Traits) -> None:
    """Remember it from now on."""
    row = ChargingTraits.get_or_none(ChargingTraits.charge_point == charge_point_id)
    row = row or ChargingTraits(charge_point=charge_point_id)
    for name in _FIELDS:
        setattr(row, name, getattr(traits, name))
    row.learnt_at = clock.now()
    row.save()
    unit.publish(f"charging-{charge_point_id}")


def forget(unit: Unit, charge_point_id: int) -> None:
    """The next profile is tried as if nothing had been refused before."""
    ChargingTraits.delete().where(ChargingTraits.charge_point == charge_point_id).execute()
    unit.publish(f"charging-{charge_point_id}")


class StationPlace:
    """A station as the ladder asks for it, each fact looked up when it is needed first. Needs a connection."""

    def __init__(
        self,
        charge_point_id: int,
        connector_id: int,
        session: Transaction | None = None,
        phases: int | None = None,
    ) -> None:
        self.charge_point_id, self.connector_id, self.phases = charge_point_id, connector_id, phases
        self.session = session

    @cached_property
    def now(self) -> datetime:
        """By the station's own clock."""
        return station_time(self.session)

    @cached_property
    def session_start(self) -> datetime | None:
        return _start_by_station(self.session) if self.session is not None else None

    @cached_property
    def limits(self) -> Limits:
        return limits_of([self.charge_point_id])[self.charge_point_id]

    @cached_property
    def traits(self) -> Traits:
        return of_station(self.charge_point_id)

    @cached_property
    def supply(self) -> Supply:
        supply = supply_of(self.charge_point_id)
        return supply if self.phases is None else replace(supply, phases=self.phases)

    @cached_property
    def connectors(self) -> int:
        known = Connector.select().where(Connector.charge_point == self.charge_point_id, Connector.connector_id > 0)
        return max(1, known.count())


def station_time(session: Transaction | None) -> datetime:
    """What time it is by the clock of a session's station."""
    return clock.now() + (_ahead(session) if session is not None else timedelta(0))


def _start_by_station(session: Transaction) -> datetime:
    """When a session began, by the clock of its station."""
    is_its_own = session.started_at == session.start_reported_at
    return session.started_at if is_its_own else session.started_at + _ahead(session)


def _ahead(session: Transaction) -> timedelta:
    """How far the clock of a session's station is ahead, or behind. No message is older than its timestamp says, so the
    freshest tells."""
    row = MeterValue
    latest = row.select(row.at, row.received_at).where(row.transaction_id == session.id).order_by(row.at.desc())
    ahead = [value.at - value.received_at for value in latest.limit(_FRESH)]
    start = (session.start_reported_at or session.started_at) - session.start_received_at
    # What is too far ahead to be meant is kept with the time of its arrival, so then only the start tells.
    is_far = LATE_AFTER < start <= _MOST_AHEAD and not any(ahead)
    # One that came late was kept by the station while it was offline.
    ahead += [start] if is_far or -LATE_AFTER < start <= LATE_AFTER else []
    return max(ahead, default=timedelta(0))


def supply_of(charge_point_id: int) -> Supply:
    """What a station hangs on, by what it measured last: the area's voltage (errata 3.68), which is 230 V unless it is
    lower or another altogether, and as many phases as its meter names (quirk 39)."""
    latest = (
        Transaction.select(Transaction.id)
        .where(Transaction.charge_point == charge_point_id)
        .order_by(Transaction.started_at.desc())
        .limit(1)
    )
    measured = (
        MeterValue.select(MeterValue.voltage_v, MeterValue.samples)
        .where(MeterValue.transaction_id == latest, MeterValue.voltage_v.is_null(False))
        .order_by(MeterValue.at.desc())
        .first()
    )
    if measured is None or not _PLAUSIBLE[0] <= measured.voltage_v <= _PLAUSIBLE[1]:
        return NOMINAL
    is_nominal = NOMINAL.voltage <= measured.voltage_v <= 1.1 * NOMINAL.voltage
    return Supply(NOMINAL.voltage if is_nominal else measured.voltage_v, _phases(measured.samples))


def _phases(samples: str) -> int:
    """How many phases a meter names; all where it names none."""
    found = meter_values.by_phase(json.loads(samples or "[]"))
    found["Voltage"] = {phase: volts for phase, volts in found.get("Voltage", {}).items() if volts >= _PLAUSIBLE[0]}
    named = {str(phase)[:2] for values in found.values() for phase in values} & {"L1", "L2", "L3"}
    return len(named) or NOMINAL.phases
