"""What profiles of others than the site make of a connector: operators' schedules count there, too. Pure.

Of the site's own profiles the default stands on the lowest stack level, so another default with a higher one holds for
sessions that have no limit of their own (section 3.13.3), and goes on to hold when Chargeyard is gone.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from ocpp_server import clock
from ocpp_server.charging.composite import Session, Step, composite
from ocpp_server.charging.profile import RELATIVE, TX_DEFAULT, Profile
from ocpp_server.charging.units import Supply, one_decimal

#: A schedule that repeats has said all that it says after so long.
_AHEAD = timedelta(days=8)
#: What is given in W may all go to one phase.
_ONE_PHASE = Supply(phases=1)


class Instead(NamedTuple):
    """What sessions follow in place of the site's default, at most: A for the site's `wait`, and after it, which those
    that begin later count with as well. Where it is not `is_always` so, there are times at which the site's default
    holds."""

    first: float
    then: float
    is_always: bool


def cap(profiles: Iterable[Profile], connector_id: int, started_at: float, phases: int, now: float) -> float | None:
    """What the defaults of others allow a session at this moment, in A as it can be told; None where they say nothing.
    `phases`: how many share what they allow in W."""
    begin, session = clock.from_ms(round(now * 1000)), Session(clock.from_ms(round(started_at * 1000)))
    defaults, supply = _defaults(profiles), Supply(phases=phases)
    end = begin + timedelta(seconds=1)
    limit = composite(defaults, connector_id, begin, end, supply=supply, session=session)[0].limit
    return None if limit is None else one_decimal(limit)


def instead(profiles: Iterable[Profile], connector_id: int, wait: float, maximum: float, now: float) -> Instead | None:
    """What a session that begins now, or later, follows in place of the site's default; None where that holds."""
    begin = clock.from_ms(round(now * 1000))
    found = [profile for profile in _defaults(profiles) if profile.stack_level > 0]
    steps = _ahead(found, connector_id, Session(begin))
    if all(step.limit is None for step in steps):
        return None
    until = begin + timedelta(seconds=wait)
    ends = [*(step.at for step in steps[1:]), until + _AHEAD]
    first = [step for step in steps if step.at < until]
    then = [step for step, end in zip(steps, ends, strict=True) if end > until]
    # What counts from the beginning of a session begins anew with each.
    then += _ahead([profile for profile in found if profile.kind == RELATIVE], connector_id, Session(begin))
    is_always = all(step.limit is not None for step in steps)
    return Instead(_most(first, maximum), _most(then, maximum), is_always)


def instead_of_any(
    profiles: Iterable[Profile], connector_id: int, wait: float, maximum: float, now: float
) -> Instead | None:
    """The same where nobody knows which of these the station has."""
    each = [instead([profile], connector_id, wait, maximum, now) for profile in profiles]
    found = [one for one in each if one is not None]
    return Instead(max(one.first for one in found), max(one.then for one in found), False) if found else None


def of_session(profile: Profile, connector_id: int, started_at: float, maximum: float, now: float) -> float:
    """The most that the profile of somebody else for this session allows it, from now on."""
    session = Session(clock.from_ms(round(started_at * 1000)))
    begin = clock.from_ms(round(now * 1000))
    own = composite([profile], connector_id, begin, begin + _AHEAD, supply=_ONE_PHASE, session=session)
    return _most(own, maximum)


def _defaults(profiles: Iterable[Profile]) -> list[Profile]:
    return [profile for profile in profiles if profile.purpose == TX_DEFAULT]


def _ahead(profiles: Sequence[Profile], connector_id: int, session: Session) -> list[Step]:
    begin = session.started_at
    return composite(profiles, connector_id, begin, begin + _AHEAD, supply=_ONE_PHASE, session=session)


def _most(steps: Iterable[Step], maximum: float) -> float:
    return min(maximum, max((step.limit for step in steps if step.limit is not None), default=0.0))
