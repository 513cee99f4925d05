"""Passwords of charge points (security profile 1): machine-made keys of 16 to 20 bytes.

They are random, so a fast keyed hash protects them as well as a slow one would, and a yard that reconnects at
once is not held up by hashing (OCPP-J section 6.2.2, whitepaper A00.FR.205).
"""

import hashlib
import hmac
import secrets
import string

MIN_BYTES, MAX_BYTES = 16, 20
_ALPHABET = string.ascii_letters + string.digits


def generate() -> str:
    """A new password of 20 letters and digits, easy to type into a station's own page."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(MAX_BYTES))


def key_bytes(password: str) -> bytes:
    """The key that a password stands for: 32 to 40 hex digits are the bytes they spell, else its own bytes.

    Raises ValueError where that is not 16 to 20 bytes.
    """
    key = _from_hex(password.encode())
    if key is None:
        key = password.encode()
    if not MIN_BYTES <= len(key) <= MAX_BYTES:
        raise ValueError(f"{len(key)} bytes instead of {MIN_BYTES} to {MAX_BYTES}")
    return key


def hash_key(key: bytes) -> str:
    """`hmac-sha256$<salt>$<digest>`, to be stored."""
    salt = secrets.token_bytes(16)
    return f"hmac-sha256${salt.hex()}${_digest(salt, key)}"


def verify(stored: str, presented: bytes) -> bool:
    """Whether these bytes, or the bytes that they spell in hex, are the key (quirk 7: stations send either)."""
    _, salt, digest = stored.split("$")
    plain = hmac.compare_digest(digest, _digest(bytes.fromhex(salt), presented))
    decoded = _from_hex(presented)
    spelled = decoded is not None and hmac.compare_digest(digest, _digest(bytes.fromhex(salt), decoded))
    return plain or spelled


def _from_hex(text: bytes) -> bytes | None:
    if not 2 * MIN_BYTES <= len(text) <= 2 * MAX_BYTES:
        return None
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return None


def _digest(salt: bytes, key: bytes) -> str:
    return hmac.new(salt, key, hashlib.sha256).hexdigest()
