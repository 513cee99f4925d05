"""Who may connect: the parts that need no socket."""

import base64
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_server import clock, handshake
from ocpp_server.handshake import Refused, Upgrade, identity_of, parse_basic
from ocpp_server.services.station import charge_points

PASSWORD = "0123456789abcdef"
KEY = base64.b64encode(b"x" * 16).decode()
ENVIRON = {
    "RAW_PATH": "/ocpp/CP-1",
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
    "HTTP_SEC_WEBSOCKET_KEY": KEY,
    "HTTP_SEC_WEBSOCKET_PROTOCOL": "ocpp1.6",
}


TLS = {"wsgi.url_scheme": "https"}


def basic(user, password):
    text = user.encode() + b":" + (password if isinstance(password, bytes) else password.encode())
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/ocpp/CP-1", "CP-1"),
        ("/ocpp/CP-1/", "CP-1"),
        ("/ocpp//CP-1//", "CP-1"),
        ("/CP-1", "CP-1"),
        ("/steve/websocket/CentralSystemService/CP-1", "CP-1"),
        ("/ocpp/CP-1?token=x", "CP-1"),
        ("/ocpp/CP-1?at=http://other/CP-2", "CP-1"),
        ("/ocpp/RDAM%20123", "RDAM 123"),
        ("/ocpp/a%2520b", "a%20b"),
        ("/ocpp/a%2Fb", "a/b"),
        ("/ocpp/a|b:c._-", "a|b:c._-"),
        ("/ocpp/%C3%A4", "ä"),
        ("/ocpp/%ff", "\N{REPLACEMENT CHARACTER}"),
        ("ws://example.com/ocpp/CP-1", "CP-1"),
        ("http://example.com:8080/CP-1/", "CP-1"),
        ("/ws://example.com/ocpp/CP-1", "CP-1"),
        ("/ocpp/wss://example.com/ocpp/CP-1", "CP-1"),
        ("ws://example.com", ""),
        ("/ocpp", ""),
        ("/ocpp/", ""),
        ("/", ""),
        ("", ""),
        ("/ocpp/OCPP", "OCPP"),
    ],
)
def test_the_identity_is_the_last_segment_decoded_once(path, identity):
    assert identity_of(path) == identity


@given(st.text())
def test_any_path_has_an_identity_or_none(path):
    assert isinstance(identity_of(path), str)


@pytest.mark.parametrize("offered", ["ocpp1.6", "OCPP1.6", " Ocpp1.6 "])
def test_the_subprotocol_is_matched_in_any_spelling(offered):
    assert offered in handshake.SUBPROTOCOLS


@pytest.mark.parametrize("offered", ["ocpp2.0.1", "ocpp1.5", "ocpp", "", None, "socpp1.6"])
def test_other_subprotocols_are_not_ours(offered):
    assert offered not in handshake.SUBPROTOCOLS


def test_subprotocols_are_split_however_they_are_spaced():
    upgrade = Upgrade.from_environ({**ENVIRON, "HTTP_SEC_WEBSOCKET_PROTOCOL": "ocpp2.0.1 ,, ocpp1.6"})
    assert upgrade.offered == ("ocpp2.0.1", "ocpp1.6")


def test_credentials_are_split_at_the_first_colon_and_stay_bytes():
    assert parse_basic(basic("CP-1", b"a:\xff\x00").encode()) == ("CP-1", b"a:\xff\x00")
    assert parse_basic(b"BASIC  " + base64.b64encode(b"u:p") + b" ") == ("u", b"p")
    assert parse_basic(b"Basic " + base64.b64encode(b"no colon")) == ("no colon", b"")


@pytest.mark.parametrize("header", [b"", b"Basic %%%", b"Bearer eA==", b"Basic eA", b"Basic \xff"])
def test_a_header_that_is_not_basic_is_refused(header):
    with pytest.raises(Refused) as refused:
        parse_basic(header)
    assert (refused.value.status, refused.value.reason) == (401, "wrong_credentials")


@given(st.binary())
def test_any_header_is_read_or_refused(header):
    with suppress(Refused):
        user, password = parse_basic(header)
        assert isinstance(user, str)
        assert isinstance(password, bytes)


