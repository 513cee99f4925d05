"""The message log of one station, newest first."""

from flask import Blueprint, request
from flask_babel import lazy_gettext
from ocpp.v16.enums import Action
from peewee import SQL, ModelSelect
from werkzeug.wrappers import Response

from ocpp_server.models import Frame
from ocpp_server.services import stretches
from ocpp_server.services.message import corrected_messages
from ocpp_server.services.session import charging_sessions
from portal import messages
from portal.converters import row_id
from portal.htmx import page
from portal.navigation import StationTab
from portal.views.stations import fetch

bp = Blueprint("messages", __name__)
station_tab = StationTab(lazy_gettext("Messages"), "messages", 90, "messages.index")

PER_PAGE = 50
ACTIONS = sorted((action.value, action.value) for action in Action)


@bp.get("/stations/<int:charge_point_id>/messages")
def index(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    before = request.args.get("before", type=row_id)
    found = stretches.newest(*_wanted(charge_point_id), PER_PAGE, before)
    return page(
        "stations/messages.html",
        "log",
        charge_point=charge_point,
        found=found,
        rows=[messages.decode(frame) for frame in found.rows],
        before=before,
        actions=ACTIONS,
        session=request.args.get("session", type=row_id),
        args={name: request.args.get(name, "") for name in ("q", "direction", "action", "show")},
    )


def _wanted(charge_point_id: int) -> "tuple[ModelSelect[Frame], ModelSelect[Frame]]":
    """The messages that are wanted, and those among which they are looked for: an index leads through these."""
    record = Frame.select().where(Frame.charge_point_id == charge_point_id)
    session_id = request.args.get("session", type=row_id)
    if session_id is not None:
        session = charging_sessions.find(session_id)
        record = record.where(Frame.id.in_(corrected_messages.find(session) if session else []))
    # Spelled out, or the indexes on just these would not be used.
    if request.args.get("show") == "errors":
        record = record.where(Frame.outcome != SQL("''"))
    if request.args.get("show") == "odd":
        record = record.where((Frame.outcome != SQL("''")) | (Frame.note != SQL("''")))
    query = record
    if request.args.get("direction") in {"in", "out"}:
        query = query.where(Frame.outgoing == (request.args["direction"] == "out"))
    if request.args.get("action"):
        query = query.where(Frame.action == request.args["action"])
    if request.args.get("q", "").strip():
        query = query.where(Frame.text.contains(request.args["q"].strip()))
    return query, record
