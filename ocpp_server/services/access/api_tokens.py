"""Tokens of the REST API: made, shown once, revoked.

A token is 32 random bytes, so its plain SHA-256 is as good as a slow hash and takes no time at each request.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from peewee import ModelSelect

from ocpp_server import clock
from ocpp_server.models import ApiToken
from ocpp_server.models.operators import ROLES
from ocpp_server.services.errors import Invalid
from ocpp_server.store import Unit

#: By this people and secret scanners recognise one.
PREFIX = "cy_"
MAX_NAME = 100
#: The last use is noted this coarsely, so that a busy client does not cause a write per request.
NOTED_EVERY = timedelta(minutes=5)

_USED = "UPDATE api_token SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)"


def add(unit: Unit, name: str, role: str, *, by: str) -> tuple[ApiToken, str]:
    """A new token: its row, and its text, which nobody can read again. Raises Invalid for `name` or `role`."""
    name = name.strip()
    if not name:
        raise Invalid("name", "Give it a name that says what uses it.")
    if len(name) > MAX_NAME or not name.isprintable():
        raise Invalid("name", "A name has %(most)s visible characters at most.", most=MAX_NAME)
    if role not in ROLES:
        raise Invalid("role", "Choose one of %(choices)s.", choices=", ".join(ROLES))
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.create(name=name, token_hash=_hash(text), role=role, created_by=by[:255], created_at=clock.now())
    return token, text


def revoke(unit: Unit, token_id: int) -> ApiToken:
    """From the next request on it opens nothing."""
    token = ApiToken.get_by_id(token_id)
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save()
    return token


def find(text: str) -> ApiToken | None:
    """The token of this text, unless it is revoked. Needs a connection."""
    if not text.startswith(PREFIX):
        return None
    return ApiToken.get_or_none(ApiToken.token_hash == _hash(text), ApiToken.revoked_at.is_null())


def title(token: ApiToken) -> str:
    """How records name whoever uses it; names need not be unique."""
    return f"token {token.id}: {token.name}"


def is_noted(token: ApiToken) -> bool:
    """Whether its last use is on record closely enough."""
    return token.last_used_at is not None and clock.now() - token.last_used_at < NOTED_EVERY


def used(unit: Unit, token_id: int) -> None:
    """Note that it was used just now, unless that was noted a moment ago."""
    now = clock.now()
    unit.execute(_USED, clock.to_ms(now), token_id, clock.to_ms(now - NOTED_EVERY))


def everything() -> "ModelSelect[Any]":
    """All tokens, those that work first. Needs a connection."""
    return ApiToken.select().order_by(ApiToken.revoked_at.is_null(False), ApiToken.id.desc())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