@pytest.fixture
def yard(store):
    def work(unit):
        charge_points.add(unit, "CP-1")
        charge_points.add(unit, "LOCKED", password=PASSWORD)
        charge_points.delete(unit, charge_points.add(unit, "GONE").id)
        strict = charge_points.add(unit, "STRICT")
        charge_points.update(unit, strict.id, strict_subprotocol=True)

    store.write(work)


def admit(store, strict=False, **changes):
    environ = {**ENVIRON, **changes}
    with store.reading():
        return handshake.admit(Upgrade.from_environ(environ), strict_subprotocol=strict).identity


def refusal(store, strict=False, **changes):
    with pytest.raises(Refused) as refused:
        admit(store, strict, **changes)
    return refused.value.status, refused.value.reason


def test_a_known_station_is_admitted_in_any_spelling_of_its_identity(store, yard):
    assert admit(store) == admit(store, RAW_PATH="/ocpp/cp-1") == "CP-1"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"HTTP_UPGRADE": "h2c"}, (426, "not_websocket")),
        ({"HTTP_CONNECTION": "keep-alive"}, (400, "not_websocket")),
        ({"HTTP_SEC_WEBSOCKET_VERSION": "8"}, (400, "not_websocket")),
        ({"HTTP_SEC_WEBSOCKET_KEY": "x"}, (400, "not_websocket")),
        ({"HTTP_SEC_WEBSOCKET_KEY": "ä"}, (400, "not_websocket")),
        ({"RAW_PATH": "/ocpp/"}, (404, "no_identity")),
        ({"RAW_PATH": "/ocpp/OTHER"}, (404, "unknown_identity")),
        ({"RAW_PATH": "/ocpp/GONE"}, (404, "unknown_identity")),
        ({"RAW_PATH": "/ocpp/a%00b"}, (404, "unknown_identity")),
        ({"RAW_PATH": "/ocpp/" + "x" * 5000}, (404, "unknown_identity")),
        ({"RAW_PATH": "/ocpp/LOCKED"}, (401, "missing_credentials")),
        ({"RAW_PATH": "/ocpp/LOCKED", "HTTP_AUTHORIZATION": basic("LOCKED", "x")}, (401, "wrong_credentials")),
        ({"RAW_PATH": "/ocpp/LOCKED", "HTTP_AUTHORIZATION": basic("CP-1", PASSWORD)}, (401, "wrong_credentials")),
        ({"RAW_PATH": "/ocpp/LOCKED", "HTTP_AUTHORIZATION": "Bearer x"}, (401, "wrong_credentials")),
        ({"HTTP_SEC_WEBSOCKET_PROTOCOL": "ocpp2.0.1"}, (400, "subprotocol")),
        ({"HTTP_SEC_WEBSOCKET_PROTOCOL": "", "RAW_PATH": "/ocpp/STRICT"}, (400, "no_subprotocol")),
    ],
)
def test_everyone_else_is_refused_with_the_reason(store, yard, changes, expected):
    assert refusal(store, **changes) == expected


def test_a_password_is_taken_as_text_and_as_bytes_of_hex(store, yard):
    assert admit(store, RAW_PATH="/ocpp/LOCKED", HTTP_AUTHORIZATION=basic("locked", PASSWORD)) == "LOCKED"
    assert admit(store, RAW_PATH="/ocpp/LOCKED", HTTP_AUTHORIZATION=basic("LOCKED", PASSWORD.encode().hex()))


@pytest.mark.parametrize("profile", [1, 2])
def test_a_security_profile_with_passwords_admits_nobody_without_one(store, yard, profile):
    store.write(lambda unit: charge_points.add(unit, "BARE", security_profile=profile))
    assert refusal(store, RAW_PATH="/ocpp/BARE", **TLS) == (401, "missing_credentials")


@pytest.mark.parametrize("profile", [2, 3])
def test_a_security_profile_with_tls_admits_nobody_without_it(store, yard, profile):
    store.write(lambda unit: charge_points.add(unit, "SAFE", password=PASSWORD, security_profile=profile))
    came = {"RAW_PATH": "/ocpp/SAFE", "HTTP_AUTHORIZATION": basic("SAFE", PASSWORD)}
    assert refusal(store, **came) == (403, "insecure")
    assert admit(store, **came, **TLS) == "SAFE"


