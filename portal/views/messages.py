"""The message log of one station, newest first."""

from flask import Blueprint, request
from flask_babel import lazy_gettext
from ocpp.v16.enums import Action
from peewee import ModelSelect
from werkzeug.wrappers import Response

from ocpp_server.models import Frame
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
    before = request.args.get("before", type=int)
    frames = list(_matching(charge_point_id, before).limit(PER_PAGE + 1))
    return page(
        "stations/messages.html",
        "log",
        charge_point=charge_point,
        rows=[messages.decode(frame) for frame in frames[:PER_PAGE]],
        older=frames[PER_PAGE - 1].id if len(frames) > PER_PAGE else None,
        before=before,
        actions=ACTIONS,
        session=request.args.get("session", type=row_id),
        args={name: request.args.get(name, "") for name in ("q", "direction", "action", "show")},
    )


def _matching(charge_point_id: int, before: int | None) -> "ModelSelect[Frame]":
    """The newest first; `before` is the id of the last row of the page before (a row number would shift)."""
    query = Frame.select().where(Frame.charge_point_id == charge_point_id).order_by(Frame.id.desc())
    if before is not None:
        query = query.where(Frame.id < before)
    session_id = request.args.get("session", type=row_id)
    if session_id is not None:
        session = charging_sessions.find(session_id)
        query = query.where(Frame.id.in_(corrected_messages.find(session) if session else []))
    if request.args.get("direction") in {"in", "out"}:
        query = query.where(Frame.outgoing == (request.args["direction"] == "out"))
    if request.args.get("action"):
        query = query.where(Frame.action == request.args["action"])
    if request.args.get("q", "").strip():
        query = query.where(Frame.text.contains(request.args["q"].strip()))
    if request.args.get("show") == "errors":
        query = query.where(Frame.outcome != "")
    if request.args.get("show") == "odd":
        query = query.where((Frame.outcome != "") | (Frame.note != ""))
    return query
