"""What to try when a station refuses a profile (quirks 39 to 41): a short, fixed list of attempts. Pure.

The first is the profile as the station should take it. Then, each only where it differs from all before: a lower stack
level, the lowest one, connector 0 for the only connector, TxDefaultProfile for ChargePointMaxProfile, the other kind,
the other unit, both; and these on the lowest stack level.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Protocol

from ocpp_server.charging import fitting
from ocpp_server.charging.fitting import CONNECTOR, KIND, LEVEL, PURPOSE, UNIT, Json
from ocpp_server.charging.limits import Limits, Traits
from ocpp_server.charging.profile import TX_DEFAULT
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
    def connector_id(self) -> int:
        """Which one is meant; 0 is the whole station."""

    @property
    def connectors(self) -> int:
        """How many the station has."""

    @property
    def session_start(self) -> datetime | None:
        """When the session began that the profile is for."""


@dataclass(frozen=True)
class Attempt:
    """A profile to send, to which connector, and in what that differs from what was wished."""

    profile: Json
    connector_id: int
    changed: tuple[str, ...] = ()


def attempts(wish: Json, place: Place, now: datetime) -> Iterator[Attempt]:
    """What to send, one after the other, until the station accepts; each is worked out when it is its turn."""
    return islice(_distinct(wish, place, now), MOST)


def _distinct(wish: Json, place: Place, now: datetime) -> Iterator[Attempt]:
    found = [_first(wish, place, now)]
    yield found[0]
    others = _others(found[0], place, now) if place.traits.supported is not False else ()
    for attempt in others:
        if all((attempt.connector_id, attempt.profile) != (item.connector_id, item.profile) for item in found):
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
    attempt = Attempt(profile, place.connector_id, tuple(changed))
    return _on_station(attempt) if place.traits.station_default and _is_only(attempt, place) else attempt


def _with(other: Json | None, what: str, profile: Json, changed: list[str]) -> tuple[Json, list[str]]:
    return (profile, changed) if other is None else (other, [*changed, what])


def _others(first: Attempt, place: Place, now: datetime) -> Iterator[Attempt]:
    level = first.profile["stackLevel"]
    if level > 1:
        yield _changed(first, fitting.with_level(first.profile, level - 1), LEVEL)
    lowest = _changed(first, fitting.with_level(first.profile, 0), LEVEL)
    yield lowest
    if _is_only(first, place):
        yield from (_on_station(item) for item in (first, lowest))
    yield from _alternatives(first, place, now)
    yield from _alternatives(lowest, place, now)


def _is_only(attempt: Attempt, place: Place) -> bool:
    """Whether it is a default for a connector that is all that the station has; some take it on connector 0 alone."""
    is_default = attempt.profile["chargingProfilePurpose"] == TX_DEFAULT
    return is_default and place.connector_id == 1 and place.connectors == 1


def _on_station(base: Attempt) -> Attempt:
    if base.connector_id == 0:
        return base
    return replace(base, connector_id=0, changed=(*base.changed, CONNECTOR))


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
        return replace(base, profile=profile, changed=tuple(word for word in base.changed if word != what))
    return replace(base, profile=profile, changed=tuple(dict.fromkeys((*base.changed, what))))


def learnt(first: Attempt, accepted: Attempt, before: Traits) -> Traits:
    """What a station taught that refused the first attempt and accepted another (or the first, after all)."""
    was, now = first.profile, accepted.profile
    unit, kind = fitting.unit_of(now), now["chargingProfileKind"]
    is_lower = now["stackLevel"] < was["stackLevel"]
    is_default = now["chargingProfilePurpose"] != was["chargingProfilePurpose"]
    return Traits(
        supported=True,
        max_stack_level=now["stackLevel"] if is_lower else before.max_stack_level,
        unit=unit if unit != fitting.unit_of(was) else before.unit,
        kind=kind if kind != was["chargingProfileKind"] else before.kind,
        charge_point_max=False if is_default else before.charge_point_max,
        station_default=True if accepted.connector_id != first.connector_id else before.station_default,
    )
