"""Who is logged in and what they may do. Nothing is open unless its view says so.

Roles: a viewer sees everything and changes nothing, an operator runs the yard, an admin also manages operators and
settings. Each request passes one gate here, which reads what the view declared:

* nothing: GET needs a log-in, anything else needs an operator;
* `@role_required("admin")`: every method needs that role at least;
* `@public`: needs no log-in.

`can("operator")` answers in views and templates what the person at hand may do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, redirect, request, url_for
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response

from ocpp_server.models import Operator
from ocpp_server.models.operators import ADMIN, OPERATOR, VIEWER
from ocpp_server.store import Store
from portal.context import store
from portal.htmx import is_htmx
from portal.security import SAFE_METHODS

RANKS = {VIEWER: 0, OPERATOR: 1, ADMIN: 2}

#: Served by others, who check credentials of their own.
ELSEWHERE = ("/ocpp/", "/api/")

View = TypeVar("View", bound=Callable)

login_manager = LoginManager()


@dataclass(frozen=True)
class SignedIn(UserMixin):
    """The operator of this request. The session names the operator's key too, so a new key ends it."""

    id: int
    email: str
    name: str
    role: str
    session_key: str

    def get_id(self) -> str:
        return f"{self.id}:{self.session_key}"

    def may(self, role: str) -> bool:
        """Whether this person has at least that role."""
        return RANKS[self.role] >= RANKS[role]


def signed_in(operator: Operator) -> SignedIn:
    """The operator as flask-login wants them."""
    return SignedIn(operator.id, operator.email, operator.name, operator.role, operator.session_key)


def public(view: View) -> View:
    """Declare that a view needs no log-in."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def role_required(role: str) -> Callable[[View], View]:
    """Declare the least role that a view needs, whatever the method."""
    if role not in RANKS:
        raise ValueError(f"there is no role {role!r}")

    def declare(view: View) -> View:
        view.required_role = role  # type: ignore[attr-defined]
        return view

    return declare


def can(role: str) -> bool:
    """Whether the person at hand has at least that role."""
    return current_user.is_authenticated and current_user.may(role)


def init(app: Flask) -> None:
    login_manager.init_app(app)
    app.before_request(_gate)
    app.jinja_env.globals["can"] = can


@login_manager.user_loader
def load(session_id: str) -> SignedIn | None:
    """The operator that a session names, unless disabled or given a new key since."""
    operator = _find(store(), session_id)
    return None if operator is None else signed_in(operator)


def is_valid(store: Store, session_id: str) -> bool:
    """Whether a session still holds; for those who have no request any more."""
    return _find(store, session_id) is not None


def _find(store: Store, session_id: str) -> Operator | None:
    operator_id, _, session_key = session_id.partition(":")
    if not operator_id.isdecimal():
        return None
    with store.reading():
        return Operator.get_or_none(
            Operator.id == int(operator_id),
            Operator.session_key == session_key,
            Operator.disabled_at.is_null(),
        )


@login_manager.unauthorized_handler
def ask_to_log_in() -> Response:
    """To the log-in page; htmx is told to take the whole browser there, not to put the page into a fragment."""
    address = url_for("auth.login", next=_return_address())
    if is_htmx():
        response = Response(status=401)
        response.headers["HX-Redirect"] = address
        return response
    return redirect(address)


def _return_address() -> str | None:
    """The page to come back to: what was asked for, or for htmx the page that asked."""
    if is_htmx():
        address = urlsplit(request.headers.get("HX-Current-URL", ""))
        return f"{address.path}?{address.query}".rstrip("?").rstrip("/") or None
    if request.method not in SAFE_METHODS or request.path == "/":
        return None
    return request.full_path.rstrip("?")


def _gate() -> Response | None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint == "static" or request.path.startswith(ELSEWHERE):
        return None
    if getattr(view, "is_public", False):
        return None
    if not current_user.is_authenticated:
        return ask_to_log_in()
    needed = getattr(view, "required_role", VIEWER if request.method in SAFE_METHODS else OPERATOR)
    if not can(needed):
        abort(403)
    return None
