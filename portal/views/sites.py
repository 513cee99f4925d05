"""Sites: connections that are shared, over time and now, and how they are set up."""

from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Site
from ocpp_server.services.errors import Invalid
from ocpp_server.services.site import site_samples, site_sharing, site_view, sites
from ocpp_server.services.site.sites import Circuit, Plan
from portal import audit, site_forms, site_words
from portal.auth import role_required
from portal.context import store
from portal.htmx import page
from portal.locale import zone_name
from portal.navigation import Nav
from portal.wording import at_field

bp = Blueprint("sites", __name__, url_prefix="/sites")
nav = Nav(lazy_gettext("Sites"), "building", 49, "sites.index")

#: Over how many hours the picture can go.
HOURS = (1, 6, 24, 168)


@bp.get("")
def index() -> Response:
    rows = list(Site.select().order_by(Site.name))
    return page("sites/index.html", "sites", rows=[(row, _look(row.id)) for row in rows], words=site_words)


@bp.get("/<int:site_id>")
def show(site_id: int) -> Response:
    site = _fetch(site_id)
    picture = _look(site_id)
    keys = {place.key[0] for place in picture.places} if picture else set()
    return page(
        "sites/show.html",
        "now",
        site=site,
        picture=picture,
        stations={row.id: row for row in ChargePoint.select().where(ChargePoint.id.in_(list(keys)))},
        circuits={row.id: row for row in sites.circuits_of(site_id)},
        words=site_words,
        hours=_hours(),
        spans=HOURS,
        zone_name=zone_name(),
        plot_labels=_plot_labels(),
    )


@bp.get("/<int:site_id>/plot.json")
def plot(site_id: int) -> Response:
    """Columns for the picture: the times, the limit, and on each phase what is allotted and measured."""
    _fetch(site_id)
    since = clock.to_ms(clock.now()) - _hours() * 3600 * 1000
    rows = site_samples.since(store(), site_id, since)
    names = ("at_ms", "limit_a", "allotted_1", "allotted_2", "allotted_3", "measured_1", "measured_2", "measured_3")
    return jsonify({name: [row[number] for row in rows] for number, name in enumerate(names)})


@bp.get("/new")
@role_required("operator")
def add() -> Response:
    return _form(None, Plan("", [Circuit(_("Connection"), 63.0)]), {})


@bp.post("/new")
@role_required("operator")
def create() -> Response:
    return _save(None)


@bp.get("/<int:site_id>/edit")
@role_required("operator")
def edit(site_id: int) -> Response:
    site = _fetch(site_id)
    return _form(site, sites.plan_of(site), {})


@bp.post("/<int:site_id>/edit")
@role_required("operator")
def update(site_id: int) -> Response:
    return _save(_fetch(site_id))


@bp.get("/<int:site_id>/connectors")
@role_required("operator")
def connectors(site_id: int) -> Response:
    return _connectors(_fetch(site_id), {})


@bp.post("/<int:site_id>/connectors")
@role_required("operator")
def save_connectors(site_id: int) -> Response:
    site = _fetch(site_id)
    try:
        plan = site_forms.members(sites.plan_of(site))
        audit.write(lambda unit: sites.save(unit, plan, site_id), "site.change", site.name, f"{len(plan.members)}")
    except Invalid as error:
        return _connectors(site, at_field(error), 422)
    flash(_("The connectors were saved. Their stations are told within seconds."), "success")
    return redirect(url_for("sites.show", site_id=site_id), 303)


@bp.post("/<int:site_id>/delete")
@role_required("operator")
def delete(site_id: int) -> Response:
    site = _fetch(site_id)
    audit.write(lambda unit: sites.delete(unit, site_id), "site.delete", site.name)
    flash(_("The site %(name)s was deleted. Its stations are told to forget their limits.", name=site.name), "success")
    return redirect(url_for("sites.index"), 303)


def troubles() -> list[tuple[site_sharing.Live, site_view.Picture]]:
    """The sites where something needs a look, for the overview."""
    now = clock.now().timestamp()
    looked = [(live, site_view.look(live, now)) for live in site_sharing.all_sites()]
    return [(live, picture) for live, picture in looked if picture.above or picture.disobedient]


def _save(site: Site | None) -> Response:
    before = sites.plan_of(site) if site else None
    number = site.id if site else None
    try:
        plan = site_forms.site(before)
        saved = audit.write(
            lambda unit: sites.save(unit, plan, number),
            "site.change" if site else "site.add",
            plan.name.strip(),
            audit.changes({circuit.name: f"{circuit.limit:g} {circuit.unit}" for circuit in plan.circuits}),
        )
    except Invalid as error:
        return _form(site, before, at_field(error), 422)
    flash(_("The site was saved."), "success")
    return redirect(url_for("sites.show" if site else "sites.connectors", site_id=saved.id), 303)


def _form(site: Site | None, plan: Plan | None, errors: dict[str, str], status: int = 200) -> Response:
    return page(
        "sites/form.html",
        status=status,
        site=site,
        name=request.form.get("name", plan.name if plan else ""),
        mode=request.form.get("mode", plan.mode if plan else sites.FAIR),
        lease=request.form.get("lease_minutes", f"{(plan.lease_s if plan else 900) / 60:g}"),
        slot=request.form.get("slot_minutes", f"{(plan.slot_s if plan else 1800) / 60:g}"),
        lines=_lines(plan),
        errors=errors,
    )


def _lines(plan: Plan | None) -> list[dict[str, Any]]:
    """The circuits as typed, or as they are, and some empty lines."""
    typed = request.form
    names = ("circuit_was", "circuit_name", "parent", "limit", "unit", "reserve_a")
    if typed:
        columns = zip(*(typed.getlist(name) for name in names), strict=False)
        return [dict(zip(names, values, strict=True)) for values in columns]
    rows = [
        (item.name, item.name, item.parent or "", f"{item.limit:g}", item.unit, f"{item.reserve_a:g}")
        for item in (plan.circuits if plan else ())
    ]
    spare = [("", "", rows[0][1] if rows else "", "", "A", "0")] * 2
    return [dict(zip(names, values, strict=True)) for values in (*rows, *spare)]


def _connectors(site: Site, errors: dict[str, str], status: int = 200) -> Response:
    circuits = sites.circuits_of(site.id)
    return page(
        "sites/connectors.html",
        status=status,
        site=site,
        members=sites.members_of(site.id),
        circuits=circuits,
        circuit_options=[(row.name, row.name) for row in circuits],
        free=site_forms.free_connectors(),
        phases=sites.PHASES,
        phase_options=[(text, site_words.phases(text)) for text in sites.PHASES],
        phase_words=site_words.phases,
        errors=errors,
    )


def _look(site_id: int) -> site_view.Picture | None:
    """None while the site is so new that nobody has looked at it."""
    live = site_sharing.get(site_id)
    return None if live is None else site_view.look(live, clock.now().timestamp())


def _hours() -> int:
    asked = request.args.get("hours", 6, type=int)
    return asked if asked in HOURS else 6


def _plot_labels() -> dict[str, str]:
    return {
        "time": _("Time"),
        "limit": _("Limit"),
        "allotted": _("Allotted, highest phase"),
        "measured": _("Measured %(phase)s", phase="{phase}"),
        "none": _("Nothing was measured in this time."),
    }


def _fetch(site_id: int) -> Site:
    return Site.get_or_none(Site.id == site_id) or abort(404)
