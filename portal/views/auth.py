"""Logging in and out, and the one-time page that creates the first admin."""

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from ocpp_server.models import Operator
from ocpp_server.services.access import operators
from ocpp_server.services.errors import Invalid
from ocpp_server.throttle import Throttle
from portal import audit, passwords
from portal.auth import public, role_required, signed_in
from portal.context import store
from portal.formats import duration
from portal.htmx import page
from portal.wording import at_field

bp = Blueprint("auth", __name__)

#: A mistyped password costs nothing; guessing does. An office shares one address, so that gets more tries.
by_account = Throttle(free=5)
by_address = Throttle(free=20)


@bp.get("/login")
@public
def login() -> Response:
    if current_user.is_authenticated:
        return redirect(next_address())
    return _login_page()


@bp.post("/login")
@public
def log_in() -> Response:
    email = operators.normal_email(request.form.get("email", ""))[:255]
    wait = max(by_account.wait(email), by_address.wait(_address()))
    if wait:
        return _login_page(429, error=_too_often(wait))
    by_account.fail(email)
    by_address.fail(_address())
    operator = operators.find(email)
    right = passwords.is_right(operator, request.form.get("password", ""))
    if operator is None or not right:
        _record_failure(email)
        return _login_page(422, error=_("This address and password do not belong together."))
    by_account.forget(email)
    by_address.take_back(_address())
    _begin_session(operator, "access.log-in")
    return redirect(next_address(), 303)


@bp.post("/logout")
@role_required("viewer")
def logout() -> Response:
    audit.write(lambda unit: None, "access.log-out")
    logout_user()
    return redirect(url_for("auth.login"), 303)


@bp.get("/setup/<token>")
@public
def setup(token: str) -> Response:
    _check_setup(token)
    return page("setup.html", errors={}, values={})


@bp.post("/setup/<token>")
@public
def create_first_admin(token: str) -> Response:
    _check_setup(token)
    form = request.form
    try:
        operators.check_email(operators.normal_email(form.get("email", "")))
        password_hash = passwords.hashed(form.get("password", ""), form.get("repeated", ""))
        operator = store().write(
            lambda unit: operators.set_up(
                unit, token, form.get("email", ""), password_hash=password_hash, name=form.get("name", "")
            )
        )
    except Invalid as error:
        return page("setup.html", status=422, errors=at_field(error), values=form)
    _begin_session(operator, "access.set-up")
    flash(_("Welcome. Your yard is ready for its first station."), "success")
    return redirect(url_for("overview.index"), 303)


def next_address() -> str:
    """Where `?next=` leads, if that is a page of ours."""
    address = request.args.get("next", "")
    is_ours = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if is_ours and address.isprintable() else url_for("overview.index")


def _login_page(status: int = 200, error: str = "") -> Response:
    return page("login.html", status=status, error=error, email=request.form.get("email", ""))


def _begin_session(operator: Operator, action: str) -> None:
    login_user(signed_in(operator), remember=False)
    audit.write(lambda unit: operators.logged_in(unit, operator.id), action)


def _record_failure(email: str) -> None:
    """Whom they meant to be; not what they typed where that is no address: it may be the password."""
    try:
        operators.check_email(email)
    except Invalid:
        email = ""
    actor = audit.named(email)
    store().write(lambda unit: actor.record(unit, "access.log-in", result="refused"))


def _address() -> str:
    return request.remote_addr or ""


def _too_often(wait: timedelta) -> str:
    seconds = timedelta(seconds=int(wait.total_seconds()) + 1)
    return _("Too many wrong passwords. Try again in %(time)s.", time=duration(seconds))


def _check_setup(token: str) -> None:
    wait = by_address.wait(_address())
    if wait:
        abort(429)
    if not operators.setup_token_is_valid(token):
        by_address.fail(_address())
        abort(404)
