"""Giving a schedule to connectors and stations: choosing them, seeing what results, and confirming."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from ocpp_server import clock
from ocpp_server.charging.profile import CHARGE_POINT_MAX, TX
from ocpp_server.models import ChargePoint, ChargingProfileTemplate
from ocpp_server.services.errors import Invalid
from ocpp_server.services.smart_charging import charging_profiles, charging_templates
from ocpp_server.services.smart_charging.charging_profiles import Spot
from ocpp_server.services.smart_charging.charging_templates import drawing_of
from portal import applying, charging, lists, previews, selection, site_precedence, yard
from portal.auth import role_required
from portal.charging import place_word
from portal.converters import row_id
from portal.htmx import page
from portal.locale import zone, zone_name
from portal.previews import Preview
from portal.views.charging import fetch
from portal.views.stations import SEARCHED
from portal.wording import said
from portal.yard import StationView

bp = Blueprint("charging_apply", __name__, url_prefix="/charging/templates/<int:template_id>")

#: So many composite schedules are shown before one confirms.
PREVIEWS = 4


@bp.get("/apply")
@role_required("operator")
def choose(template_id: int) -> Response:
    """Which connectors; `?q=` narrows the list."""
    template, text = fetch(template_id), request.args.get("q", "").strip()
    query = ChargePoint.select().where(ChargePoint.deleted_at.is_null()).order_by(ChargePoint.identity_key)
    if text:
        query = query.where(lists.mentions(SEARCHED, text))
    pages = lists.paginate(query)
    stations = {station.charge_point.id: station for station in yard.look_at(pages.rows)}
    found = site_precedence.by_connector(template, list(stations))
    return page(
        "charging/choose.html",
        "results",
        template=template,
        pages=pages,
        stations=list(stations.values()),
        sites=found,
        shared=site_precedence.together(found, [Spot(number, 0) for number in stations], stations),
        only_whole=template.purpose == CHARGE_POINT_MAX,
        q=text,
        purpose_word=charging.purpose_word,
    )


@bp.post("/confirm")
@role_required("operator")
def confirm(template_id: int) -> Response:
    """With real numbers, and what results on the first connectors."""
    template, spots = fetch(template_id), _chosen()
    if not spots:
        flash(_("Choose connectors or stations first."), "warning")
        return redirect(url_for("charging_apply.choose", template_id=template_id), 303)
    return _confirm(template, spots)


@bp.post("/apply")
@role_required("operator")
def apply(template_id: int) -> Response:
    template, spots = fetch(template_id), _chosen()
    profile = charging_templates.profile_of(template, clock.now())
    try:
        made = applying.apply(profile, spots, name=template.name, template_id=template_id, even_if_late=True)
    except Invalid as error:
        flash(said(error), "error")
        return redirect(url_for("charging_apply.choose", template_id=template_id), 303)
    return redirect(url_for("charging.application", application_id=made.id), 303)


def _chosen() -> list[Spot]:
    """From boxes named `spot` with `station:connector`, or from stations chosen in their list."""
    spots = [spot for text in request.form.getlist("spot") if (spot := _spot(text)) is not None]
    spots += [Spot(station.id, 0) for station in selection.chosen()]
    known = {row.id for row in ChargePoint.select(ChargePoint.id).where(ChargePoint.deleted_at.is_null())}
    return [spot for spot in dict.fromkeys(spots) if spot.charge_point_id in known][: selection.MOST]


def _spot(text: str) -> Spot | None:
    station, _colon, connector = text.partition(":")
    try:
        return Spot(row_id(station), min(row_id(connector), 2**31))
    except ValueError:
        return None


def _confirm(template: ChargingProfileTemplate, spots: list[Spot]) -> Response:
    ids = {spot.charge_point_id for spot in spots}
    rows = ChargePoint.select().where(ChargePoint.id.in_(list(ids))).order_by(ChargePoint.identity_key)
    stations = {station.charge_point.id: station for station in yard.look_at(list(rows))}
    found = site_precedence.by_connector(template, list(stations))
    sessions = [session for station in stations.values() for session in station.running if _concerns(spots, session)]
    return page(
        "charging/confirm.html",
        template=template,
        drawing=drawing_of(template),
        spots=spots,
        stations=stations,
        offline=sum(not station.online for station in stations.values()),
        sessions=sessions,
        stops_cars=charging.stops_cars(drawing_of(template)),
        late=[session for session in sessions if charging_profiles.may_be_over(session)],
        for_sessions=template.purpose == TX,
        sites=found,
        shared=site_precedence.together(found, spots, stations),
        previews=_previews(template, spots, stations),
        place_word=place_word,
        purpose_word=charging.purpose_word,
        steps_word=charging.steps_word,
        repeat_word=charging.repeat_word,
        zone_name=zone_name(),
    )


def _concerns(spots: list[Spot], session: object) -> bool:
    place = session.charge_point_id, session.connector_id  # type: ignore[attr-defined]
    return Spot(*place) in spots or Spot(place[0], 0) in spots


def _previews(template: ChargingProfileTemplate, spots: list[Spot], stations: dict[int, StationView]) -> list[Preview]:
    """The composites of the first places today; of a week's schedule, this week."""
    begin, end = charging.day_around(clock.now().astimezone(zone()))
    if template.repeat == "Weekly":
        begin -= timedelta(days=begin.weekday())
        end = begin + timedelta(days=7)
    return [previews.of_spot(template, spot, stations[spot.charge_point_id], begin, end) for spot in spots[:PREVIEWS]]
