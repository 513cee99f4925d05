"""Secrets that must wait in the database until they are sent: encrypted with the key in the data folder."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

_box: Fernet | None = None


def use_key(key: bytes) -> None:
    """Seal and open with a key derived from this one from now on."""
    global _box
    _box = Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"sealing" + key).digest()))


def seal(text: str) -> str:
    """Encrypt a text."""
    return _the_box().encrypt(text.encode()).decode()


def unseal(token: str) -> str | None:
    """The text, or None where it was sealed with another key."""
    try:
        return _the_box().decrypt(token.encode()).decode()
    except InvalidToken:
        return None


def _the_box() -> Fernet:
    if _box is None:
        raise RuntimeError("sealing.use_key has not been called")
    return _box
