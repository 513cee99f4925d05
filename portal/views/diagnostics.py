"""Asking stations for their logs, and everything that came of it."""

from datetime import datetime

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from peewee import ModelSelect
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, DiagnosticsRequest
from ocpp_server.services.diagnostics import diagnostics as service
from ocpp_server.services.diagnostics import states
from ocpp_server.services.errors import Invalid
from portal import audit, diagnostics, lists, local_times, wording
from portal.auth import role_required
from portal.context import settings
from portal.htmx import page
from portal.views.stations import fetch

bp = Blueprint("diagnostics", __name__)

#: What the list can be filtered by.
_SHOWS = {
    "open": states.OPEN,
    "here": (states.ARRIVED,),
    "bad": (states.FAILED, states.SILENT, states.UNSUPPORTED, states.NOT_SENT),
}


@bp.get("/firmware/diagnostics")
def index() -> Response:
    show, text = request.args.get("show", ""), request.args.get("q", "").strip()
    return page(
        "diagnostics/index.html",
        "results",
        pages=lists.paginate(_matching(show, text)),
        show=show,
        q=text,
        look=diagnostics.look,
        explain=diagnostics.explain,
    )


@bp.post("/stations/<int:charge_point_id>/diagnostics")
@role_required("operator")
def ask(charge_point_id: int) -> Response:
    charge_point, me, told = fetch(charge_point_id), audit.who(), settings()
    back = redirect(url_for("station_firmware.show", charge_point_id=charge_point_id), 303)
    try:
        start_time, stop_time = _moment("start_time"), _moment("stop_time")
        audit.write(
            lambda unit: service.ask(unit, told, charge_point, by=me.who, start_time=start_time, stop_time=stop_time),
            "diagnostics.ask",
            charge_point.identity,
            actor=me,
        )
    except Invalid as error:
        flash(wording.said(error), "error")
        return back
    if sessions.is_connected(charge_point_id):
        flash(_("The station was asked for its log."), "success")
    else:
        flash(_("The station is offline. If it is not back within a minute, it is not asked."), "warning")
    return back


def _matching(show: str, text: str) -> "ModelSelect[DiagnosticsRequest]":
    query = DiagnosticsRequest.select(DiagnosticsRequest, ChargePoint).join(ChargePoint)
    if show in _SHOWS:
        query = query.where(DiagnosticsRequest.state.in_(_SHOWS[show]))
    if text:
        searched = (ChargePoint.identity, ChargePoint.label, DiagnosticsRequest.file_name)
        query = query.where(lists.mentions(searched, text))
    return query.order_by(DiagnosticsRequest.id.desc())


def _moment(name: str) -> datetime | None:
    try:
        return local_times.moment_from(request.form.get(name, ""))
    except ValueError:
        raise Invalid(name, "This is not a time.") from None
