"""A station's local list: which cards it keeps for when it is offline, how far it is, and what it holds."""

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from peewee import fn
from werkzeug.wrappers import Response

from ocpp_server import clock, sessions
from ocpp_server.models import ChargePoint, IdTag, LocalList, LocalListEntry
from ocpp_server.models.local_lists import ALL, NONE
from ocpp_server.services.errors import Invalid
from ocpp_server.services.local_list import local_lists, records
from ocpp_server.services.local_list.plan import Entry
from ocpp_server.services.local_list.steps import limits_of
from ocpp_server.store import Store, Unit
from portal import actions, audit, lists, outcomes, spreadsheets
from portal import local_lists as looks
from portal.auth import role_required
from portal.context import store
from portal.htmx import page
from portal.locale import zone
from portal.navigation import StationTab
from portal.spreadsheets import text_cell, time_cell
from portal.views.stations import fetch
from portal.wording import said

bp = Blueprint("local_lists", __name__)
station_tab = StationTab(lazy_gettext("Local list"), "list-details", 40, "local_lists.show")

#: What a station's page may show: what it holds, what it should have and has not, what does not fit.
SHOWS = ("held", "missing", "left_out")
_COLUMNS = ("id_tag", "status", "parent_id_tag", "expiry_date")
#: Entries that are read at a time for the file.
_CHUNK = 1000


@bp.get("/stations/<int:charge_point_id>/local-list")
def show(charge_point_id: int) -> Response:
    return _show(fetch(charge_point_id), {})


