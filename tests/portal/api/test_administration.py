"""What admins do: operators, tokens, storage; and messages that fit nothing, for operators."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import ChargePoint, Operator, OrphanMessage
from ocpp_server.store import Store
from tests.portal.api.conftest import Api

PASSWORD = "a long password"


@pytest.fixture
def admin(as_role: Callable[[str], Api]) -> Api:
    return as_role("admin")


def can_log_in(client: FlaskClient, password: str) -> bool:
    return client.post("/login", data={"email": "anna@example.com", "password": password}).status_code == 303


def test_an_operator_is_added_changed_and_kept_out(admin: Api, app: Flask) -> None:
    body = {"email": "Anna@Example.com", "password": PASSWORD, "role": "operator", "name": "Anna"}
    added = admin.post("/operators", body)
    assert (added.status_code, added.json["email"], added.json["role"]) == (201, "anna@example.com", "operator")
    assert PASSWORD not in added.text
    path = added.headers["Location"].removeprefix("/api/v1")
    assert can_log_in(app.test_client(), PASSWORD)

    changed = admin.patch(path, {"role": "viewer", "name": "Anna B.", "password": "another password", "disabled": True})
    assert (changed.json["role"], changed.json["name"], changed.json["disabled"]) == ("viewer", "Anna B.", True)
    assert not can_log_in(app.test_client(), "another password")
    assert admin.patch(path, {"disabled": False}).json["disabled"] is False
    assert can_log_in(app.test_client(), "another password")
    entries = [(entry["action"], entry["detail"]) for entry in admin.get("/audit", q="anna@example.com").json["items"]]
    assert ("operator.role", "viewer") in entries
    assert ("operator.password", "") in entries
    assert "another password" not in str(entries)


def test_an_operator_that_cannot_be_is_refused_and_the_last_admin_stays(admin: Api, store: Store) -> None:
    for body, field in [
        ({"email": "nobody", "password": PASSWORD}, "email"),
        ({"email": "a@b", "password": "short"}, "password"),
        ({"email": "a@b", "password": PASSWORD, "role": "king"}, "role"),
    ]:
        answer = admin.post("/operators", body)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    last = admin.post("/operators", {"email": "a@b", "password": PASSWORD, "role": "admin"}).json
    answer = admin.patch(f"/operators/{last['id']}", {"name": "Not so", "role": "viewer"})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "role")
    with store.reading():
        assert [(row.role, row.name) for row in Operator.select()] == [("admin", "")]


def test_a_token_is_made_used_and_revoked(admin: Api, as_role: Callable[[str], Api]) -> None:
    made = admin.post("/tokens", {"name": "billing", "role": "viewer"})
    assert made.status_code == 201
    theirs = Api(admin.client, made.json["token"])
    assert theirs.get("/stations").status_code == 200
    listed = admin.get("/tokens").json["items"]
    assert listed[0]["name"] == "billing"
    assert made.json["token"] not in str(listed)
    path = made.headers["Location"].removeprefix("/api/v1")
    assert admin.delete(path).status_code == 204
    assert theirs.get("/stations").status_code == 401
    assert admin.get(path).json["revoked_at"] is not None
    for path in ("/operators", "/tokens", "/storage"):
        assert as_role("operator").get(path).status_code == 403


def test_the_storage_is_told_in_figures(admin: Api, store: Store) -> None:
    found = admin.get("/storage").json
    assert found["database_bytes"] > 0
    assert (found["free_bytes"] is not None) == store.is_sqlite
    assert found["files"].pop("free_bytes") > 0
    nothing = dict.fromkeys(("images", "image_bytes", "received", "received_bytes"), 0)
    assert found["files"] == {**nothing, "received_most_bytes": 10_000_000_000}
    assert {"charge_point", "frame"} <= {table["name"] for table in found["tables"]}


def test_messages_that_fit_nothing_are_listed_and_resolved(
    api: Api, store: Store, add_station: Callable[..., ChargePoint]
) -> None:
    facts = {"charge_point": add_station(), "action": "StopTransaction", "payload": '{"transactionId": 9}'}
    store.write(lambda unit: OrphanMessage.create(**facts, reason="unknown", received_at=clock.now()))
    (message,) = api.get("/orphan-messages").json["items"]
    assert (message["station"], message["payload"], message["resolved_at"]) == ("CP-1", {"transactionId": 9}, None)
    path = f"/orphan-messages/{message['id']}"
    assert api.patch(path, {"resolved": True}).json["resolved_at"] is not None
    assert api.get("/orphan-messages").json["items"] == []
    assert len(api.get("/orphan-messages", resolved="true").json["items"]) == 1
    assert api.patch(path, {"resolved": False}).json == message
    assert api.patch("/orphan-messages/99", {"resolved": True}).status_code == 404
