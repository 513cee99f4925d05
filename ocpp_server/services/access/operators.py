"""The people who log in: adding them, their passwords, their roles, and the link that creates the first of them.

Hashing a password takes a tenth of a second, so it never happens inside a unit of work: whatever writes takes the
finished hash. `hash_password` and `password_is_right` block; the portal calls them in a native thread.
"""

import hashlib
import hmac
import json
import re
import secrets
from datetime import timedelta
from functools import cache

from werkzeug.security import check_password_hash, generate_password_hash

from ocpp_server import clock
from ocpp_server.models import Operator, Setting
from ocpp_server.models.operators import ADMIN, ROLES, VIEWER
from ocpp_server.services.errors import Invalid
from ocpp_server.store import Unit

MIN_PASSWORD, MAX_PASSWORD = 10, 200
SETUP_KEY = "setup_token"
SETUP_LIFETIME = timedelta(hours=24)


# -- passwords ---------------------------------------------------------------------------------------------


def check_password(password: str, field: str = "password") -> None:
    """Raise Invalid for a password that is too short or absurdly long. Nothing else is asked of it."""
    if len(password) < MIN_PASSWORD:
        raise Invalid(field, "A password has %(least)s characters at least.", least=MIN_PASSWORD)
    if len(password) > MAX_PASSWORD:
        raise Invalid(field, "A password has %(most)s characters at most.", most=MAX_PASSWORD)


def hash_password(password: str) -> str:
    """A salted scrypt hash. Blocks for a tenth of a second."""
    return generate_password_hash(password)


def password_is_right(operator: Operator | None, password: str) -> bool:
    """Whether this is the operator's password. Takes as long where there is no such operator."""
    stored = operator.password_hash if operator else _nobody()
    matches = check_password_hash(stored, password[: MAX_PASSWORD + 1])
    return matches and operator is not None


@cache
def _nobody() -> str:
    return generate_password_hash(secrets.token_hex())


# -- people ------------------------------------------------------------------------------------------------


def normal_email(email: str) -> str:
    """How addresses are stored and compared."""
    return email.strip().casefold()


def find(email: str) -> Operator | None:
    """The operator with this address who may log in. Needs a connection."""
    return Operator.get_or_none(Operator.email == normal_email(email), Operator.disabled_at.is_null())


def add(unit: Unit, email: str, *, password_hash: str, role: str = VIEWER, name: str = "") -> Operator:
    """Add someone. Raises Invalid for `email` or `role`."""
    email = normal_email(email)
    check_email(email)
    _check_role(role)
    if Operator.get_or_none(Operator.email == email):
        raise Invalid("email", "Somebody has this address already.")
    return Operator.create(
        email=email,
        name=name.strip()[:255],
        password_hash=password_hash,
        role=role,
        session_key=secrets.token_hex(16),
        created_at=clock.now(),
    )


def set_role(unit: Unit, operator_id: int, role: str) -> Operator:
    """Change what someone may do. Raises Invalid for `role`, also where no admin would be left."""
    _check_role(role)
    return _change(operator_id, "role", role=role)


def disable(unit: Unit, operator_id: int) -> Operator:
    """Keep someone from logging in, and end their sessions. Raises Invalid where no admin would be left."""
    return _change(operator_id, "disabled", disabled_at=clock.now(), session_key=secrets.token_hex(16))


def enable(unit: Unit, operator_id: int) -> Operator:
    """Let someone log in again."""
    return _change(operator_id, "disabled", disabled_at=None)


def set_password(unit: Unit, operator_id: int, password_hash: str) -> Operator:
    """Give someone another password, which ends all their sessions."""
    return _change(operator_id, "password", password_hash=password_hash, session_key=secrets.token_hex(16))


def rename(unit: Unit, operator_id: int, name: str) -> Operator:
    """Change what someone is called."""
    return _change(operator_id, "name", name=name.strip()[:255])


def logged_in(unit: Unit, operator_id: int) -> None:
    """Remember when someone was last here."""
    _change(operator_id, "email", last_login_at=clock.now())


def _change(operator_id: int, field: str, **values: object) -> Operator:
    operator = Operator.get_by_id(operator_id)
    was_admin = operator.role == ADMIN and operator.disabled_at is None
    for name, value in values.items():
        setattr(operator, name, value)
    operator.save()
    if was_admin and not _admins_remain():
        raise Invalid(field, "This is the last admin who can log in. Make somebody else an admin first.")
    return operator


def _admins_remain() -> bool:
    return Operator.select().where(Operator.role == ADMIN, Operator.disabled_at.is_null()).exists()


def check_email(email: str) -> None:
    """Raise Invalid for what cannot be an address."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email) or len(email) > 255:
        raise Invalid("email", "Type an e-mail address, like anna@example.com.")


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Invalid("role", "Choose one of %(choices)s.", choices=", ".join(ROLES))


# -- the first start ---------------------------------------------------------------------------------------


def new_setup_token(unit: Unit) -> str | None:
    """A one-time token for the page that creates the first admin; None once there is anybody.

    Each start makes a new one, which ends the one before. Only its hash is stored.
    """
    Setting.delete().where(Setting.key == SETUP_KEY).execute()
    if Operator.select().exists():
        return None
    token = secrets.token_urlsafe(24)
    value = {"hash": _hash_token(token), "expires_at": clock.to_ms(clock.now() + SETUP_LIFETIME)}
    Setting.create(key=SETUP_KEY, value=json.dumps(value))
    return token


def setup_token_is_valid(token: str) -> bool:
    """Whether this token still creates the first admin. Needs a connection."""
    setting = Setting.get_or_none(Setting.key == SETUP_KEY)
    if setting is None or Operator.select().exists():
        return False
    value = json.loads(setting.value)
    right = hmac.compare_digest(value["hash"], _hash_token(token))
    return right and clock.to_ms(clock.now()) < value["expires_at"]


def set_up(unit: Unit, token: str, email: str, *, password_hash: str, name: str = "") -> Operator:
    """Create the first admin and use up the token. Raises Invalid for `token` or `email`."""
    if not setup_token_is_valid(token):
        raise Invalid("token", "This link was used already or is too old. Start Chargeyard again for a new one.")
    operator = add(unit, email, password_hash=password_hash, role=ADMIN, name=name)
    Setting.delete().where(Setting.key == SETUP_KEY).execute()
    return operator


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
