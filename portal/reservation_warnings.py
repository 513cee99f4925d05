"""What may get in the way of a reservation: told before it is saved, and never a reason to forbid it."""

from flask_babel import gettext as _
from flask_babel import ngettext
from peewee import fn

from ocpp_server import clock, sessions
from ocpp_server.models import ChargePoint, ConfigurationKey, Connector, Transaction
from ocpp_server.services.card import id_tags
from ocpp_server.services.reservation import reservation_search
from ocpp_server.services.reservation.reservations import Wish
from portal import formats, reservations, states

_SHOWN = 3
_KEYS = ("reserveconnectorzerosupported", "supportedfeatureprofiles")


def of(charge_point: ChargePoint, wish: Wish, *, without: int | None = None) -> list[str]:
    """Everything worth saying, in sentences; `without` is the row that is being changed."""
    return [
        *_overlaps(charge_point, wish, without),
        *_place(charge_point, wish),
        *_abilities(charge_point, wish),
        *_card(wish),
    ]


def _overlaps(charge_point: ChargePoint, wish: Wish, without: int | None) -> list[str]:
    start = wish.starts_at or clock.now()
    found = reservation_search.overlapping(charge_point.id, wish.connector_id, start, wish.expiry_date, without=without)
    names = reservations.labels(found)
    lines = [
        _(
            "It overlaps with a reservation for %(card)s: %(place)s, %(start)s to %(end)s.",
            card=names.get(row.id_tag_key, row.id_tag),
            place=reservations.place(row.connector_id),
            start=formats.plain(row.starts_at),
            end=formats.plain(row.expiry_date),
        )
        for row in found[:_SHOWN]
    ]
    more = len(found) - _SHOWN
    return lines + ([ngettext("And with %(num)d more.", "And with %(num)d more.", more)] if more > 0 else [])


def _place(charge_point: ChargePoint, wish: Wish) -> list[str]:
    """What is known of the connector now; for a later time that says little."""
    lines = []
    query = Connector.select().where(Connector.charge_point == charge_point.id)
    rows = {row.connector_id: row for row in query}
    if wish.connector_id and rows and wish.connector_id not in rows:
        lines.append(_("The station has never reported a connector %(number)s.", number=wish.connector_id))
    if wish.starts_at is not None:
        return lines
    if not sessions.is_connected(charge_point.id):
        lines.append(_("The station is offline. It is asked as soon as it is back, until the reservation is over."))
    row = rows.get(wish.connector_id)
    if _is_charging(charge_point, wish.connector_id):
        lines.append(_("A session is running there, so the station will probably refuse."))
    elif row is not None and row.status not in ("Available", "Reserved"):
        lines.append(_("It is %(state)s now, so the station may refuse.", state=states.state_word(row.status).lower()))
    return lines


def _is_charging(charge_point: ChargePoint, connector_id: int) -> bool:
    query = Transaction.select().where(
        Transaction.charge_point == charge_point.id,
        Transaction.connector_id == connector_id,
        Transaction.stopped_at.is_null(),
    )
    return query.exists()


def _abilities(charge_point: ChargePoint, wish: Wish) -> list[str]:
    """What the station's configuration says, where that was read (section 9.3.1)."""
    query = ConfigurationKey.select().where(
        ConfigurationKey.charge_point == charge_point.id, fn.LOWER(ConfigurationKey.key).in_(_KEYS)
    )
    known = {row.key.lower(): (row.value or "") if row.known else "" for row in query}
    profiles = known.get("supportedfeatureprofiles")
    if profiles and "reservation" not in profiles.lower():
        return [_("The station does not list reservations among the features that it supports.")]
    if wish.connector_id == 0 and known.get("reserveconnectorzerosupported", "").strip().lower() != "true":
        return [
            _("It is not known that the station can hold any of its connectors; most want one connector to be named.")
        ]
    return []


def _card(wish: Wish) -> list[str]:
    card = id_tags.find(wish.id_tag)
    if card is None:
        return [_("The card %(card)s is not known here, so it could not charge.", card=wish.id_tag)]
    if card.status == id_tags.BLOCKED:
        return [_("The card %(card)s is blocked, so it could not charge.", card=wish.id_tag)]
    if card.expiry_date is not None and card.expiry_date <= (wish.starts_at or clock.now()):
        return [_("The card %(card)s has expired by then, so it could not charge.", card=wish.id_tag)]
    return []
