"""Local lists of many stations: how each stands, choosing for many at once, and one card in all of them."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from peewee import JOIN, ModelSelect, fn
from werkzeug.wrappers import Response

from ocpp_server import sessions
from ocpp_server.models import ChargePoint, IdTag, LocalList
from ocpp_server.models.local_lists import ALL, GROUPS, NONE
from ocpp_server.services.errors import Invalid
from ocpp_server.services.local_list import cards as local_list_cards
from portal import lists
from portal import local_lists as looks
from portal.auth import role_required
from portal.context import store
from portal.converters import row_id
from portal.htmx import page
from portal.views.local_lists import group_counts, keep_at, sync_at, valid_count
from portal.views.stations import SEARCHED
from portal.wording import said

bp = Blueprint("card_lists", __name__)

SYNC, WHOLE = "sync", "whole"
#: A choice for more stations than this is a mistake.
_MOST = 5000
#: What a card's page shows first.
_URGENCY = ("to_go", "missing", "outdated", "left_out", "held", "not_kept")
#: What the list may be narrowed to.
_STATES = {
    "in_step": LocalList.state == "in_step",
    "sending": LocalList.state == "sending",
    "waiting": LocalList.state == "behind",
    "refused": LocalList.state == "refused",
    "unsupported": LocalList.state == "unsupported",
    "none": fn.COALESCE(LocalList.keeps, NONE) == NONE,
}


@bp.get("/cards/lists")
def index() -> Response:
    pages = lists.paginate(_matching(request.args))
    return page(
        "card_lists/index.html",
        "results",
        pages=pages,
        views=looks.views((point, _list_of(point)) for point in pages.rows),
        q=request.args.get("q", ""),
        state=request.args.get("list", ""),
        kinds=[("", _("Any state")), *((kind, looks.kind_word(kind)) for kind in _STATES)],
        any_station=pages.total > 0 or ChargePoint.select().where(ChargePoint.deleted_at.is_null()).exists(),
        query=request.query_string.decode("utf-8", "replace"),
    )


@bp.post("/cards/lists")
@role_required("operator")
def choose() -> Response:
    """For the stations chosen in the list: first what it means, then, confirmed, doing it."""
    stations, action = _chosen(), request.form.get("action", "")
    if not stations or action not in (NONE, ALL, GROUPS, SYNC, WHOLE):
        flash(_("Choose stations and an action first."), "warning")
        return redirect(url_for("card_lists.index"), 303)
    if "confirmed" not in request.form:
        return _confirm(stations, action, {})
    try:
        if action in (SYNC, WHOLE):
            sync_at(stations, whole=action == WHOLE)
        else:
            keep_at(stations, action, request.form.getlist("group"))
    except Invalid as error:
        return _confirm(stations, action, {error.field: said(error)}, 422)
    flash(ngettext("Saved for %(num)d station.", "Saved for %(num)d stations.", len(stations)), "success")
    return redirect(url_for("card_lists.index"), 303)


@bp.get("/cards/<int:id_tag_id>/lists")
def card(id_tag_id: int) -> Response:
    """Station by station who has this card already."""
    found = IdTag.get_or_none(IdTag.id == id_tag_id) or abort(404)
    points = list(_matching({}).where(LocalList.id.is_null(False)))
    views = looks.views((point, _list_of(point)) for point in points)
    states = local_list_cards.stand(store().query, found.id_tag_key, [view.listing for view in views])
    rows = sorted(zip(views, states, strict=True), key=lambda row: _URGENCY.index(row[1]))
    return page(
        "card_lists/card.html",
        "lists",
        card=found,
        pages=lists.cut(len(rows), lambda limit, offset: rows[offset : offset + limit], 100),
        spread=looks.spread(states),
        card_look=looks.card_look,
    )


def _matching(arguments: Mapping[str, str]) -> "ModelSelect[ChargePoint]":
    """The stations, each with its list, that the search and the filter of an address leave."""
    query = (
        ChargePoint.select(ChargePoint, LocalList)
        .join(LocalList, JOIN.LEFT_OUTER, attr="local_list")
        .where(ChargePoint.deleted_at.is_null())
        .order_by(ChargePoint.identity_key)
    )
    if arguments.get("q", "").strip():
        query = query.where(lists.mentions(SEARCHED, arguments["q"].strip()))
    kind = arguments.get("list", "")
    if kind in _STATES:
        query = query.where(_STATES[kind])
        if kind != "none":
            query = query.where((LocalList.keeps != NONE) | (LocalList.state == "unsupported"))
    return query


def _list_of(point: ChargePoint) -> LocalList:
    return getattr(point, "local_list", None) or LocalList(charge_point=point)


def _chosen() -> list[ChargePoint]:
    if request.form.get("all"):
        arguments = {name: values[0] for name, values in parse_qs(request.form.get("query", "")).items()}
        return list(_matching(arguments).limit(_MOST))
    ids = request.form.getlist("station", type=row_id)[:_MOST]
    return list(_matching({}).where(ChargePoint.id.in_(ids))) if ids else []


def _confirm(stations: list[ChargePoint], action: str, errors: dict[str, str], status: int = 200) -> Response:
    connected = sessions.connected_ids()
    return page(
        "card_lists/choose.html",
        status=status,
        stations=stations,
        action=action,
        offline=sum(point.id not in connected for point in stations),
        holding=sum(_list_of(point).entries > 0 for point in stations),
        left=sum(_list_of(point).keeps == NONE for point in stations),
        cards=valid_count(),
        groups=group_counts(),
        chosen=request.form.getlist("group"),
        errors=errors,
    )
