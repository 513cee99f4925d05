"""Who may draw how much: from circuits and wishes to amperes. Pure, deterministic.

A car charges with its minimum current or more, or not at all: below 6 A it stops (IEC 61851). So first as many as
fit get their minimum, in the order of their turn, then what is left is shared: the one who has least comes first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ocpp_server.site.filling import Share, fill
from ocpp_server.site.grid import Grid, Ledger, tenths, tenths_up

#: Fairness may leave this share of the connection unused, as phases are never loaded alike; beyond it, cars on all
#: phases are filled first, since one ampere of theirs is three.
WASTE = 0.005
#: How finely that lead is looked for, in tenths of an ampere.
_LEAD_STEP = 5


@dataclass(frozen=True, slots=True)
class Load:
    """What hangs on a circuit and can be given a limit. Amperes per phase; phases of the site, counted from 0.

    `tier`: those of a higher one are filled before all others.
    """

    key: Any
    circuit: int
    phases: tuple[int, ...]
    minimum: float = 6.0
    most: float = 32.0
    tier: int = 0


@dataclass(frozen=True, slots=True)
class Draw:
    """What is taken and cannot be changed."""

    circuit: int
    phases: tuple[int, ...]
    amperes: float


Allotment = dict[Any, float]


def allocate(grid: Grid, loads: Sequence[Load], taken: Iterable[Draw] = ()) -> Allotment:
    """Amperes for each load, 0 where it pauses. `loads` in the order of their turn: the first are admitted first."""
    ledger = ledger_with(grid, taken)
    shares = _admit(grid, ledger, loads)
    for tier in sorted({load.tier for load in loads}, reverse=True):
        _share_out(grid, ledger, [(load, shares[load.key]) for load in loads if load.tier == tier])
    return {load.key: shares[load.key].has / 10 for load in loads}


def ledger_with(grid: Grid, taken: Iterable[Draw]) -> Ledger:
    """What is left once these have taken theirs; never less than nothing."""
    ledger = grid.ledger()
    for draw in taken:
        ledger.take(grid.usage(draw.circuit, draw.phases), tenths_up(draw.amperes))
    ledger.left = [max(0, left) for left in ledger.left]
    return ledger


def _admit(grid: Grid, ledger: Ledger, loads: Iterable[Load]) -> dict[Any, Share]:
    """Each in its turn gets its minimum, if that still fits; a smaller one behind it may fit where it does not."""
    shares = {}
    for load in loads:
        usage, minimum = grid.usage(load.circuit, load.phases), tenths_up(load.minimum)
        fits = load.most > 0 and minimum <= ledger.room(usage)
        if fits:
            ledger.take(usage, minimum)
        share = Share(usage, minimum if fits else 0, max(minimum, tenths(load.most)) if fits else 0)
        shares[load.key] = share
    return shares


def _share_out(grid: Grid, ledger: Ledger, group: list[tuple[Load, Share]]) -> None:
    """Fairly, as long as that wastes no more than `WASTE`; else with the lead for cars on many phases that is needed.

    Where phases are loaded unequally, a car on one full phase holds back those on three.
    """
    before = ledger.left.copy()
    starts = [share.has for _, share in group]
    fill(ledger, [share for _, share in group])
    fair = _handed_out(group)
    fair_result = ledger.left.copy(), [share.has for _, share in group]
    if len({len(load.phases) for load, _ in group}) < 2:
        return

    def again(lead: int) -> int:
        ledger.left = before.copy()
        for (_, share), start in zip(group, starts, strict=True):
            share.has = start
        _fill_with_lead(ledger, group, lead)
        return _handed_out(group)

    enough = int(again(10**6) * (1 - WASTE))
    if fair >= enough:
        ledger.left = fair_result[0]
        for (_, share), has in zip(group, fair_result[1], strict=True):
            share.has = has
        return
    low, high = 0, max(share.most for _, share in group)
    while high - low > _LEAD_STEP:
        middle = (low + high) // 2
        low, high = (low, middle) if again(middle) >= enough else (middle, high)
    again(high)


def _fill_with_lead(ledger: Ledger, group: list[tuple[Load, Share]], lead: int) -> None:
    """Those on most phases get this much (tenths) before the others are raised beyond what they have."""
    many = max(len(load.phases) for load, _ in group)
    first = [share for load, share in group if len(load.phases) == many]
    most = [share.most for share in first]
    for share in first:
        share.most = min(share.most, max(share.has, share.has + lead))
    fill(ledger, first)
    for share, top in zip(first, most, strict=True):
        share.most = top
    fill(ledger, [share for _, share in group])


def _handed_out(group: Iterable[tuple[Load, Share]]) -> int:
    """In tenths of an ampere, over all phases: what power is measured by."""
    return sum(len(load.phases) * share.has for load, share in group)
