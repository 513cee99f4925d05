"""Who may enter: `Authorization: Bearer cy_…`, asked of every address under /api, known or not."""

from flask import Flask, g, request
from werkzeug.wrappers import Response

from ocpp_server.models import ApiToken
from ocpp_server.services.access import api_tokens
from portal.api.problems import Problem
from portal.auth import RANKS
from portal.context import store

PREFIX = "/api/"
#: The description of the API tells nothing about the yard.
OPEN = {"api.document.show"}


def init(app: Flask) -> None:
    app.before_request(_gate)


def _gate() -> Response | None:
    if not request.path.startswith(PREFIX) or request.endpoint in OPEN:
        return None
    try:
        g.api_token = authenticate()
    except Problem as problem:
        return problem.response()
    return None


def authenticate() -> ApiToken:
    """The token that this request carries. Raises Problem where it carries none that works."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise _unauthorized("Send a token: Authorization: Bearer cy_…", "")
    with store().reading():
        token = api_tokens.find(text.strip())
    if token is None:
        raise _unauthorized("This token is unknown or was revoked.", ', error="invalid_token"')
    if not api_tokens.is_noted(token):
        store().post(lambda unit: api_tokens.used(unit, token.id))
    return token


def demand(role: str) -> None:
    """Raise Problem unless the token at hand has at least that role."""
    if RANKS[g.api_token.role] < RANKS[role]:
        raise Problem(403, f"This takes a token with the role {role}; yours is {g.api_token.role}.")


def _unauthorized(detail: str, more: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": f'Bearer realm="Chargeyard"{more}'})
