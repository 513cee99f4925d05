"""Configuration templates: made from a station, edited, and applied to many stations where they differ."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from peewee import fn
from werkzeug.wrappers import Response

from ocpp_server import configuration_risks
from ocpp_server.configuration_keys import find
from ocpp_server.models import ConfigurationKey, ConfigurationTemplate
from ocpp_server.services.configuration import configuration_templates
from ocpp_server.services.configuration.configuration import SECRET_KEYS
from ocpp_server.services.configuration.configuration_templates import by_key, differences, keys_of
from ocpp_server.services.errors import Invalid
from portal import asking, audit, configuration, lists, selection, yard
from portal.auth import role_required
from portal.converters import row_id
from portal.htmx import page
from portal.views.stations import fetch
from portal.wording import at_field

bp = Blueprint("templates", __name__, url_prefix="/configuration/templates")

#: Empty lines below the keys, to add some.
SPARE = 3


@bp.get("")
def index() -> Response:
    pages = lists.paginate(ConfigurationTemplate.select().order_by(ConfigurationTemplate.name))
    return page("configuration/templates.html", pages=pages, keys_of=keys_of)


@bp.get("/new")
@role_required("operator")
def add() -> Response:
    """`?station=1` begins with what that station is set to; the keys that must not be copied are left out."""
    if "station" not in request.args:
        return _form(None, "", [], {})
    charge_point = fetch(request.args.get("station", 0, type=row_id))
    rows = (
        ConfigurationKey.select()
        .where(
            ConfigurationKey.charge_point == charge_point.id,
            ConfigurationKey.known,
            ~ConfigurationKey.readonly,
            ConfigurationKey.value.is_null(False),
        )
        .order_by(fn.LOWER(ConfigurationKey.key))
    )
    return _form(
        None,
        _("Like %(name)s", name=charge_point.name),
        [(row.key, row.value or "") for row in rows if _fits(row.key)],
        {},
    )


@bp.post("/new")
@role_required("operator")
def create() -> Response:
    return _save(None)


@bp.get("/<int:template_id>")
def show(template_id: int) -> Response:
    template = _fetch(template_id)
    return page(
        "configuration/template.html",
        template=template,
        keys=[(key, value, find(key), configuration_risks.explain(key)) for key, value in keys_of(template).items()],
    )


@bp.get("/<int:template_id>/edit")
@role_required("operator")
def edit(template_id: int) -> Response:
    template = _fetch(template_id)
    return _form(template, template.name, list(keys_of(template).items()), {})


@bp.post("/<int:template_id>/edit")
@role_required("operator")
def update(template_id: int) -> Response:
    return _save(_fetch(template_id))


@bp.post("/<int:template_id>/delete")
@role_required("operator")
def delete(template_id: int) -> Response:
    template = _fetch(template_id)
    audit.write(
        lambda unit: configuration_templates.delete(unit, template_id), "configuration.template.delete", template.name
    )
    flash(_("The template %(name)s was deleted. Stations keep what they are set to.", name=template.name), "success")
    return redirect(url_for("templates.index"), 303)


@bp.get("/<int:template_id>/apply")
@role_required("operator")
def choose(template_id: int) -> Response:
    """Which stations."""
    return redirect(url_for("stations.index", template=_fetch(template_id).id), 303)


@bp.post("/<int:template_id>/preview")
@role_required("operator")
def preview(template_id: int) -> Response:
    """Where the chosen stations differ, before anything is sent."""
    template, stations = _fetch(template_id), selection.chosen()
    if not stations:
        flash(_("Choose stations first."), "warning")
        return redirect(url_for("stations.index"), 303)
    found = differences(template, [point.id for point in stations])
    return page(
        "configuration/preview.html",
        template=template,
        stations=yard.look_at(stations),
        names={point.id: point.name for point in stations},
        found=found,
        keys=by_key(found),
        same=len(stations) - len({item.charge_point_id for item in found}),
        left_out=[item for item in found if not item.is_sent],
        risks={key: risk for key in by_key(found) if (risk := configuration_risks.explain(key))},
    )


@bp.post("/<int:template_id>/apply")
@role_required("operator")
def apply(template_id: int) -> Response:
    options = {"lifetime": None} if request.form.get("lifetime") == asking.FOR_EVER else {}
    made = configuration.apply_template(_fetch(template_id), selection.chosen(), options)
    if not made:
        flash(_("The chosen stations are set like the template already. Nothing was sent."), "success")
        return redirect(url_for("templates.show", template_id=template_id), 303)
    words = ngettext("%(num)d key is being changed.", "%(num)d keys are being changed, one after the other.", len(made))
    flash(words, "success")
    if len(made) == 1:
        return redirect(url_for("batches.show", batch_id=made[0].id), 303)
    return redirect(url_for("batches.index"), 303)


def _fits(key: str) -> bool:
    """Whether a key may be copied to other stations without a thought."""
    return key.lower() not in SECRET_KEYS and configuration_risks.explain(key) is None


def _save(template: ConfigurationTemplate | None) -> Response:
    name, typed = request.form.get("name", ""), _typed()
    number = template.id if template else None
    try:
        _refuse_doubles(typed)
        saved = audit.write(
            lambda unit: configuration_templates.save(unit, name, dict(typed), number),
            "configuration.template.change" if template else "configuration.template.add",
            name.strip(),
            audit.changes(dict(typed)),
        )
    except Invalid as error:
        return _form(template, name, typed, at_field(error), 422)
    flash(_("The template was saved."), "success")
    return redirect(url_for("templates.show", template_id=saved.id), 303)


def _typed() -> list[tuple[str, str]]:
    pairs = zip(request.form.getlist("key"), request.form.getlist("value"), strict=False)
    return [(key.strip(), value) for key, value in pairs if key.strip()]


def _refuse_doubles(typed: list[tuple[str, str]]) -> None:
    if len(dict(typed)) < len(typed):
        raise Invalid("keys", "A key is named twice.")


def _form(
    template: ConfigurationTemplate | None,
    name: str,
    keys: list[tuple[str, str]],
    errors: dict[str, str],
    status: int = 200,
) -> Response:
    spare = [("", "")] * (SPARE if keys else 2 * SPARE)
    return page(
        "configuration/template_form.html",
        status=status,
        template=template,
        name=name,
        keys=[*keys, *spare],
        errors=errors,
    )


def _fetch(template_id: int) -> ConfigurationTemplate:
    return ConfigurationTemplate.get_or_none(ConfigurationTemplate.id == template_id) or abort(404)
