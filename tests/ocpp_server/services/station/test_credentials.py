"""Passwords of charge points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_server.services.station import credentials

KEYS = st.binary(min_size=16, max_size=20)


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("0123456789abcdeX", b"0123456789abcdeX"),
        ("x" * 20, b"x" * 20),
        ("ä" * 10, "ä".encode() * 10),
        ("00" * 16, b"\0" * 16),
        ("fF" * 20, b"\xff" * 20),
        # 16 to 20 hex digits are too few to be hex: they are the password itself.
        ("0123456789abcdef", b"0123456789abcdef"),
    ],
)
def test_a_password_stands_for_its_bytes_or_for_those_that_it_spells(password, key):
    assert credentials.key_bytes(password) == key


@pytest.mark.parametrize("password", ["", "x" * 15, "x" * 21, "ä" * 11, "0" * 33, "0" * 42, "00 " * 12, "g" * 32])
def test_a_password_of_another_length_is_refused(password):
    with pytest.raises(ValueError, match="instead of 16 to 20"):
        credentials.key_bytes(password)


def test_a_new_password_is_usable_and_new():
    passwords = {credentials.generate() for _ in range(100)}
    assert len(passwords) == 100
    assert all(len(password) == 20 and password.isalnum() for password in passwords)
    assert all(credentials.key_bytes(password) == password.encode() for password in passwords)


@given(KEYS)
def test_a_key_is_known_as_bytes_and_in_hex(key):
    stored = credentials.hash_key(key)
    assert credentials.verify(stored, key)
    assert credentials.verify(stored, key.hex().encode())
    assert credentials.verify(stored, key.hex().upper().encode())


@given(KEYS, st.binary(max_size=50))
def test_other_bytes_are_not_the_key(key, other):
    if other not in (key, key.hex().encode()):
        assert not credentials.verify(credentials.hash_key(key), other) or bytes.fromhex(other.decode()) == key


def test_the_same_key_is_stored_differently_each_time():
    assert credentials.hash_key(b"x" * 16) != credentials.hash_key(b"x" * 16)
