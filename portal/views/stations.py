"""The stations: finding them, adding, changing and deleting them, and one station in full."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from peewee import ModelSelect
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, Connector, Transaction
from ocpp_server.services.card import id_tags
from ocpp_server.services.errors import Invalid
from ocpp_server.services.reservation import reservation_search
from ocpp_server.services.station import charge_points, muteness
from portal import actions, audit, lists, reservations, yard
from portal.addresses import station_address
from portal.auth import role_required
from portal.context import settings
from portal.htmx import page
from portal.navigation import Nav, StationTab
from portal.wording import at_field

bp = Blueprint("stations", __name__, url_prefix="/stations")
nav = Nav(lazy_gettext("Stations"), "charging-pile", 20, "stations.index")
station_tab = StationTab(lazy_gettext("Station"), "charging-pile", 10, "stations.show")

COLUMNS = {
    "identity": ChargePoint.identity_key,
    "label": ChargePoint.label,
    "location": ChargePoint.location,
    "seen": ChargePoint.last_seen_at,
}
SEARCHED = (ChargePoint.identity, ChargePoint.label, ChargePoint.location, ChargePoint.vendor, ChargePoint.model)
RECENT = 10
#: Whether a station must name its OCPP version, as the form says it; nothing leaves it to the setting.
STRICTNESS = {"yes": True, "no": False}


@bp.get("")
def index() -> Response:
    query = lists.order(matching(request.args), COLUMNS, "identity", ChargePoint.id)
    pages = lists.paginate(query)
    return page(
        "stations/index.html",
        "results",
        pages=pages,
        stations=yard.look_at(pages.rows),
        sort=lists.chosen_sort(COLUMNS, "identity"),
        q=request.args.get("q", ""),
        state=request.args.get("state", ""),
        registration=request.args.get("registration", ""),
        any_station=pages.total > 0 or ChargePoint.select().where(ChargePoint.deleted_at.is_null()).exists(),
        template=request.args.get("template", ""),
        **actions.on_list(),
    )


def matching(arguments: Mapping[str, str]) -> "ModelSelect[ChargePoint]":
    """The stations that the search and filters of an address leave."""
    query = ChargePoint.select().where(ChargePoint.deleted_at.is_null())
    text = arguments.get("q", "").strip()
    if text:
        query = query.where(lists.mentions(SEARCHED, text))
    if arguments.get("registration") in charge_points.REGISTRATIONS:
        query = query.where(ChargePoint.registration == arguments["registration"])
    return _in_state(query, arguments.get("state", ""))


def _in_state(query: "ModelSelect[ChargePoint]", state: str) -> "ModelSelect[ChargePoint]":
    connected = ChargePoint.id.in_(list(sessions.connected_ids()))
    if state == "online":
        return query.where(connected)
    if state == "offline":
        return query.where(~connected)
    if state == "never":
        return query.where(ChargePoint.last_seen_at.is_null(), ~connected)
    if state == "charging":
        running = Transaction.select(Transaction.charge_point).where(Transaction.stopped_at.is_null())
        return query.where(ChargePoint.id.in_(running))
    if state == "faulted":
        faulted = Connector.select(Connector.charge_point).where(Connector.status == "Faulted")
        return query.where(ChargePoint.id.in_(faulted))
    return query


@bp.get("/<int:charge_point_id>")
def show(charge_point_id: int) -> Response:
    station = yard.look_at([fetch(charge_point_id)])[0]
    recent = list(
        Transaction.select()
        .where(Transaction.charge_point == charge_point_id, Transaction.stopped_at.is_null(False))
        .order_by(Transaction.started_at.desc(), Transaction.id.desc())
        .limit(RECENT)
    )
    shown = (*station.running, *recent)
    reserved = reservation_search.active([charge_point_id])
    return page(
        "stations/show.html",
        "station",
        charge_point=station.charge_point,
        station=station,
        recent=recent,
        card_of=id_tags.finder(session.id_tag for session in shown),
        is_mute=station.online and muteness.is_mute(charge_point_id, station.charge_point.connected_at),
        address=station_address(station.charge_point.identity),
        reserved=reserved,
        labels=reservations.labels(reserved.values()),
        **actions.on_station(charge_point_id),
    )


@bp.get("/add")
@role_required("operator")
def add() -> Response:
    values = {"identity": request.args.get("identity", ""), "registration": settings().default_registration}
    return _add_form(values, {})


@bp.post("/add")
@role_required("operator")
def create() -> Response:
    form = request.form
    if "suggest" in form:
        return _add_form({**form.to_dict(), "password": charge_points.new_password()}, {})
    values: dict[str, Any] = _typed("identity", "label", "location", "registration")
    try:
        added = audit.write(
            lambda unit: charge_points.add(unit, **values, password=form.get("password") or None),
            "station.add",
            values["identity"],
            audit.changes(values),
        )
    except Invalid as error:
        return _add_form(form.to_dict(), at_field(error), 422)
    flash(_("%(identity)s was added.", identity=added.identity), "success")
    return redirect(url_for("stations.connect", charge_point_id=added.id), 303)


@bp.get("/<int:charge_point_id>/connect")
@role_required("operator")
def connect(charge_point_id: int) -> Response:
    """What to type into the station, and how far it has come."""
    charge_point = fetch(charge_point_id)
    return page(
        "stations/connect.html",
        "progress",
        charge_point=charge_point,
        online=sessions.is_connected(charge_point_id),
        connectors=Connector.select().where(Connector.charge_point == charge_point_id).count(),
        address=station_address(charge_point.identity),
    )


@bp.get("/<int:charge_point_id>/edit")
@role_required("operator")
def edit(charge_point_id: int) -> Response:
    return _edit_form(fetch(charge_point_id), {}, {})


@bp.post("/<int:charge_point_id>/edit")
@role_required("operator")
def update(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    values: dict[str, Any] = _typed("label", "location", "registration")
    values["strict_subprotocol"] = STRICTNESS.get(request.form.get("strict_subprotocol", ""))
    values["spontaneous_calls"] = "spontaneous_calls" in request.form
    try:
        audit.write(
            lambda unit: charge_points.update(unit, charge_point_id, **values),
            "station.change",
            charge_point.identity,
            audit.changes(values),
        )
    except Invalid as error:
        return _edit_form(charge_point, values, at_field(error), 422)
    flash(_("The changes were saved."), "success")
    return redirect(url_for("stations.show", charge_point_id=charge_point_id), 303)


@bp.post("/<int:charge_point_id>/password")
@role_required("operator")
def set_password(charge_point_id: int) -> Response:
    """Sets the password typed; `suggest` only proposes one, `remove` takes it away."""
    charge_point = fetch(charge_point_id)
    if "suggest" in request.form:
        return _edit_form(charge_point, {"password": charge_points.new_password()}, {})
    password = None if "remove" in request.form else request.form.get("password", "").strip()
    if password == "":
        return _edit_form(charge_point, {}, {"password": _("Type a password, or let one be suggested.")}, 422)
    try:
        audit.write(
            lambda unit: charge_points.set_password(unit, charge_point_id, password),
            "station.password",
            charge_point.identity,
            "set" if password else "removed",
        )
    except Invalid as error:
        return _edit_form(charge_point, {"password": password}, at_field(error), 422)
    flash(_("The password was set.") if password else _("The password was taken away."), "success")
    return redirect(url_for("stations.show", charge_point_id=charge_point_id), 303)


@bp.get("/<int:charge_point_id>/delete")
@role_required("operator")
def confirm_delete(charge_point_id: int) -> Response:
    history = Transaction.select().where(Transaction.charge_point == charge_point_id)
    return page(
        "stations/delete.html",
        charge_point=fetch(charge_point_id),
        session_count=history.count(),
        running_count=history.where(Transaction.stopped_at.is_null()).count(),
        online=sessions.is_connected(charge_point_id),
    )


@bp.post("/<int:charge_point_id>/delete")
@role_required("operator")
def delete(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    audit.write(lambda unit: charge_points.delete(unit, charge_point_id), "station.delete", charge_point.identity)
    flash(_("%(name)s was deleted. Its sessions are kept.", name=charge_point.name), "success")
    return redirect(url_for("stations.index"), 303)


def fetch(charge_point_id: int) -> ChargePoint:
    """The station, or 404."""
    condition = (ChargePoint.id == charge_point_id) & ChargePoint.deleted_at.is_null()
    return ChargePoint.get_or_none(condition) or abort(404)


def _typed(*names: str) -> dict[str, str]:
    return {name: request.form.get(name, "").strip()[:255] for name in names}


def _add_form(values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
    address = station_address()
    return page("stations/add.html", status=status, values=values, errors=errors, address=address)


def _edit_form(
    charge_point: ChargePoint, values: dict[str, Any], errors: dict[str, str], status: int = 200
) -> Response:
    return page("stations/edit.html", status=status, charge_point=charge_point, values=values, errors=errors)
