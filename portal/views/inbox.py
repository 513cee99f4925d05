"""Refused handshakes: each with what happened and what to do."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from peewee import fn
from werkzeug.wrappers import Response

from ocpp_server.models import ChargePoint, Refusal
from ocpp_server.services.charge_points import identity_key
from ocpp_server.services.refusals import dismiss as dismiss_all
from portal import audit, lists, refusals
from portal.htmx import page
from portal.navigation import Nav

bp = Blueprint("inbox", __name__, url_prefix="/inbox")


def count() -> int:
    """How many entries wait."""
    return Refusal.select(fn.COUNT(Refusal.id)).scalar()


nav = Nav(lazy_gettext("Inbox"), "inbox", 50, "inbox.index", count=count)


@bp.get("")
def index() -> Response:
    pages = lists.paginate(Refusal.select().order_by(Refusal.last_at.desc(), Refusal.id.desc()), 25)
    known = _stations_of(pages.rows)
    entries = [(row, refusals.explain(row, known.get(identity_key(row.identity)))) for row in pages.rows]
    return page("inbox/index.html", "entries", entries=entries, pages=pages)


@bp.post("/dismiss")
def dismiss() -> Response:
    """Takes the entries whose ids the page showed; what came since stays."""
    shown = request.form.getlist("id", type=int)
    audit.write(lambda unit: dismiss_all(unit, shown), "inbox.dismiss", "", f"{len(shown)} entries")
    flash(_("Dismissed. It comes back if it happens again."), "success")
    return redirect(url_for("inbox.index"), 303)


def _stations_of(rows: list[Refusal]) -> dict[str, ChargePoint]:
    keys = {identity_key(row.identity) for row in rows}
    found = ChargePoint.select().where(ChargePoint.identity_key.in_(keys), ChargePoint.deleted_at.is_null())
    return {charge_point.identity_key: charge_point for charge_point in found}
