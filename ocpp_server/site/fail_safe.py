"""What each connector falls back to without Chargeyard, so that all together hold. Pure."""

from collections.abc import Mapping, Sequence

from ocpp_server.site.allocation import Draw, Load, allocate
from ocpp_server.site.grid import Grid
from ocpp_server.site.member import Key, Member

#: A connector that has to be taken as it is: whether it may be asked at all, and to what it falls.
Fixed = tuple[Key, bool, float]


def plan(grid: Grid, members: Mapping[Key, Member]) -> None:
    """Share the connection among all connectors, as if each had a car and nobody were there to share it.

    Who has more than its share and cannot be told so at the moment keeps it, and the others get less.
    """
    in_order = sorted(members.values(), key=lambda m: (m.can_pause and m.can_step, -m.priority, m.key))
    for member in in_order:
        member.fail_safe = member.maximum
    kept = {m.key: Draw(m.circuit, m.phases, m.maximum) for m in in_order if not m.may_be_asked}
    _share(grid, in_order, kept)
    unreachable = [member for member in in_order if member.may_be_asked and member.is_out_of_reach]
    while stuck := [m for m in unreachable if m.key not in kept and m.falls_to > m.fail_safe]:
        kept |= {m.key: Draw(m.circuit, m.phases, m.falls_to) for m in stuck}
        _share(grid, in_order, kept)


def out_of_reach(members: Mapping[Key, Member]) -> list[Fixed]:
    """Who has to be taken as it is: a plan holds for as long as this is the same."""
    return [(m.key, m.may_be_asked, m.falls_to) for m in members.values() if not m.may_be_asked or m.is_out_of_reach]


def _share(grid: Grid, in_order: Sequence[Member], kept: Mapping[Key, Draw]) -> None:
    others = [member for member in in_order if member.key not in kept]
    loads = [Load(m.key, m.circuit, m.phases, m.smallest_of_any, m.maximum) for m in others]
    shares = allocate(grid, loads, kept.values())
    for member in others:
        member.fail_safe = shares[member.key]
