"""What to try when a station refuses a profile (quirks 39 to 41): a short, fixed list of attempts. Pure.

The first is the profile as the station should take it. Then, each only where it differs from all before: a lower stack
level, the lowest one, TxDefaultProfile for ChargePointMaxProfile, the other kind, the other unit, both; and these on
the lowest stack level.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol

from ocpp_server.charging import fitting
from ocpp_server.charging.fitting import KIND, LEVEL, PURPOSE, UNIT, Json
from ocpp_server.charging.limits import Limits, Traits
from ocpp_server.charging.units import Supply

MOST = 8


class Place(Protocol):
    """All that is known of where a profile goes; what is not needed need not be found out."""

    @property
    def limits(self) -> Limits: ...
    @property
    def traits(self) -> Traits: ...
    @property
    def supply(self) -> Supply: ...
    @property
    def connectors(self) -> int:
        """How many the station has."""

    @property
    def session_start(self) -> datetime | None:
        """When the session began that the profile is for."""


@dataclass(frozen=True)
class Attempt:
    """A profile to send, and in what it differs from what was wished."""

    profile: Json
    changed: tuple[str, ...] = ()


def attempts(wish: Json, place: Place, now: datetime) -> Iterator[Attempt]:
    """What to send, one after the other, until the station accepts; each is worked out when it is its turn."""
    return islice(_distinct(wish, place, now), MOST)


def _distinct(wish: Json, place: Place, now: datetime) -> Iterator[Attempt]:
    found = [_first(wish, place, now)]
    yield found[0]
    others = _others(found[0], place, now) if place.traits.supported is not False else ()
    for attempt in others:
        if all(attempt.profile != earlier.profile for earlier in found):
            found.append(attempt)
            yield attempt


def _first(wish: Json, place: Place, now: datetime) -> Attempt:
    """With all that was learnt before."""
    profile, changed = fitting.fit(wish, place.limits, place.traits, place.supply)
    if place.traits.charge_point_max is False:
        profile, changed = _with(fitting.as_default(profile, place.connectors), PURPOSE, profile, changed)
    if place.traits.kind and place.traits.kind != profile["chargingProfileKind"]:
        other = fitting.as_other_kind(profile, now, place.session_start)
        profile, changed = _with(other, KIND, profile, changed)
    return Attempt(profile, tuple(changed))


def _with(other: Json | None, what: str, profile: Json, changed: list[str]) -> tuple[Json, list[str]]:
    return (profile, changed) if other is None else (other, [*changed, what])


def _others(first: Attempt, place: Place, now: datetime) -> Iterator[Attempt]:
    level = first.profile["stackLevel"]
    if level > 1:
        yield _changed(first, fitting.with_level(first.profile, level - 1), LEVEL)
    lowest = _changed(first, fitting.with_level(first.profile, 0), LEVEL)
    yield lowest
    yield from _alternatives(first, place, now)
    yield from _alternatives(lowest, place, now)


def _alternatives(base: Attempt, place: Place, now: datetime) -> Iterator[Attempt]:
    """The same on the same stack level, said in another way."""
    bases = [base]
    default = fitting.as_default(base.profile, place.connectors)
    if default is not None:
        bases.insert(0, _changed(base, default, PURPOSE))
        yield bases[0]
    kinds = [_changed(item, other, KIND) for item in bases if (other := _other_kind(item, place, now)) is not None]
    yield from kinds
    if len(place.limits.units) != 1:
        yield from (_in_other_unit(item, place.supply) for item in (*bases, *kinds))


def _other_kind(base: Attempt, place: Place, now: datetime) -> Json | None:
    return fitting.as_other_kind(base.profile, now, place.session_start)


def _in_other_unit(base: Attempt, supply: Supply) -> Attempt:
    return _changed(base, fitting.in_unit(base.profile, fitting.other_unit(base.profile), supply), UNIT)


def _changed(base: Attempt, profile: Json, what: str) -> Attempt:
    """One more difference; two changes of the same take each other back."""
    if profile == base.profile:
        return base
    if what in base.changed and what != LEVEL:
        return Attempt(profile, tuple(word for word in base.changed if word != what))
    return Attempt(profile, tuple(dict.fromkeys((*base.changed, what))))


def learnt(first: Json, accepted: Json, before: Traits) -> Traits:
    """What a station taught that refused the first profile and accepted another (or the first, after all)."""
    unit, kind = fitting.unit_of(accepted), accepted["chargingProfileKind"]
    is_lower = accepted["stackLevel"] < first["stackLevel"]
    is_default = accepted["chargingProfilePurpose"] != first["chargingProfilePurpose"]
    return Traits(
        supported=True,
        max_stack_level=accepted["stackLevel"] if is_lower else before.max_stack_level,
        unit=unit if unit != fitting.unit_of(first) else before.unit,
        kind=kind if kind != first["chargingProfileKind"] else before.kind,
        charge_point_max=False if is_default else before.charge_point_max,
    )
