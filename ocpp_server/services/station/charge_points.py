"""Adding, changing and removing stations."""

from collections.abc import Iterable
from typing import Any

from ocpp_server import clock, stations
from ocpp_server.models import ChargePoint
from ocpp_server.models.charge_points import ACCEPTED, PENDING, REJECTED
from ocpp_server.services.errors import Invalid
from ocpp_server.services.station import credentials, refusals
from ocpp_server.store import Unit

REGISTRATIONS = (ACCEPTED, PENDING, REJECTED)
MAX_LENGTH = 255
#: The security profile that is chosen, and does not follow from whether there is a password (whitepaper section 2).
TLS_WITH_PASSWORD = 2
_EDITABLE = {"label", "location", "registration", "security_profile", "strict_subprotocol", "spontaneous_calls"}

new_password = credentials.generate


def identity_key(identity: str) -> str:
    """How identities are compared: without regard to case."""
    return identity.casefold()


def find(identity: str) -> ChargePoint | None:
    """The station of that identity, unless it was deleted. Needs a connection."""
    if not identity.isprintable():
        # None is called so (see `add`), and PostgreSQL does not even compare with the character 0.
        return None
    # Each handshake asks this, and composing the statement takes peewee longer than all the rest of a handshake.
    wanted = (
        f"SELECT * FROM charge_point WHERE identity_key = {ChargePoint._meta.database.param} AND deleted_at IS NULL"  # noqa: S608
    )
    return next(iter(ChargePoint.raw(wanted, identity_key(identity))), None)


def find_all(identities: Iterable[str]) -> dict[str, ChargePoint]:
    """The stations of those identities by their key, in one query; deleted ones are left out. Needs a connection."""
    keys = {identity_key(identity) for identity in identities if identity.isprintable()}
    query = ChargePoint.select().where(ChargePoint.identity_key.in_(keys), ChargePoint.deleted_at.is_null())
    return {row.identity_key: row for row in query} if keys else {}


def add(
    unit: Unit,
    identity: str,
    *,
    registration: str = ACCEPTED,
    label: str = "",
    location: str = "",
    password: str | None = None,
    security_profile: int | None = None,
) -> ChargePoint:
    """Register a station; one that was deleted comes back with its history.

    Raises Invalid for `identity`, `registration` or `password`.
    """
    identity = identity.strip()
    check_identity(identity)
    _check_registration(registration)
    _check_texts({"label": label, "location": location})
    values = {
        "identity": identity,
        "registration": registration,
        "told_registration": None,
        "label": label.strip(),
        "location": location.strip(),
        "password_hash": _hash(password),
        "new_password_hash": None,
        "security_profile": security_profile if security_profile is not None else int(bool(password)),
        "deleted_at": None,
    }
    known = ChargePoint.get_or_none(ChargePoint.identity_key == identity_key(identity))
    if known is not None and known.deleted_at is None:
        raise Invalid("identity", "A station called %(identity)s exists already.", identity=known.identity)
    if known is None:
        known = ChargePoint(identity_key=identity_key(identity), created_at=clock.now())
    _save(unit, known, values)
    refusals.forget(unit, identity, refusals.UNKNOWN + refusals.CREDENTIALS)
    return known


def update(unit: Unit, charge_point_id: int, **fields: Any) -> ChargePoint:
    """Change what an operator may change: label, location, registration and the switches."""
    unknown = set(fields) - _EDITABLE
    if unknown:
        raise Invalid(min(unknown), "This cannot be changed.")
    if "registration" in fields:
        _check_registration(fields["registration"])
    _check_texts(fields)
    charge_point = ChargePoint.get_by_id(charge_point_id)
    _save(unit, charge_point, fields)
    if fields.get("strict_subprotocol") is False:
        refusals.forget(unit, charge_point.identity, refusals.SUBPROTOCOL)
    return charge_point


