import re

from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.portal.api.conftest import Api


def test_the_description_is_valid(client: FlaskClient) -> None:
    OpenAPIV31SpecValidator(client.get("/api/v1/openapi.json").json).validate()


def test_every_route_is_described_and_no_other(app: Flask, client: FlaskClient) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD"}
    }
    paths = client.get("/api/v1/openapi.json").json["paths"]
    assert routes == {(method, path) for path, methods in paths.items() for method in methods}


def test_it_says_where_a_body_is_needed(client: FlaskClient) -> None:
    paths = client.get("/api/v1/openapi.json").json["paths"]
    assert paths["/api/v1/stations"]["post"]["requestBody"]["required"] is True
    assert paths["/api/v1/stations/{identity}"]["patch"]["requestBody"]["required"] is False


def test_the_fixed_calls_are_there(client: FlaskClient) -> None:
    paths = client.get("/api/v1/openapi.json").json["paths"]
    fixed = {
        "/stations": {"get", "post"},
        "/stations/{identity}": {"get", "patch", "delete"},
        "/stations/{identity}/calls": {"post"},
        "/stations/{identity}/messages": {"get"},
        "/id-tags": {"get", "post"},
        "/id-tags/{id_tag}": {"get", "patch", "delete"},
        "/transactions": {"get"},
        "/transactions/{transaction_id}": {"get"},
        "/transactions/{transaction_id}/meter-values": {"get"},
    }
    assert {path: set(paths[f"/api/v1{path}"]) for path in fixed} == fixed


def test_a_refusal_has_the_described_shape(client: FlaskClient, api: Api) -> None:
    described = client.get("/api/v1/openapi.json").json["components"]["schemas"]["Problem"]
    problem = api.post("/stations", {}).json
    assert set(described["required"]) <= set(problem) <= set(described["properties"])
