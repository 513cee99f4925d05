"""Tokens of this API, for admins: made, shown once, revoked."""

from typing import Any

from ocpp_server.models import ApiToken
from ocpp_server.models.operators import ADMIN, ROLES
from ocpp_server.services.access import api_tokens
from portal import audit
from portal.api import paging
from portal.api.operation import Reply, operation
from portal.api.problems import missing
from portal.api.routing import PREFIX
from portal.api.schema import ID, PAGING, STRING, TIME, body, one_of, or_null, page_of, record, text
from portal.api.values import time

TAG = "API tokens"
ORDER = paging.Order((ApiToken.id,), descending=True)
TOKEN = record(
    id=ID,
    name=STRING,
    role=one_of(ROLES),
    created_by=STRING,
    created_at=TIME,
    last_used_at={**or_null(TIME), "description": "To a few minutes."},
    revoked_at=or_null(TIME),
)
_MADE = record(**TOKEN["properties"], token={**STRING, "description": "The token itself. Nobody can read it again."})


@operation("GET", "/tokens", "List API tokens, newest first", tag=TAG, role=ADMIN, answer=page_of(TOKEN), query=PAGING)
def index(query: dict[str, Any]) -> dict[str, Any]:
    return paging.part(ApiToken.select(), ORDER, query, paging.each(_token))


@operation(
    "POST",
    "/tokens",
    "Make an API token",
    tag=TAG,
    role=ADMIN,
    body=body(["name", "role"], name=text(api_tokens.MAX_NAME, minLength=1), role=one_of(ROLES)),
    answer=_MADE,
    status=201,
)
def create(body: dict[str, Any]) -> Reply:
    by = audit.who().who
    made, text = audit.write(
        lambda unit: api_tokens.add(unit, body["name"], body["role"], by=by),
        "token.add",
        lambda added: api_tokens.title(added[0]),
        f"role={body['role']}",
    )
    return Reply({**_token(made), "token": text}, 201, {"Location": f"{PREFIX}/tokens/{made.id}"})


@operation("GET", "/tokens/<int:token_id>", "Show an API token", tag=TAG, role=ADMIN, answer=TOKEN)
def show(token_id: int) -> dict[str, Any]:
    return _token(_fetch(token_id))


@operation("DELETE", "/tokens/<int:token_id>", "Revoke an API token: it opens nothing any more", tag=TAG, role=ADMIN)
def revoke(token_id: int) -> None:
    token = _fetch(token_id)
    audit.write(lambda unit: api_tokens.revoke(unit, token_id), "token.revoke", api_tokens.title(token))


def _fetch(token_id: int) -> ApiToken:
    token = ApiToken.get_or_none(ApiToken.id == token_id)
    if token is None:
        raise missing(f"token {token_id}")
    return token


def _token(row: ApiToken) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "created_by": row.created_by,
        "created_at": time(row.created_at),
        "last_used_at": time(row.last_used_at),
        "revoked_at": time(row.revoked_at),
    }