def test_no_subprotocol_is_taken_for_16_unless_told_otherwise(store, yard):
    assert admit(store, HTTP_SEC_WEBSOCKET_PROTOCOL="") == "CP-1"
    assert refusal(store, strict=True, HTTP_SEC_WEBSOCKET_PROTOCOL="") == (400, "no_subprotocol")


@pytest.mark.parametrize(
    ("setting", "own", "admitted"),
    [
        (False, None, True),
        (True, None, False),
        (False, True, False),
        (True, True, False),
        (False, False, True),
        (True, False, True),
    ],
)
def test_a_stations_own_word_on_the_subprotocol_counts_more_than_the_setting(store, yard, setting, own, admitted):
    with store.reading():
        station = charge_points.find("CP-1")
    store.write(lambda unit: charge_points.update(unit, station.id, strict_subprotocol=own))
    if admitted:
        assert admit(store, strict=setting, HTTP_SEC_WEBSOCKET_PROTOCOL="") == "CP-1"
    else:
        assert refusal(store, strict=setting, HTTP_SEC_WEBSOCKET_PROTOCOL="") == (400, "no_subprotocol")


def test_one_known_subprotocol_among_several_is_enough(store, yard):
    assert admit(store, HTTP_SEC_WEBSOCKET_PROTOCOL="ocpp0.1,ocpp1.6") == "CP-1"
    assert admit(store, strict=True, HTTP_SEC_WEBSOCKET_PROTOCOL="OCPP1.6") == "CP-1"


def guess(store, password="x", address="10.0.0.1", identity="LOCKED"):
    """The status of a try, and the seconds after which the next one is looked at."""
    header = {"HTTP_AUTHORIZATION": basic(identity, password)}
    try:
        admit(store, RAW_PATH=f"/ocpp/{identity}", REMOTE_ADDR=address, **header)
    except Refused as refused:
        return refused.status, refused.retry_after
    return 101, 0


@pytest.fixture
def standing(store):
    """A clock that stands still until it is told the seconds that have passed."""
    start, passed = clock.now(), [0]
    clock.use(lambda: start + timedelta(seconds=passed[0]))
    yield passed
    clock.use(None)


def test_after_some_wrong_passwords_each_further_try_must_wait(store, yard, standing):
    assert [guess(store) for _ in range(8)] == [(401, 0)] * 5 + [(429, 2)] * 3
    standing[0] = 2
    assert [guess(store) for _ in range(2)] == [(401, 0), (429, 4)]
    for _ in range(20):
        standing[0] += 60
        assert guess(store)[0] == 401
    assert guess(store) == (429, 60)


def test_the_right_password_is_not_looked_at_meanwhile_and_then_starts_anew(store, yard, standing):
    for _ in range(5):
        guess(store)
    assert guess(store, PASSWORD) == (429, 2)
    standing[0] = 2
    assert guess(store, PASSWORD) == (101, 0)
    assert [guess(store) for _ in range(5)] == [(401, 0)] * 5


def test_who_guesses_holds_up_neither_the_station_elsewhere_nor_its_neighbours(store, yard, standing):
    store.write(lambda unit: charge_points.add(unit, "NEIGHBOUR", password=PASSWORD))
    for _ in range(9):
        guess(store)
    assert guess(store, PASSWORD) == (429, 2)
    assert guess(store, PASSWORD, address="10.0.0.2") == (101, 0)
    assert guess(store, PASSWORD, identity="NEIGHBOUR") == (101, 0)
    # Another spelling of the identity is the same station.
    assert guess(store, PASSWORD, identity="locked") == (429, 2)


def test_no_password_at_all_is_no_guess(store, yard):
    for _ in range(20):
        assert refusal(store, RAW_PATH="/ocpp/LOCKED") == (401, "missing_credentials")
    assert guess(store, PASSWORD, address="") == (101, 0)


def test_nothing_is_hashed_for_who_must_wait(store, yard, standing, monkeypatch):
    for _ in range(5):
        guess(store)
    monkeypatch.setattr(handshake.credentials, "verify", lambda *_: pytest.fail("this was hashed"))
    assert guess(store) == (429, 2)
