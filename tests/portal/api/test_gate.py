from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ocpp_server import clock
from ocpp_server.models import ApiToken
from ocpp_server.services.access import api_tokens
from ocpp_server.store import Store
from tests.portal.api.conftest import Api, make_token


def test_nothing_is_open_but_the_description(app: Flask, client: FlaskClient) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    assert len(rules) > 15
    for rule in rules:
        _, path = rule.build(dict.fromkeys(rule.arguments, "1")) or ("", rule.rule)
        method = sorted(rule.methods - {"HEAD"})[0]
        status = client.open(path, method=method).status_code
        assert status == (200 if path.endswith("openapi.json") else 401), rule


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer cy_nonsense",
        "Bearer \u00e4",
        "Basic YWRtaW46YWRtaW4=",
        "cy_nonsense",
    ],
)
def test_a_wrong_token_opens_nothing(client: FlaskClient, header: str) -> None:
    answer = client.get("/api/v1/stations", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == 401


def test_a_log_in_of_the_portal_opens_nothing(client: FlaskClient, log_in: Callable[[FlaskClient, str], None]) -> None:
    log_in(client, "admin")
    assert client.get("/api/v1/stations").status_code == 401
    assert client.post("/api/v1/stations", json={"identity": "CP-1"}).status_code == 401


def test_a_revoked_token_stops_at_once(store: Store, api: Api) -> None:
    assert api.get("/stations").status_code == 200
    store.write(lambda unit: api_tokens.revoke(unit, 1))
    assert api.get("/stations").status_code == 401


def test_the_scheme_is_spelled_in_any_case(store: Store, client: FlaskClient) -> None:
    token = make_token(store)
    assert client.get("/api/v1/stations", headers={"Authorization": f"bearer {token}"}).status_code == 200


def test_a_viewer_changes_nothing(app: Flask, as_role: Callable[[str], Api]) -> None:
    viewer = as_role("viewer")
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    changing = [(rule, method) for rule in rules for method in rule.methods - {"GET", "HEAD"}]
    assert len(changing) > 8
    for rule, method in changing:
        _, path = rule.build(dict.fromkeys(rule.arguments, "1"))
        assert viewer.ask(method, path.removeprefix("/api/v1"), {}).status_code == 403, rule


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 403), ("admin", 200)])
def test_only_an_admin_reads_the_audit_log(as_role: Callable[[str], Api], role: str, status: int) -> None:
    assert as_role(role).get("/audit").status_code == status


def test_the_last_use_is_noted_now_and_then(store: Store, api: Api) -> None:
    def used_at() -> object:
        with store.reading():
            return ApiToken.get().last_used_at

    api.get("/stations")
    store.write(lambda unit: None)
    first = used_at()
    assert first is not None
    api.get("/stations")
    store.write(lambda unit: None)
    assert used_at() == first
    clock.use(lambda: first + timedelta(minutes=6))
    api.get("/stations")
    store.write(lambda unit: None)
    assert used_at() > first


def test_a_post_needs_no_origin(store: Store, api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.token}", "Origin": "https://elsewhere.example"}
    assert api.client.post("/api/v1/id-tags", json={"id_tag": "A"}, headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/stations/nobody", 404),
        ("GET", "/commands/7", 404),
        ("GET", "/commands/99999999999999999999999", 404),
        ("DELETE", "/commands/99999999999999999999999", 404),
        ("GET", f"/transactions/{'9' * 5000}", 404),
        ("GET", "/transactions/7", 404),
        ("GET", "/id-tags/%00", 404),
        ("GET", "/stations/%00", 404),
        ("PUT", "/stations", 405),
        ("DELETE", "/stations", 405),
        ("OPTIONS", "/stations", 405),
    ],
)
def test_what_is_not_there_is_a_problem(api: Api, method: str, path: str, status: int) -> None:
    answer = api.ask(method, path)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_body_must_be_json_and_not_too_large(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}

    def post(data: bytes, content_type: str) -> int:
        path = "/api/v1/stations"
        return api.client.post(path, data=data, content_type=content_type, headers=headers).status_code

    assert post(b"identity=CP-1", "application/x-www-form-urlencoded") == 415
    assert post(b"", "") == 415
    assert post(b" " * 1_048_577, "application/json") == 413
    for bad in (b"", b"{", b'{"identity": NaN}', b'{"identity": "\\ud800"}', b"\xff", b"[" * 100_000):
        assert post(bad, "application/json") == 422, bad
    assert post(b'{"identity": "CP-1"}', "application/json; charset=utf-8") == 201


def test_a_body_in_which_nothing_is_needed_may_be_left_out(api: Api) -> None:
    api.post("/stations", {"identity": "CP-1", "label": "Gate"})
    headers = {"Authorization": f"Bearer {api.token}"}

    def patch(**sent: Any) -> Any:
        return api.client.patch("/api/v1/stations/CP-1", headers=headers, **sent)

    assert patch().json["label"] == "Gate"
    assert patch(data=b"", content_type="text/plain").status_code == 415
    assert patch(data=b"label=Exit").status_code == 415


def test_every_wrong_field_is_named(api: Api) -> None:
    answer = api.post("/stations", {"label": 7, "colour": "red", "registration": "maybe"})
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json["errors"]} == {"identity", "label", "colour", "registration"}
    assert answer.json["type"] == "urn:chargeyard:problem:invalid"


def test_a_wrong_password_is_not_repeated(api: Api) -> None:
    answer = api.post("/stations", {"identity": "CP-1", "password": "hunter2"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == ["password"]
    assert "hunter2" not in answer.text
    assert "hunter2" not in api.post("/stations", {"identity": "CP-1", "password": ["hunter2"]}).text


@pytest.mark.parametrize(
    ("argument", "value"),
    [("limit", "0"), ("limit", "501"), ("limit", "x"), ("limit", "\u0663"), ("cursor", "x"), ("cursor", "W10"),
     ("cursor", "W251bGxd"), ("cursor", "WzFd"), ("registration", "maybe"), ("connected", "yes"), ("q", "\0")],
)  # fmt: skip
def test_a_wrong_argument_is_named(api: Api, argument: str, value: str) -> None:
    answer = api.get("/stations", **{argument: value})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [argument]


def test_a_failure_is_a_problem_too(
    app: Flask, api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**arguments: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setitem(app.view_functions, "api.stations.index", fail)
    answer = api.get("/stations")
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "on purpose" not in answer.text
    assert "GET /api/v1/stations failed" in caplog.text
