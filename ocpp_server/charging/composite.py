"""What a set of profiles adds up to over time: the standard's stacking rules (sections 3.13.2 and 3.13.3). Pure.

Within a purpose the highest stack level that says something counts (errata 3.7, 3.43); a TxProfile comes before the
TxDefaultProfiles; a connector's own TxDefaultProfile replaces the one of connector 0 on the same stack level; the
ChargePointMaxProfile caps the rest. Connector 0 is the station as a whole: only the cap.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ocpp_server import clock
from ocpp_server.charging.profile import CHARGE_POINT_MAX, RELATIVE, TX, TX_DEFAULT, Profile
from ocpp_server.charging.units import Supply, convert


@dataclass(frozen=True, slots=True)
class Session:
    """The transaction that runs on the connector: relative schedules begin with it. `id` None fits any TxProfile."""

    started_at: datetime
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """From `at` on at most so much; None is no limit."""

    at: datetime
    limit: float | None
    phases: int | None = None


#: A limit in the wanted unit, and the phases it was meant for.
_Found = tuple[float, int]


def composite(
    profiles: Iterable[Profile],
    connector_id: int,
    begin: datetime,
    end: datetime,
    *,
    unit: str = "A",
    supply: Supply | None = None,
    session: Session | None = None,
) -> list[Step]:
    """The limits from `begin` to `end`, a step for each change; the first is at `begin`.

    Without a session no TxProfile counts and relative schedules say nothing. Amperes are per phase.
    """
    ranks = _ranks(list(profiles), connector_id, session)
    started = clock.to_ms(session.started_at) if session else None
    steps: list[Step] = []
    for at in _edges([profile for rank in ranks for profile in rank], started, clock.to_ms(begin), clock.to_ms(end)):
        found = _at(ranks, at, started, unit, supply or Supply())
        limit, phases = found if found is not None else (None, None)
        if not steps or (steps[-1].limit, steps[-1].phases) != (limit, phases):
            steps.append(Step(clock.from_ms(at), limit, phases))
    return steps


def _ranks(profiles: list[Profile], connector_id: int, session: Session | None) -> tuple[list[Profile], ...]:
    """The cap, the session's own, the defaults: each with the highest stack level first."""
    cap = [profile for profile in profiles if profile.purpose == CHARGE_POINT_MAX]
    if connector_id == 0:
        return _sorted(cap), [], []
    here = [profile for profile in profiles if profile.connector_id == connector_id]
    own = [profile for profile in here if profile.purpose == TX and _fits(profile, session)]
    default = [profile for profile in here if profile.purpose == TX_DEFAULT]
    levels = {profile.stack_level for profile in default}
    default += [
        profile
        for profile in profiles
        if profile.purpose == TX_DEFAULT and profile.connector_id == 0 and profile.stack_level not in levels
    ]
    return _sorted(cap), _sorted(own), _sorted(default)


def _sorted(profiles: list[Profile]) -> list[Profile]:
    return sorted(profiles, key=lambda profile: profile.stack_level, reverse=True)


def _fits(profile: Profile, session: Session | None) -> bool:
    """Whether a TxProfile is this session's."""
    return session is not None and (
        None in (profile.transaction_id, session.id) or profile.transaction_id == session.id
    )


def _at(ranks: Sequence[Sequence[Profile]], at: int, started: int | None, unit: str, supply: Supply) -> _Found | None:
    cap, own, default = (_prevailing(rank, at, started, unit, supply) for rank in ranks)
    rate = own if own is not None else default
    if cap is None or rate is None:
        return rate if cap is None else cap
    return min(cap[0], rate[0]), min(cap[1], rate[1])


def _prevailing(rank: Sequence[Profile], at: int, started: int | None, unit: str, supply: Supply) -> _Found | None:
    for profile in rank:
        found = _limit(profile, at, started)
        if found is not None:
            limit, phases = found
            return convert(limit, profile.unit, unit, phases, supply), phases
    return None


def _limit(profile: Profile, at: int, started: int | None) -> _Found | None:
    """What one profile says at this moment, in its own unit; None where it says nothing."""
    if profile.valid_from is not None and at < profile.valid_from:
        return None
    if profile.valid_to is not None and at >= profile.valid_to:
        return None
    base = base_of(profile, started)
    if base is None or at < base:
        return None
    elapsed = (at - base) % profile.repeat if profile.repeat else at - base
    if profile.duration is not None and elapsed >= profile.duration:
        return None
    index = bisect_right(profile.periods, elapsed, key=lambda period: period.start) - 1
    return (profile.periods[index].limit, profile.periods[index].phases) if index >= 0 else None


def base_of(profile: Profile, started: int | None) -> int | None:
    """When the schedule begins: at its own time, else with the session (section 7.13)."""
    return started if profile.kind == RELATIVE or profile.start is None else profile.start


def _edges(profiles: Sequence[Profile], started: int | None, begin: int, end: int) -> list[int]:
    """Every moment from `begin` on, before `end`, at which some profile may say something else."""
    found = {begin}
    for profile in profiles:
        found.update(edge for edge in _edges_of(profile, started, begin, end) if begin < edge < end)
    return sorted(found)


def _edges_of(profile: Profile, started: int | None, begin: int, end: int) -> Iterator[int]:
    yield from (edge for edge in (profile.valid_from, profile.valid_to) if edge is not None)
    base = base_of(profile, started)
    if base is None:
        return
    offsets = [0, *(period.start for period in profile.periods)]
    if profile.duration is not None:
        offsets.append(profile.duration)
    if not profile.repeat:
        yield from (base + offset for offset in offsets)
        return
    first = max(0, (begin - base) // profile.repeat)
    for turn in range(base + first * profile.repeat, end, profile.repeat):
        yield from (turn + offset for offset in offsets if offset < profile.repeat)
