"""Tap-to-enrol: which cards were held to which stations in a window of time.

Nothing is kept for it: the window's beginning and its station are in the address of the page.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _

from ocpp_server import clock, sessions, stations
from ocpp_server.models import ChargePoint, IdTag, UnknownCard
from ocpp_server.models.charge_points import ACCEPTED
from ocpp_server.services.card import id_tags, unknown_cards

WINDOW = timedelta(seconds=60)


@dataclass(frozen=True)
class Tap:
    """A known card that was tapped meanwhile, where and when."""

    card: IdTag
    station: ChargePoint | None
    at: datetime


@dataclass(frozen=True)
class Tapped:
    """An unknown card with the station that it was last held to."""

    card: UnknownCard
    station: ChargePoint | None

    @classmethod
    def of(cls, card: UnknownCard) -> "Tapped":
        """Needs a connection."""
        return cls(card, next(iter(names_of([card.charge_point_id]).values()), None))


@dataclass(frozen=True)
class Enrolment:
    """One attempt to enrol a card by tapping it; `station` is None where any will do."""

    since: datetime
    station: ChargePoint | None

    @property
    def until(self) -> datetime:
        return self.since + WINDOW

    @property
    def seconds_left(self) -> int:
        return max(0, math.ceil((self.until - clock.now()).total_seconds()))

    def unknown(self) -> list[UnknownCard]:
        """The unknown cards tapped in the window, the first one first. Needs a connection."""
        station_id = None if self.station is None else self.station.id
        return list(unknown_cards.tapped_between(self.since, self.until, station_id).limit(10))

    def known(self) -> list[Tap]:
        """The known cards tapped in the window. Needs a connection."""
        until = clock.to_ms(self.until)
        taps = [
            tap for tap in stations.taps_since(clock.to_ms(self.since)) if tap[2] <= until and self._is_here(tap[0])
        ]
        cards = id_tags.find_all(id_tag for _station, id_tag, _at in taps)
        found = [(cards.get(id_tags.key(id_tag)), station_id, at) for station_id, id_tag, at in taps]
        named = names_of(station_id for _card, station_id, _at in found)
        return [Tap(card, named.get(station_id), clock.from_ms(at)) for card, station_id, at in found if card]

    def _is_here(self, station_id: int) -> bool:
        return self.station is None or self.station.id == station_id


def names_of(station_ids: Iterable[int | None]) -> dict[int | None, ChargePoint]:
    """These stations by their id, in one query. Needs a connection."""
    wanted = set(station_ids)
    return {row.id: row for row in ChargePoint.select().where(ChargePoint.id.in_(wanted))} if wanted else {}


def readers() -> list[tuple[str, str]]:
    """The stations that a card can be tapped at, for a choice; those online first. Needs a connection."""
    usable = ChargePoint.select().where(ChargePoint.deleted_at.is_null(), ChargePoint.registration == ACCEPTED)
    online = sessions.connected_ids()
    rows = sorted(usable, key=lambda row: (row.id not in online, row.name.casefold()))
    labels = [row.name if row.id in online else _("%(name)s (offline)", name=row.name) for row in rows]
    return [("", _("Any station")), *((str(row.id), label) for row, label in zip(rows, labels, strict=True))]
