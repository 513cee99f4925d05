"""Links under which a calendar program reads the reservations of a station, or of a card.

A link holds 32 random bytes; only its hash is kept, so it is shown once. Whoever has it needs no log-in, until it is
revoked or made anew.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from peewee import ModelSelect

from ocpp_server import clock
from ocpp_server.models import CalendarFeed, ChargePoint, Reservation
from ocpp_server.services.card import id_tags
from ocpp_server.services.errors import Invalid
from ocpp_server.services.reservation import reservation_search
from ocpp_server.services.reservation.reservation_search import Filter
from ocpp_server.store import Unit

#: How much of the past a calendar holds, and how coarsely its last use is noted.
PAST = timedelta(days=90)
NOTED_EVERY = timedelta(hours=1)
_MOST = 2000


def add(unit: Unit, *, charge_point_id: int | None = None, id_tag: str = "", by: str) -> tuple[CalendarFeed, str]:
    """A new link: its row, and its text, which nobody can read again. Raises Invalid."""
    id_tag = id_tag.strip()
    if charge_point_id is None and not id_tag:
        raise Invalid("of", "Choose a station or a card.")
    if charge_point_id is None and id_tags.find(id_tag) is None:
        raise Invalid("id_tag", "There is no such card.")
    text = secrets.token_urlsafe(32)
    feed = CalendarFeed.create(
        token_hash=_hash(text),
        charge_point=charge_point_id,
        id_tag="" if charge_point_id is not None else id_tag,
        created_by=by[:255],
        created_at=clock.now(),
    )
    return feed, text


def renew(unit: Unit, feed_id: int) -> tuple[CalendarFeed, str]:
    """Another link in place of the old one, which opens nothing from then on."""
    feed, text = CalendarFeed.get_by_id(feed_id), secrets.token_urlsafe(32)
    feed.token_hash, feed.last_used_at = _hash(text), None
    feed.save()
    return feed, text


def revoke(unit: Unit, feed_id: int) -> None:
    """From the next request on it opens nothing."""
    CalendarFeed.delete_by_id(feed_id)


def find(text: str) -> CalendarFeed | None:
    """The calendar of this link; that of a deleted station is none. Needs a connection."""
    feed = everything().where(CalendarFeed.token_hash == _hash(text)).first()
    return None if feed is None or (feed.charge_point and feed.charge_point.deleted_at) else feed


def everything() -> "ModelSelect[Any]":
    """All of them with their stations, the newest first. Needs a connection."""
    query = CalendarFeed.select(CalendarFeed, ChargePoint).left_outer_join(ChargePoint)
    return query.order_by(CalendarFeed.id.desc())


def name(feed: CalendarFeed) -> str:
    """What it is a calendar of."""
    return feed.charge_point.name if feed.charge_point else feed.id_tag


def entries(feed: CalendarFeed) -> list[Reservation]:
    """What the calendar holds, the oldest first. Needs a connection."""
    wanted = Filter(
        charge_point_id=feed.charge_point.id if feed.charge_point else None,
        id_tag=feed.id_tag,
        since=clock.now() - PAST,
    )
    query = reservation_search.search(wanted).order_by(Reservation.expiry_date.desc(), Reservation.id.desc())
    return list(reversed(query.limit(_MOST)))


def is_noted(feed: CalendarFeed) -> bool:
    """Whether its last use is on record closely enough."""
    return feed.last_used_at is not None and clock.now() - feed.last_used_at < NOTED_EVERY


def used(unit: Unit, feed_id: int) -> None:
    """Note that it was read just now."""
    CalendarFeed.update(last_used_at=clock.now()).where(CalendarFeed.id == feed_id).execute()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
