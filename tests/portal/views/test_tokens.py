import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

import app as entry
from ocpp_server.models import ApiToken, AuditEntry
from ocpp_server.settings import Settings
from ocpp_server.store import Store

TOKEN = re.compile(r"cy_[\w-]{43}")


def make(admin: FlaskClient, name: str = "Building", role: str = "operator") -> str:
    answer = admin.post("/settings/tokens", data={"name": name, "role": role})
    assert answer.status_code == 200
    return TOKEN.findall(answer.text)[0]


def test_a_token_is_shown_once_and_works(admin: FlaskClient, client: FlaskClient) -> None:
    text = make(admin)
    assert client.get("/api/v1/stations", headers={"Authorization": f"Bearer {text}"}).status_code == 200
    listed = admin.get("/settings/tokens").text
    assert "Building" in listed
    assert not TOKEN.findall(listed)


def test_a_revoked_token_is_told_apart_and_does_not_work(admin: FlaskClient, client: FlaskClient, store: Store) -> None:
    text = make(admin)
    with store.reading():
        token_id = ApiToken.get().id
    assert admin.post(f"/settings/tokens/{token_id}/revoke").status_code == 303
    assert "Revoked" in admin.get("/settings/tokens").text
    assert client.get("/api/v1/stations", headers={"Authorization": f"Bearer {text}"}).status_code == 401
    assert admin.post("/settings/tokens/999/revoke").status_code == 404


@pytest.mark.parametrize("data", [{"name": "", "role": "viewer"}, {"name": "A", "role": "owner"}, {}])
def test_a_mistake_makes_no_token(admin: FlaskClient, store: Store, data: dict[str, str]) -> None:
    answer = admin.post("/settings/tokens", data=data)
    assert answer.status_code == 422
    assert "is-invalid" in answer.text
    with store.reading():
        assert ApiToken.select().count() == 0


def test_only_an_admin_makes_and_sees_tokens(operator: FlaskClient, viewer: FlaskClient) -> None:
    for client in (operator, viewer):
        assert client.get("/settings/tokens").status_code == 403
        assert client.post("/settings/tokens", data={"name": "A", "role": "admin"}).status_code == 403
        assert client.post("/settings/tokens/1/revoke").status_code == 403


def test_making_and_revoking_is_on_record_without_the_token(admin: FlaskClient, store: Store) -> None:
    text = make(admin)
    admin.post("/settings/tokens/1/revoke")
    with store.reading():
        entries = list(AuditEntry.select().where(AuditEntry.action.startswith("token.")).order_by(AuditEntry.id))
        assert text not in str(store.query("SELECT * FROM audit_entry"))
    assert [(row.action, row.target, row.detail) for row in entries] == [
        ("token.add", "token 1: Building", "role=operator"),
        ("token.revoke", "token 1: Building", ""),
    ]


def test_the_command_line_prints_the_token_and_nothing_else(tmp_path: Path, database_url: str) -> None:
    settings = Settings.from_environ({"CSMS_DATA_DIR": str(tmp_path), "CSMS_DATABASE_URL": database_url})
    arguments = ["Meter reader", "--role", "viewer"]
    result = CliRunner().invoke(entry.token_create, arguments, obj=settings)
    assert result.exit_code == 0, result.output
    assert TOKEN.fullmatch(result.output.strip())
