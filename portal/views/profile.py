"""What everybody may change about themselves: name, password and theme."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user
from werkzeug.wrappers import Response

from ocpp_server.models import Operator
from ocpp_server.services.access import operators
from ocpp_server.services.errors import Invalid
from ocpp_server.throttle import Throttle
from portal import audit, passwords
from portal.auth import role_required, signed_in
from portal.htmx import page
from portal.locale import THEMES
from portal.wording import at_field

bp = Blueprint("profile", __name__)

#: A browser left open must not let a passer-by guess the password.
guesses = Throttle(free=5)


@bp.get("/profile")
def index() -> Response:
    return _profile({})


@bp.post("/profile")
@role_required("viewer")
def rename() -> Response:
    me, name = current_user.id, request.form.get("name", "")
    audit.write(lambda unit: operators.rename(unit, me, name), "profile.name", current_user.email, f"name={name}")
    flash(_("Your name was saved."), "success")
    return redirect(url_for("profile.index"), 303)


@bp.post("/profile/password")
@role_required("viewer")
def change_password() -> Response:
    form, me = request.form, str(current_user.id)
    if guesses.wait(me):
        return _profile({"current": _("Too many wrong passwords. Try again later.")}, 429)
    guesses.fail(me)
    if not passwords.is_right(Operator.get_by_id(current_user.id), form.get("current", "")):
        return _profile({"current": _("This is not your password.")}, 422)
    guesses.forget(me)
    try:
        password_hash = passwords.hashed(form.get("password", ""), form.get("repeated", ""))
    except Invalid as error:
        return _profile(at_field(error), 422)
    operator = audit.write(
        lambda unit: operators.set_password(unit, int(me), password_hash), "profile.password", current_user.email
    )
    login_user(signed_in(operator))
    flash(_("Your password was changed. All your other sessions were ended."), "success")
    return redirect(url_for("profile.index"), 303)


@bp.post("/theme")
@role_required("viewer")
def choose_theme() -> Response:
    response = redirect(_same_site_referrer(), 303)
    chosen = request.form.get("theme")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=365 * 86400, samesite="Lax", httponly=True)
    return response


def _same_site_referrer() -> str:
    referrer = request.referrer or ""
    return referrer if referrer.startswith(request.host_url) else url_for("overview.index")


def _profile(errors: dict[str, str], status: int = 200) -> Response:
    return page("operators/profile.html", status=status, errors=errors)
