"""Charging schedules: drawn once, to be applied often; and what became of them."""

from collections.abc import Iterable

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from peewee import ModelSelect, fn
from werkzeug.wrappers import Response

from ocpp_server import clock
from ocpp_server.charging.building import REPEATS, SPAN, Drawing
from ocpp_server.charging.profile import PURPOSES
from ocpp_server.models import ChargePoint, ChargingApplication, ChargingProfileRequest, ChargingProfileTemplate
from ocpp_server.services.errors import Invalid
from ocpp_server.services.smart_charging import charging_templates
from ocpp_server.services.smart_charging.charging_templates import drawing_of
from portal import audit, charging, fates, lists, schedule_form
from portal.auth import role_required
from portal.charging import clock_word, limit_word, purpose_word, repeat_word, steps_word
from portal.htmx import page
from portal.locale import zone_name
from portal.navigation import Nav
from portal.schedule_form import Typed
from portal.wording import at_field

bp = Blueprint("charging", __name__, url_prefix="/charging")
nav = Nav(lazy_gettext("Charging"), "chart-line", 48, "charging.index")

#: A schedule to begin with: what the night has, the day does not.
NIGHT = Drawing(steps=[(0, 16.0), (6 * 3600, 8.0), (22 * 3600, 16.0)])
RECENT = 10


@bp.get("")
def index() -> Response:
    applications = list(ChargingApplication.select().order_by(ChargingApplication.id.desc()).limit(RECENT))
    return page(
        "charging/index.html",
        "results",
        pages=lists.paginate(ChargingProfileTemplate.select().order_by(ChargingProfileTemplate.name)),
        drawing_of=drawing_of,
        purpose_word=purpose_word,
        repeat_word=repeat_word,
        steps_word=steps_word,
        zone_name=zone_name(),
        applications=[(row, states) for row, states in zip(applications, _states(applications), strict=True)],
        bar=fates.bar,
        sentence=fates.sentence,
    )


@bp.get("/templates/new")
@role_required("operator")
def add() -> Response:
    drawing = Drawing(**{**vars(NIGHT), "zone": zone_name()})
    return _form(None, schedule_form.written("", drawing), {})


@bp.post("/templates/new")
@role_required("operator")
def create() -> Response:
    return _save(None)


@bp.get("/templates/<int:template_id>")
def show(template_id: int) -> Response:
    template = fetch(template_id)
    drawing = drawing_of(template)
    return page(
        "charging/show.html",
        template=template,
        drawing=drawing,
        span=SPAN.get(drawing.repeat, drawing.duration),
        clock_word=clock_word,
        limit_word=limit_word,
        purpose_word=purpose_word,
        repeat_word=repeat_word,
    )


@bp.get("/templates/<int:template_id>/edit")
@role_required("operator")
def edit(template_id: int) -> Response:
    template = fetch(template_id)
    return _form(template, schedule_form.written(template.name, drawing_of(template)), {})


@bp.post("/templates/<int:template_id>/edit")
@role_required("operator")
def update(template_id: int) -> Response:
    return _save(fetch(template_id))


@bp.post("/templates/<int:template_id>/delete")
@role_required("operator")
def delete(template_id: int) -> Response:
    template = fetch(template_id)
    audit.write(lambda unit: charging_templates.delete(unit, template_id), "charging.template.delete", template.name)
    flash(_("The schedule %(name)s was deleted. Stations keep what they hold.", name=template.name), "success")
    return redirect(url_for("charging.index"), 303)


@bp.get("/applications/<int:application_id>")
def application(application_id: int) -> Response:
    """What became of a schedule, place by place, while it happens."""
    found = ChargingApplication.get_or_none(ChargingApplication.id == application_id) or abort(404)
    (states,) = _states([found])
    pages = lists.paginate(_requests(application_id), 100)
    found_fates = fates.of(pages.rows)
    return page(
        "charging/application.html",
        "progress",
        application=found,
        fates=found_fates,
        pages=pages,
        states=states,
        bar=fates.bar,
        sentence=fates.sentence(states),
        place_word=charging.place_word,
        plotted=_plotted(found_fates),
        zone_name=zone_name(),
    )


def fetch(template_id: int) -> ChargingProfileTemplate:
    """The schedule, or 404."""
    return ChargingProfileTemplate.get_or_none(ChargingProfileTemplate.id == template_id) or abort(404)


#: So many composite plots are shown with an application.
PLOTS = 6


def _plotted(found: list[fates.Fate]) -> list[fates.Fate]:
    """The first places where the schedule is installed."""
    return [fate for fate in found if fate.request.state == "installed"][:PLOTS]


def _requests(application_id: int) -> "ModelSelect[ChargingProfileRequest]":
    row = ChargingProfileRequest
    return row.select(row, ChargePoint).join(ChargePoint).where(row.application == application_id).order_by(row.id)


def _states(applications: list[ChargingApplication]) -> list[dict[str, int]]:
    """How many of the requests of each are in which state: one query."""
    row, count = ChargingProfileRequest, fn.COUNT(ChargingProfileRequest.id)
    ids = [application.id for application in applications]
    query = row.select(row.application, row.state, count).where(row.application.in_(ids))
    found: dict[int, dict[str, int]] = {number: {} for number in ids}
    rows: Iterable[tuple[int, str, int]] = query.group_by(row.application, row.state).tuples()  # type: ignore[assignment]
    for number, state, times in rows:
        found[number][state] = times
    return [found[number] for number in ids]


def _save(template: ChargingProfileTemplate | None) -> Response:
    form, number = schedule_form.typed(request.form), template.id if template else None
    name = form.values.get("name", "")
    try:
        drawing = schedule_form.read(form)
        saved = audit.write(
            lambda unit: charging_templates.save(unit, name, drawing, number),
            "charging.template.change" if template else "charging.template.add",
            name.strip(),
        )
    except Invalid as error:
        return _form(template, form, at_field(error), 422)
    flash(_("The schedule was saved. Stations take it when it is applied."), "success")
    return redirect(url_for("charging.show", template_id=saved.id), 303)


def _form(template: ChargingProfileTemplate | None, form: Typed, errors: dict[str, str], status: int = 200) -> Response:
    return page(
        "charging/form.html",
        status=status,
        template=template,
        form=form,
        values=form.values,
        errors=errors,
        purposes=[(purpose, purpose_word(purpose)) for purpose in PURPOSES[1:] + PURPOSES[:1]],
        repeats=[(repeat, repeat_word(repeat)) for repeat in REPEATS],
        weekdays=charging.weekdays(),
        labels=_labels(),
        today=clock.now(),
    )


def _labels() -> dict[str, object]:
    return {
        "weekdays": charging.weekdays(),
        "drawing": _("The schedule as a drawing. The table below it holds the same figures."),
    }
