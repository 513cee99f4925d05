"""As few changes as possible: from what is fair now to what is worth a message. Pure.

A new car takes a little from everyone if all is shared anew, which would be a message to each. So whoever is near
what is fair keeps what it has, as long as the connection allows it and little of it stays unused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocpp_server.site.allocation import Allotment, Draw, Load, ledger_with
from ocpp_server.site.grid import Grid, Ledger, Usage, tenths, tenths_up

#: So much of what could be handed out may stay unused rather than be sent around.
UNUSED = 0.01
#: How far from its fair share a car may stay: amperes, or a part of the share, whichever is more.
NEAR_AMPERES, NEAR_PART = 1.0, 0.15


@dataclass(slots=True)
class _Place:
    load: Load
    usage: Usage
    fair: int
    has: int

    @property
    def weight(self) -> int:
        return len(self.load.phases)

    @property
    def least(self) -> int:
        """How little it may have without being wronged."""
        return max(tenths_up(self.load.minimum), self.fair - _near(self.fair))

    @property
    def reach(self) -> int:
        """How much it may have without being unfair to others; tenths of an ampere."""
        return min(tenths(max(self.load.most, self.load.minimum)), self.fair + _near(self.fair))


def steady(
    grid: Grid, loads: Sequence[Load], fair: Allotment, given: Mapping[Any, float], taken: Sequence[Draw] = ()
) -> Allotment:
    """Amperes for each load: feasible like `fair`, near it, and with as many as possible as they are `given`.

    `loads` in the order of their turn.
    """
    places = [_place(grid, load, fair, given) for load in loads]
    ledger = ledger_with(grid, taken)
    for place in places:
        ledger.take(place.usage, place.has)
    _make_room(ledger, places)
    _use_up(ledger, places)
    return {place.load.key: place.has / 10 for place in places}


def _place(grid: Grid, load: Load, fair: Allotment, given: Mapping[Any, float]) -> _Place:
    now, share = tenths(given.get(load.key, 0.0)), tenths(fair[load.key])
    keeps = share > 0 and now >= tenths(load.minimum) and abs(now - share) <= _near(share)
    keeps = keeps and now <= max(tenths(load.most), tenths(load.minimum))
    return _Place(load, grid.usage(load.circuit, load.phases), share, now if keeps else share)


def _near(share: int) -> int:
    return max(tenths(NEAR_AMPERES), int(share * NEAR_PART))


def _make_room(ledger: Ledger, places: Sequence[_Place]) -> None:
    """Where a bound is broken, those who have most above their share give, as much as is fair, until it holds."""
    for place in sorted(places, key=lambda place: place.fair - place.has):
        room = ledger.room(place.usage)
        if room < 0 and place.has > 0:
            less = min(place.has - place.least, -room)
            ledger.take(place.usage, -less)
            place.has -= less


def _use_up(ledger: Ledger, places: Sequence[_Place]) -> None:
    """What nobody has goes to few, those who lack most first, until little is unused."""
    goal = sum(place.weight * place.fair for place in places) * (1 - UNUSED)
    sum_now = sum(place.weight * place.has for place in places)
    admitted = [place for place in places if place.fair > 0]
    for place in sorted(admitted, key=lambda place: place.has - place.reach):
        if sum_now >= goal:
            return
        more = min(place.reach - place.has, ledger.room(place.usage))
        if more > 0:
            ledger.take(place.usage, more)
            place.has += more
            sum_now += place.weight * more
    for place in sorted(admitted, key=lambda place: place.has - place.fair):
        if sum_now >= goal:
            return
        sum_now += _swap(ledger, place, places)


def _swap(ledger: Ledger, place: _Place, places: Sequence[_Place]) -> int:
    """Raise one to its share at the cost of those who have more than theirs; what is handed out more by that."""
    gained = 0
    for other in places:
        lacks = min(place.fair - place.has, place.fair - place.has - max(0, ledger.room(place.usage)))
        if lacks <= 0:
            break
        if other.has > other.fair:
            gained -= other.weight * (other.has - other.fair)
            ledger.take(other.usage, other.fair - other.has)
            other.has = other.fair
    more = min(place.fair - place.has, ledger.room(place.usage))
    if more > 0:
        ledger.take(place.usage, more)
        place.has += more
        gained += place.weight * more
    return gained