@bp.get("/stations/<int:charge_point_id>/local-list.csv")
def export(charge_point_id: int) -> Response:
    """What the station holds; a chunk at a time, with no connection held in between."""
    charge_point = fetch(charge_point_id)
    chunks = _chunks(store(), charge_point_id, zone())
    response = Response(spreadsheets.encode(_COLUMNS, chunks), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename=local-list-{charge_point.id}.csv"
    return response


@bp.post("/stations/<int:charge_point_id>/local-list")
@role_required("operator")
def keep(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    keeps, groups = request.form.get("keeps", ""), request.form.getlist("group")
    try:
        keep_at([charge_point], keeps, groups)
    except Invalid as error:
        return _show(charge_point, {error.field: said(error)}, 422)
    flash(
        _("Saved. The list goes out by itself.") if keeps != NONE else _("Saved. The list is left as it is."), "success"
    )
    return redirect(url_for("local_lists.show", charge_point_id=charge_point_id), 303)


@bp.post("/stations/<int:charge_point_id>/local-list/sync")
@role_required("operator")
def sync(charge_point_id: int) -> Response:
    charge_point = fetch(charge_point_id)
    try:
        sync_at([charge_point], whole=bool(request.form.get("whole")))
    except Invalid as error:
        flash(said(error), "error")
    return redirect(url_for("local_lists.show", charge_point_id=charge_point_id), 303)


def keep_at(stations: list[ChargePoint], keeps: str, groups: list[str]) -> None:
    """For all of them, or where it cannot be for none. Raises Invalid."""
    me, detail = audit.who(), audit.changes({"keeps": keeps} | ({"groups": ", ".join(groups)} if groups else {}))

    def work(unit: Unit) -> None:
        for point in stations:
            local_lists.keep(unit, point.id, keeps, groups)
            me.record(unit, "local_list.keep", point.identity, detail)

    store().write(work)


def sync_at(stations: list[ChargePoint], *, whole: bool) -> None:
    """For those that keep anything. Raises Invalid where that is none of them."""
    me = audit.who()
    asked = [point for point in stations if local_lists.of(point).keeps != NONE] or stations[:1]

    def work(unit: Unit) -> None:
        for point in asked:
            local_lists.sync(unit, point.id, by=me.who, whole=whole)
            me.record(unit, "local_list.sync", point.identity, "whole" if whole else "")

    store().write(work)


def _show(charge_point: ChargePoint, errors: dict[str, str], status: int = 200) -> Response:
    listing = local_lists.of(charge_point)
    shown = request.args.get("show", "")
    show = shown if shown in SHOWS else "held"
    text = request.args.get("q", "").strip()
    pages = _held(listing, text) if show == "held" else _cards(listing, show)
    return page(
        "local_lists/show.html",
        "state",
        "entries",
        status=status,
        charge_point=charge_point,
        view=looks.ListView(charge_point, listing, sessions.is_connected(charge_point.id)),
        limits=limits_of(store().query, listing),
        left_out=looks.left_out(listing),
        hints=looks.hints(records.configured(store().query, charge_point.id)) if listing.keeps != NONE else [],
        latest=actions.latest(charge_point.id, "SendLocalList", "GetLocalListVersion"),
        outcome_of=outcomes.of,
        label_of=actions.label_of,
        brief=actions.brief,
        keeps=request.form.get("keeps", listing.keeps),
        chosen=request.form.getlist("group") or looks.ListView(charge_point, listing, False).groups,
        groups=group_counts(),
        cards=valid_count(),
        errors=errors,
        show=show,
        q=text,
        pages=pages,
        **(_details(listing, pages.rows) if show == "held" else {"labels": {}, "right": set()}),
    )


def _held(listing: LocalList, text: str) -> lists.Pages:
    query = LocalListEntry.select().where(LocalListEntry.charge_point_id == listing.charge_point_id)
    if text:
        query = query.where(lists.mentions((LocalListEntry.id_tag, LocalListEntry.parent_id_tag), text))
    return lists.paginate(query.order_by(LocalListEntry.id_tag_key))


def _cards(listing: LocalList, show: str) -> lists.Pages:
    """Cards that the station does not hold."""
    chosen = records.selection(store().query, listing, clock.to_ms(clock.now()))
    fitting = chosen.before(listing.cutoff).not_held(listing.charge_point_id)
    wanted = fitting if show == "missing" else chosen.beyond(listing.cutoff)
    rows = store().query
    total = records.count(rows, wanted) if listing.keeps != NONE else 0
    return lists.cut(total, lambda limit, offset: records.cards(rows, wanted, limit, offset) if total else [])


def _details(listing: LocalList, rows: list[LocalListEntry]) -> dict[str, Any]:
    """What the cards of these entries are called, and which entries are as they should be."""
    keys = [row.id_tag_key for row in rows]
    found = IdTag.select(IdTag.id, IdTag.id_tag_key, IdTag.label).where(IdTag.id_tag_key.in_(keys))
    chosen = records.selection(store().query, listing, clock.to_ms(clock.now())).before(listing.cutoff)
    wanted = records.among(store().query, chosen, keys)
    held = records.held(store().query, listing.charge_point_id, keys)
    right = {key for key in keys if listing.keeps == NONE or wanted.get(key) == held.get(key)}
    return {"labels": {card.id_tag_key: card for card in found}, "right": right}


def _chunks(source: Store, charge_point_id: int, viewers_zone: tzinfo) -> Iterator[list[tuple[str, ...]]]:
    key = ""
    while True:
        with source.reading():
            entries = records.held_after(source.query, charge_point_id, key, _CHUNK)
        if not entries:
            return
        yield [_row(entry, viewers_zone) for entry in entries]
        key = entries[-1].key


def _row(entry: Entry, viewers_zone: tzinfo) -> tuple[str, ...]:
    expiry = clock.from_ms(entry.expiry_date) if entry.expiry_date is not None else None
    return (
        text_cell(entry.id_tag),
        entry.status,
        text_cell(entry.parent_id_tag),
        time_cell(expiry, viewers_zone),
    )


def group_counts() -> list[tuple[str, int]]:
    """Every group with how many cards it has; spellings of one group are one."""
    query = (
        IdTag.select(IdTag.parent_id_tag, fn.COUNT(IdTag.id))
        .where(IdTag.parent_id_tag.is_null(False))
        .group_by(IdTag.parent_id_tag)
        .order_by(IdTag.parent_id_tag)
    )
    rows: Iterable[Any] = query.tuples()
    found: dict[str, tuple[str, int]] = {}
    for name, count in rows:
        known = found.get(name.casefold(), (name, 0))
        found[name.casefold()] = (known[0], known[1] + count)
    return list(found.values())


def valid_count() -> int:
    rows = store().query
    return records.count(rows, records.selection(rows, LocalList(keeps=ALL), clock.to_ms(clock.now())))
