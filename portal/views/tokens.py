"""Tokens of the REST API, for admins: made, shown once, revoked."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from ocpp_server.models import ApiToken
from ocpp_server.models.operators import VIEWER
from ocpp_server.services.access import api_tokens
from ocpp_server.services.errors import Invalid
from portal import audit
from portal.auth import role_required
from portal.context import settings
from portal.htmx import page
from portal.navigation import Nav
from portal.wording import at_field

bp = Blueprint("tokens", __name__, url_prefix="/settings/tokens")
nav = Nav(lazy_gettext("API tokens"), "key", 92, "tokens.index", role="admin")


@bp.get("")
@role_required("admin")
def index() -> Response:
    return _list()


@bp.post("")
@role_required("admin")
def create() -> Response:
    """Answers with the token itself rather than a redirect: nobody, not even the session, keeps it."""
    name, role, by = request.form.get("name", ""), request.form.get("role", ""), audit.who().who
    try:
        token, text = audit.write(
            lambda unit: api_tokens.add(unit, name, role, by=by),
            "token.add",
            lambda added: api_tokens.title(added[0]),
            f"role={role}",
        )
    except Invalid as error:
        return _list(422, errors=at_field(error), values=request.form.to_dict())
    return _list(made=token, text=text)


@bp.post("/<int:token_id>/revoke")
@role_required("admin")
def revoke(token_id: int) -> Response:
    token = ApiToken.get_or_none(ApiToken.id == token_id) or abort(404)
    audit.write(lambda unit: api_tokens.revoke(unit, token_id), "token.revoke", api_tokens.title(token))
    flash(_("%(name)s was revoked. It opens nothing any more.", name=token.name), "success")
    return redirect(url_for("tokens.index"), 303)


def _list(
    status: int = 200,
    *,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    made: ApiToken | None = None,
    text: str = "",
) -> Response:
    return page(
        "tokens/index.html",
        status=status,
        tokens=list(api_tokens.everything()),
        errors=errors or {},
        values=values or {"role": VIEWER},
        made=made,
        text=text,
        address=f"{settings().portal_url}/api/v1",
    )
