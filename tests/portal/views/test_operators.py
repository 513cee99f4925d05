from flask.testing import FlaskClient

from ocpp_server.models import Operator
from ocpp_server.store import Store
from tests.conftest import PASSWORD

NEW = {"email": "otto@example.com", "name": "Otto", "role": "operator", "password": "another sentence"}


def by_email(store: Store, email: str) -> Operator:
    with store.reading():
        return Operator.get(Operator.email == email)


def test_an_admin_adds_someone_who_can_then_log_in(admin: FlaskClient, client: FlaskClient) -> None:
    assert admin.post("/settings/operators/add", data=NEW).status_code == 303
    assert "Otto" in admin.get("/settings/operators").text
    answer = client.post("/login", data={"email": "otto@example.com", "password": "another sentence"})
    assert answer.status_code == 303


def test_a_mistake_keeps_what_was_typed(admin: FlaskClient) -> None:
    answer = admin.post("/settings/operators/add", data={**NEW, "password": "short"})
    assert answer.status_code == 422
    assert "10 characters at least" in answer.text
    assert 'value="otto@example.com"' in answer.text
    assert "short" not in answer.text.replace("10 characters", "")


def test_the_last_admin_stays_one(admin: FlaskClient, store: Store) -> None:
    me = by_email(store, "admin@example.com")
    for path, data in (
        (f"/settings/operators/{me.id}/role", {"role": "viewer"}),
        (f"/settings/operators/{me.id}/disable", {}),
    ):
        answer = admin.post(path, data=data)
        assert answer.status_code == 422
        assert "last admin" in answer.text
    assert by_email(store, "admin@example.com").role == "admin"


def test_an_admin_changes_a_role_sets_a_password_and_disables(admin: FlaskClient, store: Store) -> None:
    admin.post("/settings/operators/add", data=NEW)
    path = f"/settings/operators/{by_email(store, 'otto@example.com').id}"
    assert admin.post(f"{path}/role", data={"role": "viewer"}).status_code == 303
    assert admin.post(f"{path}/password", data={"password": "short"}).status_code == 422
    assert admin.post(f"{path}/password", data={"password": "a third sentence"}).status_code == 303
    assert admin.post(f"{path}/disable").status_code == 303
    assert "Disabled" in admin.get("/settings/operators").text
    assert admin.post(f"{path}/enable").status_code == 303
    otto = by_email(store, "otto@example.com")
    assert (otto.role, otto.disabled_at) == ("viewer", None)


def test_nobody_is_changed_who_does_not_exist(admin: FlaskClient) -> None:
    assert admin.get("/settings/operators/999").status_code == 404
    assert admin.post("/settings/operators/999/disable").status_code == 404


def change(client: FlaskClient, current: str, password: str, repeated: str):
    form = {"current": current, "password": password, "repeated": repeated}
    return client.post("/profile/password", data=form)


def test_everybody_changes_their_own_password_and_stays_logged_in(viewer: FlaskClient) -> None:
    assert change(viewer, PASSWORD, "a brand new sentence", "a brand new sentence").status_code == 303
    assert "Your password was changed" in viewer.get("/profile").text


def test_the_old_password_must_be_known(viewer: FlaskClient) -> None:
    answer = change(viewer, "wrong", "a brand new sentence", "a brand new sentence")
    assert answer.status_code == 422
    assert "This is not your password." in answer.text


def test_the_old_password_cannot_be_guessed_for_long(viewer: FlaskClient) -> None:
    for _ in range(5):
        change(viewer, "wrong", "x", "x")
    assert change(viewer, PASSWORD, "a brand new sentence", "a brand new sentence").status_code == 429


def test_everybody_changes_their_own_name(viewer: FlaskClient) -> None:
    assert viewer.post("/profile", data={"name": "Vera"}).status_code == 303
    assert "Vera" in viewer.get("/profile").text


def test_the_theme_is_remembered(viewer: FlaskClient) -> None:
    answer = viewer.post("/theme", data={"theme": "dark"}, headers={"Referer": "http://localhost/stations"})
    assert answer.location == "http://localhost/stations"
    assert 'data-bs-theme="dark"' in viewer.get("/").text
    assert viewer.post("/theme", data={"theme": "dark"}, headers={"Referer": "http://evil.example/"}).location == "/"
    viewer.post("/theme", data={"theme": "auto"})
    assert "data-bs-theme" not in viewer.get("/").text