def set_password(unit: Unit, charge_point_id: int, password: str | None) -> ChargePoint:
    """Give a station another password, or with None take it away. Raises Invalid for `password`."""
    charge_point = ChargePoint.get_by_id(charge_point_id)
    if password is None and charge_point.security_profile == TLS_WITH_PASSWORD:
        raise Invalid("password", "Security profile 2 needs a password. Choose another profile first.")
    _take_password(unit, charge_point, _hash(password))
    return charge_point


def accept_key(unit: Unit, charge_point_id: int, value: str) -> None:
    """Take over a key that the station has accepted as its AuthorizationKey, whatever its length.

    From now on only this one counts (whitepaper A01.FR.03).
    """
    _take_password(unit, ChargePoint.get_by_id(charge_point_id), _hash_of_key(value))


def expect_key(unit: Unit, charge_point_id: int, value: str) -> None:
    """A key that the station takes over when it restarts (RebootRequired), or may have taken without saying so.

    The whitepaper names Accepted, Rejected and NotSupported only. A connection that drops before the restart comes
    back with the old key and could never be told to restart if that were refused, so both count until it uses the new.
    """
    _save(unit, ChargePoint.get_by_id(charge_point_id), {"new_password_hash": _hash_of_key(value)})


def adopt_new_key(unit: Unit, charge_point_id: int, password_hash: str | None) -> None:
    """The station has come with the key of this hash, which was expected: from now on only that one counts."""
    charge_point = ChargePoint.get_by_id(charge_point_id)
    if password_hash is not None and charge_point.new_password_hash == password_hash:
        _take_password(unit, charge_point, password_hash)


def _take_password(unit: Unit, charge_point: ChargePoint, password_hash: str | None) -> None:
    values: dict[str, Any] = {"password_hash": password_hash, "new_password_hash": None}
    if charge_point.security_profile in (0, 1):
        values["security_profile"] = int(password_hash is not None)
    _save(unit, charge_point, values)
    refusals.forget(unit, charge_point.identity, refusals.CREDENTIALS)


def delete(unit: Unit, charge_point_id: int) -> None:
    """Take a station out of every list. Its sessions, cards and messages stay."""
    charge_point = ChargePoint.get_by_id(charge_point_id)
    _save(unit, charge_point, {"deleted_at": clock.now()})
    unit.after_commit(lambda: stations.disconnect(charge_point_id, "the station was deleted"))
    refusals.forget(unit, charge_point.identity, refusals.EVERY)


def _save(unit: Unit, charge_point: ChargePoint, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(charge_point, name, value)
    charge_point.save()
    unit.after_commit(lambda: stations.refresh(charge_point))
    unit.publish("charge-points", f"charge-point-{charge_point.id}")


def check_identity(identity: str) -> None:
    """Raises Invalid for what no station can be called."""
    if not identity:
        raise Invalid("identity", "Type the identity that the station uses; it is often its serial number.")
    # The key can be longer than the identity itself: some letters become two when folded.
    if len(identity) > MAX_LENGTH or len(identity_key(identity)) > MAX_LENGTH:
        raise Invalid("identity", "An identity has 255 characters at most.")
    if "/" in identity or not identity.isprintable():
        raise Invalid("identity", "An identity has no slash and no invisible characters.")


def _check_texts(fields: dict[str, Any]) -> None:
    for name in ("label", "location"):
        text = fields.get(name, "")
        if len(text) > MAX_LENGTH:
            raise Invalid(name, "This has 255 characters at most.")
        if "\0" in text:
            raise Invalid(name, "Use visible characters only.")


def _check_registration(registration: str) -> None:
    if registration not in REGISTRATIONS:
        raise Invalid("registration", "Choose one of %(choices)s.", choices=", ".join(REGISTRATIONS))


def _hash(password: str | None) -> str | None:
    if password is None:
        return None
    try:
        return credentials.hash_key(credentials.key_bytes(password))
    except ValueError as error:
        raise Invalid(
            "password",
            "A station's password has 16 to 20 characters, or 32 to 40 hex digits.",
        ) from error


def _hash_of_key(value: str) -> str:
    try:
        key = credentials.key_bytes(value)
    except ValueError:
        key = value.encode()
    return credentials.hash_key(key)
