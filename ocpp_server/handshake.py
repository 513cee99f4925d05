"""May this upgrade request become a charge point's socket? Decided before the upgrade, while HTTP can still say no.

Plain functions on the WSGI environ; the order is: a WebSocket at all, an identity, known, its credentials, its
subprotocol.
"""

import base64
import binascii
import math
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

from ocpp_server.models import ChargePoint
from ocpp_server.services.station import charge_points, credentials
from ocpp_server.throttle import Throttle

SUBPROTOCOL = "ocpp1.6"
#: Security profiles (whitepaper section 2): those that need a password, and the first of those that need TLS.
_WITH_PASSWORD, _TLS = (1, 2), 2
#: Wrong passwords, by identity and address: whoever guesses holds up neither the station elsewhere nor others behind
#: the same address. The longest pause is short, as a station is let in again as soon as its password was mended.
guesses = Throttle(free=5, longest=timedelta(minutes=1))


class Refused(Exception):
    """The handshake is refused: `status` is the HTTP status, `reason` a word of models.Refusal.

    `retry_after` are the seconds after which the next try is looked at, or 0.
    """

    def __init__(self, status: int, reason: str, detail: str, retry_after: int = 0) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after


class AnySpelling(list):
    """The subprotocols we speak, matched as stations spell them (quirk 2)."""

    def __contains__(self, offered: object) -> bool:
        return isinstance(offered, str) and offered.strip().lower() == SUBPROTOCOL


SUBPROTOCOLS = AnySpelling([SUBPROTOCOL])


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade request says, and from where."""

    address: str
    host: str
    path: str
    identity: str
    upgrade: str
    connection: str
    version: str
    key: str
    offered: tuple[str, ...]
    authorization: bytes
    is_secure: bool

    @classmethod
    def from_environ(cls, environ: dict[str, str]) -> "Upgrade":
        path = environ.get("RAW_PATH") or environ.get("PATH_INFO", "")
        protocols = environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "")
        return cls(
            address=environ.get("REMOTE_ADDR", ""),
            host=environ.get("HTTP_HOST", ""),
            path=path,
            identity=identity_of(path),
            upgrade=environ.get("HTTP_UPGRADE", "").lower(),
            connection=environ.get("HTTP_CONNECTION", "").lower(),
            version=environ.get("HTTP_SEC_WEBSOCKET_VERSION", "").strip(),
            key=environ.get("HTTP_SEC_WEBSOCKET_KEY", "").strip(),
            offered=tuple(word.strip() for word in protocols.split(",") if word.strip()),
            authorization=environ.get("HTTP_AUTHORIZATION", "").encode("latin-1", "replace"),
            is_secure=environ.get("wsgi.url_scheme") in ("https", "wss"),
        )


def identity_of(path: str) -> str:
    """The last path segment that is not empty, decoded once (J 3.1.1).

    Quirk 3: a whole address may be the request target, or be typed in as the path.
    """
    path = path.partition("?")[0]
    _, scheme, address = path.rpartition("://")
    if scheme:
        path = address.partition("/")[2]
    segments = [segment for segment in path.split("/") if segment]
    if not segments or segments == ["ocpp"]:
        return ""
    return unquote(segments[-1])


def admit(upgrade: Upgrade, *, strict_subprotocol: bool) -> ChargePoint:
    """The station that may connect. Needs a connection to the database. Raises Refused."""
    _check_websocket(upgrade)
    if not upgrade.identity:
        raise Refused(404, "no_identity", "The address has no identity behind the last slash.")
    charge_point = charge_points.find(upgrade.identity)
    if charge_point is None:
        raise Refused(404, "unknown_identity", f"No station is called {upgrade.identity}.")
    if charge_point.security_profile >= _TLS and not upgrade.is_secure:
        detail = f"The station's security profile is {charge_point.security_profile}, and it came without TLS."
        raise Refused(403, "insecure", detail)
    _check_credentials(upgrade, charge_point)
    own = charge_point.strict_subprotocol
    _check_subprotocol(upgrade, strict_subprotocol if own is None else own)
    return charge_point


def _check_websocket(upgrade: Upgrade) -> None:
    if upgrade.upgrade != "websocket":
        raise Refused(426, "not_websocket", "This address speaks WebSocket, and the request was plain HTTP.")
    if "upgrade" not in upgrade.connection:
        raise Refused(400, "not_websocket", "The request lacks the header Connection: Upgrade.")
    if upgrade.version != "13" or not _is_key(upgrade.key):
        raise Refused(400, "not_websocket", "The request is no WebSocket handshake of version 13.")


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _check_credentials(upgrade: Upgrade, charge_point: ChargePoint) -> None:
    """HTTP Basic: the user is the identity, the password the station's key, as bytes (J 6.2.2, A00.FR.204)."""
    if charge_point.password_hash is None:
        if charge_point.security_profile in _WITH_PASSWORD:
            detail = f"The station's security profile is {charge_point.security_profile}, and it has no password here."
            raise Refused(401, "missing_credentials", detail)
        return
    if not upgrade.authorization:
        raise Refused(401, "missing_credentials", "The station has a password here, but it sent none.")
    guesser = f"{charge_point.identity_key} {upgrade.address}"
    _check_guesses(guesser)
    guesses.fail(guesser)
    user, password = parse_basic(upgrade.authorization)
    if charge_points.identity_key(user) != charge_point.identity_key:
        raise Refused(401, "wrong_credentials", f"The user name {user[:50]!r} is not the station's identity.")
    if not any(credentials.verify(stored, password) for stored in _passwords(charge_point)):
        raise Refused(401, "wrong_credentials", "The password is not the station's.")
    guesses.forget(guesser)


def _passwords(charge_point: ChargePoint) -> list[str]:
    """Those that open: the station's, and the one that it takes over at its next restart."""
    return [stored for stored in (charge_point.password_hash, charge_point.new_password_hash) if stored]


def brings_new_key(upgrade: Upgrade, charge_point: ChargePoint) -> bool:
    """Whether a station that was admitted came with the key that it was to take over at a restart."""
    if charge_point.new_password_hash is None:
        return False
    try:
        _user, password = parse_basic(upgrade.authorization)
    except Refused:
        # It needs no password so far.
        return False
    return credentials.verify(charge_point.new_password_hash, password)


def _check_guesses(guesser: str) -> None:
    pause = math.ceil(guesses.wait(guesser).total_seconds())
    if pause:
        detail = f"Too many wrong passwords in a row: the next is looked at in {pause} s."
        raise Refused(429, "wrong_credentials", detail, retry_after=pause)


def parse_basic(header: bytes) -> tuple[str, bytes]:
    """User and password bytes, split at the first colon. Not werkzeug's: it needs passwords to be UTF-8."""
    scheme, _, encoded = header.strip().partition(b" ")
    try:
        if scheme.lower() != b"basic":
            raise ValueError("another scheme")
        user, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except ValueError as error:
        raise Refused(401, "wrong_credentials", "The Authorization header is not HTTP Basic.") from error
    return user.decode("utf-8", "replace"), password


def _check_subprotocol(upgrade: Upgrade, strict: bool) -> None:
    """Only foreign ones are refused (TC_088); none at all is taken for 1.6 unless told otherwise (quirk 1)."""
    if not upgrade.offered:
        if strict:
            raise Refused(400, "no_subprotocol", "The station names no subprotocol, and it must offer ocpp1.6.")
    elif not any(offer in SUBPROTOCOLS for offer in upgrade.offered):
        raise Refused(400, "subprotocol", f"The station offers only {', '.join(upgrade.offered)[:100]}, not ocpp1.6.")
