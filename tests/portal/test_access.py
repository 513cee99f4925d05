"""Nothing is open unless its view says so: checked over every route there is."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

OPEN = {"static", "auth.login", "auth.log_in", "auth.setup", "auth.create_first_admin", "health.healthz"} | {
    # Whoever has the link: its token is the log-in.
    "calendars.feed"
}
#: What a viewer may post: nothing but what concerns themselves.
THEIR_OWN = {"auth.log_in", "auth.create_first_admin", "auth.logout"} | {
    "profile.rename",
    "profile.change_password",
    "profile.choose_theme",
}
#: Checked by credentials of their own.
ELSEWHERE = ("/ocpp", "/api/", "/metrics")


def rules(app: Flask, method: str) -> list[Rule]:
    found = [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]
    return [rule for rule in found if not rule.rule.startswith(ELSEWHERE)]


def address(rule: Rule) -> str:
    values = {name: "1" for name in rule.arguments}
    _, path = rule.build(values) or ("", rule.rule)
    return path


def test_every_page_needs_a_log_in(app: Flask, client: FlaskClient) -> None:
    closed = [rule for rule in rules(app, "GET") if rule.endpoint not in OPEN]
    assert len(closed) > 15
    for rule in closed:
        answer = client.get(address(rule))
        assert answer.status_code == 302, rule
        assert answer.location.startswith("/login"), rule


def test_every_change_needs_a_log_in(app: Flask, client: FlaskClient) -> None:
    for rule in rules(app, "POST"):
        if rule.endpoint not in OPEN:
            answer = client.post(address(rule))
            assert answer.status_code == 302, rule
            assert answer.location.startswith("/login"), rule


def test_a_viewer_changes_nothing(app: Flask, client: FlaskClient, log_in: Callable[[FlaskClient, str], None]) -> None:
    log_in(client, "viewer")
    refused = [rule for rule in rules(app, "POST") if rule.endpoint not in THEIR_OWN]
    assert len(refused) > 8
    for rule in refused:
        assert client.post(address(rule)).status_code == 403, rule


def test_an_operator_does_not_manage_operators(
    app: Flask, client: FlaskClient, log_in: Callable[[FlaskClient, str], None]
) -> None:
    log_in(client, "operator")
    for method in ("GET", "POST"):
        managed = [rule for rule in rules(app, method) if rule.endpoint.startswith("operators.")]
        assert managed
        for rule in managed:
            assert client.open(address(rule), method=method).status_code == 403, rule


@pytest.mark.parametrize("role", ["admin", "operator", "viewer"])
def test_every_list_is_shown_to_every_role(
    client: FlaskClient, log_in: Callable[[FlaskClient, str], None], role: str
) -> None:
    log_in(client, role)
    for path in ("/", "/stations", "/sessions", "/cards", "/inbox", "/profile"):
        assert client.get(path).status_code == 200, path


def test_htmx_is_sent_to_the_log_in_page_as_a_whole(client: FlaskClient) -> None:
    headers = {
        "HX-Request": "true",
        "HX-Request-Type": "partial",
        "HX-Current-URL": "http://localhost/stations?state=online",
    }
    answer = client.get("/stations", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/stations?state%3Donline"
