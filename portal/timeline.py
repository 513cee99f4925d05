"""The yard's reservations as a picture: a row for each connector, time from left to right.

Positions and widths are per cent of the row, so that the picture fits any width without a script; heights are pixels.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from babel.dates import format_date
from flask_babel import get_locale
from peewee import ModelSelect

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Connector, Reservation, Transaction
from ocpp_server.services.reservation import reservation_search
from portal import local_times
from portal.locale import zone

DAYS = {"day": 1, "week": 7}
LANE, BAR = 28, 22
_HOURS_APART = 3


@dataclass(frozen=True)
class Span:
    """Something with a beginning and an end, where it stands in the row."""

    left: float
    width: float
    #: The reservation or session.
    what: Reservation | Transaction
    lane: int = 0

    @property
    def top(self) -> int:
        return self.lane * LANE + (LANE - BAR) // 2


@dataclass(frozen=True)
class Row:
    """One connector; 0 is any of the station."""

    connector_id: int
    spans: list[Span]
    sessions: list[Span]

    @property
    def height(self) -> int:
        return LANE * (1 + max((span.lane for span in self.spans), default=0))


@dataclass(frozen=True)
class Tick:
    """A line with what is written at it; nothing is written at some."""

    left: float
    label: str = ""


@dataclass(frozen=True)
class Window:
    """What part of time is shown: whole days in the viewer's zone."""

    view: str
    day: date
    start: datetime
    end: datetime

    def left_of(self, moment: datetime) -> float:
        """Where a moment stands, in per cent; outside of the window at its edge."""
        share = (moment - self.start) / (self.end - self.start)
        return round(100 * min(1.0, max(0.0, share)), 3)

    def span(self, start: datetime, end: datetime, what: Reservation | Transaction) -> Span:
        left, right = self.left_of(start), self.left_of(end)
        return Span(left, round(max(right - left, 0.3), 3), what)

    @property
    def now(self) -> float | None:
        """Where now is, if it is in the window."""
        moment = clock.now()
        return self.left_of(moment) if self.start <= moment < self.end else None

    @property
    def earlier(self) -> str:
        return (self.day - timedelta(days=DAYS[self.view])).isoformat()

    @property
    def later(self) -> str:
        return (self.day + timedelta(days=DAYS[self.view])).isoformat()

    @property
    def title(self) -> str:
        """The day, or the first and the last."""
        first = format_date(self.day, "EEEE, d MMMM y", locale=get_locale())
        if self.view == "day":
            return first
        last = format_date(self.day + timedelta(days=6), "d MMMM y", locale=get_locale())
        return f"{format_date(self.day, 'd MMMM', locale=get_locale())} – {last}"

    def ticks(self) -> list[Tick]:
        """Each day of a week, each hour of a day with every third named. A day may have 23 or 25 hours."""
        if self.view == "week":
            return [
                Tick(self.left_of(begin), format_date(self.day + timedelta(days=number), "EEE d", locale=get_locale()))
                for number in range(7)
                if (begin := local_times.start_of(self.day, number)) is not None
            ]
        ticks, moment = [], self.start
        while moment < self.end:
            hour = moment.astimezone(zone()).hour
            label = f"{hour:02d}:00" if hour % _HOURS_APART == 0 else ""
            ticks.append(Tick(self.left_of(moment), label))
            moment += timedelta(hours=1)
        return ticks


@dataclass(frozen=True)
class Picture:
    """Stations with their rows, in a window."""

    window: Window
    stations: list[tuple[ChargePoint, list[Row]]]
    #: Everything in it, by when it begins: the same as a list.
    reservations: list[Reservation] = field(default_factory=list)


def window(view: str, day: date | None) -> Window:
    """The day or week that an address names; today, and the week from today on, where it names none."""
    view = view if view in DAYS else "day"
    today = clock.now().astimezone(zone()).date()
    for chosen in (day, today):
        start, end = local_times.start_of(chosen), local_times.start_of(chosen, DAYS[view])
        if chosen is not None and start is not None and end is not None:
            return Window(view, chosen, start, end)
    raise ValueError("today is out of range")


