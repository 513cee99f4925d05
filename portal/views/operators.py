"""Who may log in, for admins."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from ocpp_server.models import Operator
from ocpp_server.models.operators import VIEWER
from ocpp_server.services.access import operators
from ocpp_server.services.errors import Invalid
from portal import audit, passwords
from portal.auth import role_required
from portal.htmx import page
from portal.navigation import Nav
from portal.wording import at_field

bp = Blueprint("operators", __name__, url_prefix="/settings/operators")
nav = Nav(lazy_gettext("Operators"), "users", 90, "operators.index", role="admin")


@bp.get("")
@role_required("admin")
def index() -> Response:
    people = list(Operator.select().order_by(Operator.disabled_at.is_null(False), Operator.email))
    return page("operators/index.html", people=people)


@bp.get("/add")
@role_required("admin")
def add() -> Response:
    return page("operators/add.html", errors={}, values={"role": VIEWER})


@bp.post("/add")
@role_required("admin")
def create() -> Response:
    form = request.form
    email, name, role = form.get("email", ""), form.get("name", ""), form.get("role", "")
    try:
        operators.check_email(operators.normal_email(email))
        password_hash = passwords.hashed(form.get("password", ""))
        operator = audit.write(
            lambda unit: operators.add(unit, email, password_hash=password_hash, role=role, name=name),
            "operator.add",
            lambda added: added.email,
            f"role={role}",
        )
    except Invalid as error:
        return page("operators/add.html", status=422, errors=at_field(error), values=form)
    flash(_("%(email)s can log in now.", email=operator.email), "success")
    return redirect(url_for("operators.index"), 303)


@bp.get("/<int:operator_id>")
@role_required("admin")
def edit(operator_id: int) -> Response:
    return _edit(operator_id, {})


@bp.post("/<int:operator_id>/role")
@role_required("admin")
def set_role(operator_id: int) -> Response:
    role = request.form.get("role", "")
    return _change(
        operator_id,
        lambda unit: operators.set_role(unit, operator_id, role),
        _("The role was changed."),
        "operator.role",
        role,
    )


@bp.post("/<int:operator_id>/disable")
@role_required("admin")
def disable(operator_id: int) -> Response:
    return _change(
        operator_id,
        lambda unit: operators.disable(unit, operator_id),
        _("They can no longer log in."),
        "operator.disable",
    )


@bp.post("/<int:operator_id>/enable")
@role_required("admin")
def enable(operator_id: int) -> Response:
    return _change(
        operator_id,
        lambda unit: operators.enable(unit, operator_id),
        _("They can log in again."),
        "operator.enable",
    )


@bp.post("/<int:operator_id>/password")
@role_required("admin")
def set_password(operator_id: int) -> Response:
    try:
        password_hash = passwords.hashed(request.form.get("password", ""))
    except Invalid as error:
        return _edit(operator_id, at_field(error), 422)
    return _change(
        operator_id,
        lambda unit: operators.set_password(unit, operator_id, password_hash),
        _("The password was set. All their sessions were ended."),
        "operator.password",
    )


def _change(operator_id: int, work: Callable[[Any], Operator], done: str, action: str, detail: str = "") -> Response:
    operator = _fetch(operator_id)
    try:
        audit.write(work, action, operator.email, detail)
    except Invalid as error:
        return _edit(operator_id, at_field(error), 422)
    flash(done, "success")
    return redirect(url_for("operators.edit", operator_id=operator_id), 303)


def _edit(operator_id: int, errors: dict[str, str], status: int = 200) -> Response:
    return page("operators/edit.html", status=status, operator=_fetch(operator_id), errors=errors)


def _fetch(operator_id: int) -> Operator:
    return Operator.get_or_none(Operator.id == operator_id) or abort(404)
