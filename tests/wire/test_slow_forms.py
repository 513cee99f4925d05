"""Forms that never come whole keep nobody else out, stations least of all."""

import socket
import urllib.request
from collections.abc import Iterator
from contextlib import closing

import pytest

from portal import context
from tests.wire.yard import Yard

HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: 100\r\n"
    "Origin: http://127.0.0.1\r\n\r\n"
)
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
#: More than the database has connections.
MANY = 70


def begin(yard: Yard, kind: str) -> socket.socket:
    """The head of a form, and nothing of its body."""
    sock = socket.create_connection(("127.0.0.1", yard.port), timeout=10)
    sock.sendall(HEAD.format(path="/login", kind=kind).encode())
    return sock


@pytest.fixture(params=[FORM, PARTS])
def crowd(yard: Yard, request: pytest.FixtureRequest) -> Iterator[list[socket.socket]]:
    socks = [begin(yard, request.param) for _ in range(MANY)]
    yield socks
    for sock in socks:
        sock.close()


def test_stations_and_pages_are_served_beside_them(yard: Yard, crowd: list[socket.socket]) -> None:
    assert yard.connect().boot()["status"] == "Accepted"
    with urllib.request.urlopen(f"http://127.0.0.1:{yard.port}/login", timeout=5) as page:
        assert page.status == 200


def test_who_takes_too_long_is_told(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "FORM_SECONDS", 0.1)
    with closing(begin(yard, FORM)) as sock:
        assert sock.recv(4096).startswith(b"HTTP/1.1 408")


def test_a_stranger_sends_forms_only(yard: Yard) -> None:
    with closing(begin(yard, PARTS)) as sock:
        assert sock.recv(4096).startswith(b"HTTP/1.1 415")
