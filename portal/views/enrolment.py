"""Tap-to-enrol: hold a new card to a station, and it is here."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from ocpp_server import clock, sessions
from ocpp_server.models import UnknownCard
from ocpp_server.services.card import id_tags
from portal.auth import role_required
from portal.enrolment import Enrolment, names_of, readers
from portal.htmx import page
from portal.locale import zone_name
from portal.views.stations import fetch

bp = Blueprint("enrolment", __name__)


@bp.get("/cards/enrol")
@role_required("operator")
def enrol() -> Response:
    """Begins by sending the browser to an address with the time; whoever reloads that goes on with the same window."""
    station_id, since = request.args.get("station", type=int), request.args.get("since", type=int)
    if since is None or not 0 <= since <= clock.to_ms(clock.now()):
        return redirect(url_for("enrolment.enrol", station=station_id, since=clock.to_ms(clock.now())))
    enrolment = Enrolment(clock.from_ms(since), None if station_id is None else fetch(station_id))
    cards = enrolment.unknown()
    return page(
        "cards/enrol.html",
        "enrolment",
        "others",
        enrolment=enrolment,
        cards=cards,
        card=_chosen(cards),
        known=enrolment.known(),
        stations=names_of(card.charge_point_id for card in cards),
        online=station_id is None or sessions.is_connected(station_id),
        any_online=bool(sessions.connected_ids()),
        again=url_for("enrolment.enrol", station=station_id),
        readers=readers(),
        groups=id_tags.groups(),
        zone_name=zone_name(),
    )


def _chosen(cards: list[UnknownCard]) -> UnknownCard | None:
    """The card that the address names, else the only one that was tapped."""
    wanted = request.args.get("card", "")
    for card in cards:
        if card.id_tag == wanted:
            return card
    return cards[0] if len(cards) == 1 else None