def stations(shown: Window, charge_point_id: int | None) -> "ModelSelect[ChargePoint]":
    """The stations of the picture, those with a reservation in it first."""
    query = ChargePoint.select().where(ChargePoint.deleted_at.is_null())
    if charge_point_id is not None:
        query = query.where(ChargePoint.id == charge_point_id)
    busy = ChargePoint.id.in_(list(reservation_search.stations_between(shown.start, shown.end)))
    return query.order_by(busy.desc(), ChargePoint.identity_key)


def draw(shown: Window, charge_points: Sequence[ChargePoint]) -> Picture:
    """The picture of these stations, in a few queries however many they are."""
    ids = [point.id for point in charge_points]
    reservations = reservation_search.between(shown.start, shown.end, ids)
    connectors: dict[int, set[int]] = defaultdict(set)
    known = Connector.select(Connector.charge_point, Connector.connector_id).where(
        Connector.charge_point.in_(ids), Connector.connector_id > 0
    )
    for one in known:
        connectors[one.charge_point_id].add(one.connector_id)  # type: ignore[attr-defined]
    held = _by_place(reservations)
    sessions = _by_place(_sessions(shown, ids))
    for charge_point_id, connector_id in (*held, *sessions):
        connectors[charge_point_id].add(connector_id)
    rows = [
        (
            point,
            [
                _row(shown, number, held[(point.id, number)], sessions[(point.id, number)])
                for number in sorted(connectors[point.id])
            ],
        )
        for point in charge_points
    ]
    return Picture(shown, rows, reservations)


def over_at(row: Reservation) -> datetime:
    """When it was over, or will be."""
    return min(row.ended_at or row.expiry_date, row.expiry_date)


def _sessions(shown: Window, ids: Sequence[int]) -> list[Transaction]:
    """What runs, began, ended or went on in the picture, each by its own index: a station's history is long."""
    row, start, end = Transaction, clock.to_ms(shown.start), clock.to_ms(shown.end)
    here, of_these = row.charge_point.in_(list(ids)), (row.charge_point + 0).in_(list(ids))
    ways = (
        (here, row.stopped_at.is_null(), row.started_at + 0 < end),
        (here, row.stopped_at.is_null(False), row.started_at >= start, row.started_at < end),
        (of_these, row.stopped_at > start, row.stopped_at <= end, row.started_at + 0 < start),
        # Longer than the picture, of which there are few.
        (of_these, row.stopped_at - row.started_at > end - start, row.stopped_at + 0 > end, row.started_at + 0 < start),
    )
    drawn = row.select(row.id, row.charge_point, row.connector_id, row.started_at, row.stopped_at)
    found = [session for way in ways for session in drawn.where(*way).limit(2000)]
    return sorted(found, key=lambda session: session.started_at)


def _by_place(rows: Iterable) -> dict[tuple[int, int], list]:
    found: dict[tuple[int, int], list] = defaultdict(list)
    for row in rows:
        found[(row.charge_point_id, row.connector_id)].append(row)
    return found


def _row(shown: Window, number: int, held: list[Reservation], sessions: list[Transaction]) -> Row:
    now = clock.now()
    drawn = [shown.span(row.started_at, row.stopped_at or now, row) for row in sessions]
    return Row(number, _in_lanes(shown, held), drawn)


def _in_lanes(shown: Window, held: list[Reservation]) -> list[Span]:
    """What overlaps stands below each other."""
    ends: list[datetime] = []
    spans = []
    for row in held:
        start, end = row.starts_at, over_at(row)
        lane = next((number for number, last in enumerate(ends) if last <= start), len(ends))
        ends[lane : lane + 1] = [max(end, start + (shown.end - shown.start) / 200)]
        span = shown.span(start, end, row)
        spans.append(Span(span.left, span.width, row, lane))
    return spans
