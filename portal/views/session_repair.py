"""Ending a session whose end the station never reported, and taking that back."""

from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.models import Transaction
from ocpp_server.services.errors import Invalid
from ocpp_server.services.session import charging_sessions, session_repair
from portal import audit, forgotten, local_times
from portal.auth import role_required
from portal.htmx import page
from portal.wording import at_field, said

bp = Blueprint("session_repair", __name__)


@bp.get("/sessions/<int:transaction_id>/end")
@role_required("operator")
def confirm(transaction_id: int) -> Response:
    session = _session(transaction_id)
    if session.stopped_at is not None:
        return redirect(url_for("sessions.show", transaction_id=transaction_id), 303)
    return _form(session, {"ended_at": local_times.moment_to(session_repair.propose(session).ended_at)}, {})


@bp.post("/sessions/<int:transaction_id>/end")
@role_required("operator")
def end(transaction_id: int) -> Response:
    session = _session(transaction_id)
    try:
        ended_at, meter_stop = _ended_at(session), _meter_stop()
        audit.write(
            lambda unit: session_repair.end(unit, transaction_id, ended_at=ended_at, meter_stop=meter_stop),
            "session.end",
            str(transaction_id),
            audit.changes({"ended_at": request.form["ended_at"], "meter_stop": meter_stop}),
        )
    except Invalid as invalid:
        return _form(session, request.form, at_field(invalid), 422)
    flash(_("Session %(number)s was ended.", number=transaction_id), "success")
    return redirect(url_for("sessions.show", transaction_id=transaction_id), 303)


@bp.post("/sessions/<int:transaction_id>/reopen")
@role_required("operator")
def reopen(transaction_id: int) -> Response:
    _session(transaction_id)
    try:
        audit.write(lambda unit: session_repair.reopen(unit, transaction_id), "session.reopen", str(transaction_id))
        flash(_("Session %(number)s runs again.", number=transaction_id), "success")
    except Invalid as invalid:
        flash(said(invalid), "error")
    return redirect(url_for("sessions.show", transaction_id=transaction_id), 303)


def _session(transaction_id: int) -> Transaction:
    return charging_sessions.find(transaction_id) or abort(404)


def _ended_at(session: Transaction) -> datetime:
    """The time typed. Left as proposed it is exact: the field knows no seconds."""
    typed, proposed = request.form.get("ended_at", "").strip(), session_repair.propose(session).ended_at
    if typed == local_times.moment_to(proposed):
        return proposed
    try:
        moment = local_times.moment_from(typed)
    except ValueError:
        moment = None
    if moment is None:
        raise Invalid("ended_at", "Type when the session ended.")
    return moment


def _meter_stop() -> int | None:
    """A reading in kWh, as the display of a meter shows it."""
    typed = request.form.get("meter_stop", "").strip().replace(",", ".")
    try:
        return round(float(typed) * 1000) if typed else None
    except (ValueError, OverflowError):
        raise Invalid("meter_stop", "This must be a number of kWh.") from None


def _form(session: Transaction, values: Mapping[str, str], errors: dict[str, str], status: int = 200) -> Response:
    return page(
        "sessions/end.html",
        status=status,
        session=session,
        evidence=forgotten.evidence(session),
        proposal=session_repair.propose(session),
        online=sessions.is_connected(session.charge_point.id),
        values=values,
        errors=errors,
    )
