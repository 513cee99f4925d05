"""Reservations in an operator's words: how they stand, what happened to them, and what a form says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from ocpp_server import clock
from ocpp_server.models import Reservation, ReservationEvent
from ocpp_server.models.reservations import (
    ACTIVE,
    CANCELLED,
    ENDED,
    EXPIRED,
    LIVE,
    MISSED,
    OFFLINE,
    PLANNED,
    REFUSED,
    SENDING,
    USED,
)
from ocpp_server.services.card import id_tags
from ocpp_server.services.errors import Invalid
from ocpp_server.services.reservation.reservation_answers import NO_ANSWER, UNKNOWN
from ocpp_server.services.reservation.reservations import Wish
from portal import local_times, outcomes
from portal.operation import meaning

_LOOKS = {
    PLANNED: ("blue", "clock"),
    SENDING: ("primary", "send"),
    ACTIVE: ("purple", "bookmark"),
    USED: ("green", "bolt"),
    EXPIRED: ("secondary", "clock-x"),
    CANCELLED: ("secondary", "x"),
    REFUSED: ("red", "circle-x"),
    ENDED: ("yellow", "alert-triangle"),
    MISSED: ("red", "plug-connected-x"),
}


@dataclass(frozen=True)
class Look:
    """How a reservation stands: colour, icon and word."""

    colour: str
    icon: str
    word: str


def look(row: Reservation) -> Look:
    """The same on every page."""
    word = state_words()[row.state]
    if row.cancel_asked_at is not None and row.state in LIVE:
        return Look("secondary", "hourglass", _("Being cancelled"))
    if row.state == PLANNED and row.status == OFFLINE:
        return Look("yellow", "wifi-off", _("Waits for the station"))
    return Look(*_LOOKS[row.state], word)


def state_words() -> dict[str, str]:
    return {
        PLANNED: _("Planned"),
        SENDING: _("Being sent"),
        ACTIVE: _("Active"),
        USED: _("Used"),
        EXPIRED: _("Expired"),
        CANCELLED: _("Cancelled"),
        REFUSED: _("Refused"),
        ENDED: _("Ended early"),
        MISSED: _("Missed"),
    }


def explain(row: Reservation) -> str:
    """What it means, and what to do where something is to be done."""
    if row.cancel_asked_at is not None and row.state in LIVE:
        return _("The station is asked to give it up. Until it has agreed, the connector stays held.")
    if row.state == REFUSED:
        return _refusal(row.status)
    if row.state == ENDED:
        return _early_end(row.status)
    if row.state == PLANNED and row.status == OFFLINE:
        return _(
            "Its time has come, but the station is not connected. It is sent as soon as the station is back, until the"
            " reservation is over."
        )
    if row.state == SENDING and row.next_attempt_at is not None:
        return _("The station did not answer. It is asked again soon; asking twice does no harm.")
    sentences = {
        PLANNED: _("It is sent to the station at its time. Until then anybody may charge there."),
        SENDING: _("The station is asked to hold the connector."),
        ACTIVE: _("The station holds the connector for this card."),
        USED: _("A session began with it."),
        EXPIRED: _("Nobody came. The connector is free again."),
        CANCELLED: _("It was taken back."),
        MISSED: _("The station could not be asked before the time was over, so nothing was held."),
    }
    return sentences[row.state]


def _refusal(word: str) -> str:
    if word == NO_ANSWER:
        return _("The station did not answer, several times. It may hold the connector all the same.")
    return str(meaning("ReserveNow", word)) or outcomes.error_meaning(word)


def _early_end(word: str) -> str:
    if word == UNKNOWN:
        return _("When it was to be cancelled, the station said that it knows no such reservation.")
    if word == "Available":
        return _("The station gave the connector free before the time was over. It may have restarted.")
    return _("The connector went out of order or out of service, which ends a reservation.")


def event_words(event: ReservationEvent) -> str:
    """One line of its history."""
    words = {
        "made": _("Made"),
        "changed": _("Changed before it was sent"),
        "asked": _("The station was asked to hold it"),
        "waits": _("Its time has come, but the station is not connected"),
        "accepted": _("The station accepted it"),
        "replaced": _("The station accepted the change"),
        "held": _("The station reports the connector as reserved"),
        "no_answer": _("No answer came; it is asked again"),
        "change_asked": _("The station was asked for a change"),
        "change_refused": _("The station did not accept the change; it stays as it was"),
        "cancel_asked": _("The station was asked to give it up"),
        "cancel_refused": _("The station did not give it up, and still reports the connector as reserved"),
        "cancel_failed": _("No usable answer to the cancelling; the connector stays held"),
        USED: _("A session began with it"),
        EXPIRED: _("Its time was over"),
        MISSED: _("Its time was over before the station could be asked"),
        CANCELLED: _("Cancelled"),
        REFUSED: _("The station refused it"),
        ENDED: _("Ended before its time"),
    }
    return words.get(event.kind, event.kind)


def place(connector_id: int) -> str:
    """`Connector 2`, or for 0 what that means."""
    return _("Connector %(number)s", number=connector_id) if connector_id else _("Any connector")


def labels(rows: Iterable[Reservation]) -> dict[str, str]:
    """What people call the cards of these, by key: one query."""
    found = id_tags.find_all(row.id_tag for row in rows)
    return {key: card.label for key, card in found.items() if card.label}


def read(values: Mapping[str, str]) -> tuple[int, Wish]:
    """Station and wish of a form. Raises Invalid."""
    station, _colon, connector = values.get("place", "").partition(":")
    if not (station.isascii() and station.isdecimal() and connector.isascii() and connector.isdecimal()):
        raise Invalid("place", "Choose what is to be held.")
    expiry_date = _moment(values, "expiry_date")
    if expiry_date is None:
        raise Invalid("expiry_date", "Say until when it is to be held.")
    wish = Wish(
        connector_id=int(connector[:12]),
        id_tag=values.get("id_tag", ""),
        expiry_date=expiry_date,
        starts_at=_future(_moment(values, "starts_at")),
        for_group="for_group" in values,
    )
    return int(station[:18]), wish


def typed(row: Reservation) -> dict[str, str]:
    """The form that makes this reservation."""
    values = {
        "place": f"{row.charge_point_id}:{row.connector_id}",  # type: ignore[attr-defined]
        "id_tag": row.id_tag,
        "starts_at": local_times.moment_to(row.starts_at) if row.starts_at > clock.now() else "",
        "expiry_date": local_times.moment_to(row.expiry_date),
    }
    return values | ({"for_group": "1"} if row.parent_id_tag else {})


def _moment(values: Mapping[str, str], name: str) -> datetime | None:
    try:
        return local_times.moment_from(values.get(name, "").strip())
    except ValueError:
        raise Invalid(name, "This is not a date and time.") from None


def _future(moment: datetime | None) -> datetime | None:
    """A beginning that has passed means now."""
    return moment if moment is not None and moment > clock.now() else None
