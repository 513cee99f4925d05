"""How a site was shared over time: a row now and then, fewer of what is old."""

from collections.abc import Sequence

from ocpp_server import clock
from ocpp_server.services.site.site_sharing import Live
from ocpp_server.site.grid import VOLTAGE
from ocpp_server.store import Store, Unit

#: Seconds between two rows while cars charge, and while none does.
BUSY, IDLE = 10.0, 300.0
#: Rows of this age become one for each five minutes; of this age they go.
FINE_DAYS, KEPT_DAYS = 2, 400
_DAY_MS, COARSE_S = 24 * 3600 * 1000, 300
_COLUMNS = "site_id, at, span_s, limit_a, allotted_1, allotted_2, allotted_3, measured_1, measured_2, measured_3"
_INSERT = f"INSERT INTO site_sample ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_OLDEST = "SELECT min(at) FROM site_sample WHERE span_s = 10 AND at < ?"
#: Each peak is kept: what was nearly too much once is what one looks for later.
_PEAKS = (
    "SELECT site_id, min(at), 300, max(limit_a), max(allotted_1), max(allotted_2), max(allotted_3), max(measured_1),"
    " max(measured_2), max(measured_3) FROM site_sample WHERE span_s = 10 AND at >= ? AND at < ?"
    " GROUP BY site_id, at / 300000"
)
_REMOVE = "DELETE FROM site_sample WHERE span_s = 10 AND at >= ? AND at < ?"
_FORGET = "DELETE FROM site_sample WHERE span_s = 300 AND at < ?"
#: So much (ms) is made coarse in one step.
_STEP_MS = 6 * 3600 * 1000


def is_due(live: Live, now: float) -> bool:
    """Whether it is time for a row; `now` in s since 1970."""
    is_busy = any(member.session is not None for member in live.site.members.values())
    return now - live.sampled_at >= (BUSY if is_busy else IDLE)


def keep(unit: Unit, live: Live, now: float) -> None:
    """Write down how it is now."""
    drawn = measured(live, now)
    row = (live.id, round(now * 1000), 10, limit_of(live, drawn), *allotted(live, now), *drawn)
    unit.insert_later(_INSERT, row)
    unit.publish(f"site-{live.id}")


def limit_of(live: Live, drawn: Sequence[float]) -> float:
    """A that the fullest phase of the connection may carry, the reserve included; of a limit in W that is what the
    others leave."""
    root = next((circuit for circuit in live.site.circuits if circuit.parent is None), None)
    if root is None:
        return 0.0
    if root.limit_a is not None:
        return root.limit_a
    return max(0.0, (root.limit_w or 0.0) / VOLTAGE - (sum(drawn) - max(drawn)))


def allotted(live: Live, now: float) -> tuple[float, float, float]:
    """The most that all may draw by what they were told, A on each phase of the site."""
    sums = [0.0, 0.0, 0.0]
    for member in live.site.members.values():
        draw = member.possible(now)
        for phase in draw.phases:
            sums[phase] += draw.amperes
    return sums[0], sums[1], sums[2]


def measured(live: Live, now: float) -> tuple[float, float, float]:
    """What the meters of all say, A on each phase of the site."""
    sums = [0.0, 0.0, 0.0]
    for member in live.site.members.values():
        session = member.session
        if session is not None and session.currents is not None and session.measured(now) is not None:
            for phase, amperes in zip(member.phases, session.currents, strict=False):
                sums[phase] += amperes
    return sums[0], sums[1], sums[2]


def reduce(unit: Unit) -> bool:
    """Make a part of what is old coarser; whether there may be more."""
    now = clock.to_ms(clock.now())
    unit.execute(_FORGET, now - KEPT_DAYS * _DAY_MS)
    before = now - FINE_DAYS * _DAY_MS
    (oldest,) = unit.one(_OLDEST, before) or (None,)
    if oldest is None:
        return False
    start = oldest // (COARSE_S * 1000) * COARSE_S * 1000
    end = min(before // (COARSE_S * 1000) * COARSE_S * 1000, start + _STEP_MS)
    if end <= start:
        return False
    for row in unit.all(_PEAKS, start, end):
        unit.insert_later(_INSERT, tuple(row))
    unit.execute(_REMOVE, start, end)
    return True


def since(store: Store, site_id: int, at: int, most: int = 20_000) -> list[tuple]:
    """The rows from then on (ms since 1970), oldest first: at, limit, three allotted, three measured."""
    columns = "at, limit_a, allotted_1, allotted_2, allotted_3, measured_1, measured_2, measured_3"
    sql = f"SELECT {columns} FROM site_sample WHERE site_id = ? AND at >= ? ORDER BY at LIMIT ?"  # noqa: S608
    return store.query(sql, site_id, at, most)
