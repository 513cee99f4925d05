from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import Operator
from ocpp_server.services.access import operators
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from tests.conftest import PASSWORD

HASH = operators.hash_password(PASSWORD)
ANNA = "anna@example.com"


@pytest.fixture
def anna(store: Store) -> Operator:
    return store.write(lambda unit: operators.add(unit, ANNA, password_hash=HASH, role="admin", name="Anna"))


def post(client: FlaskClient, password: str = PASSWORD, email: str = ANNA, path: str = "/login"):
    return client.post(path, data={"email": email, "password": password})


def test_the_right_password_opens_the_portal(client: FlaskClient, anna: Operator) -> None:
    assert post(client, email=" ANNA@example.com").status_code == 303
    assert client.get("/").status_code == 200


def test_a_wrong_password_and_an_unknown_address_read_the_same(client: FlaskClient, anna: Operator) -> None:
    wrong, unknown = post(client, "wrong password"), post(client, email="eve@example.com")
    assert wrong.status_code == unknown.status_code == 422
    assert "do not belong together" in wrong.text
    assert wrong.text.replace(ANNA, "") == unknown.text.replace("eve@example.com", "")


def test_who_is_disabled_cannot_log_in(client: FlaskClient, store: Store, anna: Operator) -> None:
    store.write(lambda unit: operators.add(unit, "b@example.com", password_hash=HASH, role="admin"))
    store.write(lambda unit: operators.disable(unit, anna.id))
    assert post(client).status_code == 422


def test_guessing_has_to_wait_even_with_the_right_password(client: FlaskClient, anna: Operator) -> None:
    now = clock.now()
    clock.use(lambda: now)
    for _ in range(5):
        assert post(client, "wrong password").status_code == 422
    refused = post(client)
    assert refused.status_code == 429
    assert "Try again in 3 s." in refused.text
    clock.use(lambda: now + timedelta(seconds=3))
    assert post(client).status_code == 303


def test_one_address_cannot_try_many_accounts(client: FlaskClient, anna: Operator) -> None:
    for number in range(20):
        post(client, email=f"someone{number}@example.com")
    assert post(client).status_code == 429


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("/stations?state=online", "/stations?state=online"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_logging_in_leads_to_our_own_pages_only(client: FlaskClient, anna: Operator, wanted: str, place: str) -> None:
    answer = client.post("/login", query_string={"next": wanted}, data={"email": ANNA, "password": PASSWORD})
    assert answer.location == place


def test_logging_out_ends_the_session(client: FlaskClient, anna: Operator) -> None:
    post(client)
    assert client.post("/logout").status_code == 303
    assert client.get("/").status_code == 302


def test_a_new_password_ends_other_sessions(client: FlaskClient, app: Flask, store: Store, anna: Operator) -> None:
    post(client)
    store.write(lambda unit: operators.set_password(unit, anna.id, HASH))
    assert client.get("/").status_code == 302


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(client: FlaskClient, anna: Operator) -> None:
    cookie = post(client).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_the_secret_key_is_kept_and_private(own_app: Flask, settings: Settings) -> None:
    path = settings.data_dir / "secret.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert own_app.secret_key == path.read_bytes()


def set_up(client: FlaskClient, token: str, **changes: str):
    form = {"email": ANNA, "name": "Anna", "password": PASSWORD, "repeated": PASSWORD, **changes}
    return client.post(f"/setup/{token}", data=form)


def test_the_set_up_link_creates_the_first_admin_and_logs_in(client: FlaskClient, store: Store) -> None:
    token = str(store.write(operators.new_setup_token))
    assert "Create the first admin" in client.get(f"/setup/{token}").text
    assert set_up(client, token).status_code == 303
    assert "Your yard has no stations yet" in client.get("/").text
    assert client.get(f"/setup/{token}").status_code == 404


def test_a_wrong_set_up_link_shows_nothing(client: FlaskClient, store: Store) -> None:
    store.write(operators.new_setup_token)
    assert client.get("/setup/wrong").status_code == 404
    assert set_up(client, "wrong").status_code == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"email": "anna"}, "Type an e-mail address"),
        ({"password": "short", "repeated": "short"}, "10 characters at least"),
        ({"repeated": "something else"}, "not the same password"),
    ],
)
def test_a_mistake_in_the_set_up_form_is_explained(
    client: FlaskClient, store: Store, changes: dict[str, str], message: str
) -> None:
    token = str(store.write(operators.new_setup_token))
    answer = set_up(client, token, **changes)
    assert answer.status_code == 422
    assert message in answer.text
    assert set_up(client, token).status_code == 303
