"""What the tests of the API share: tokens, a client that sends one, and a client of a real server."""

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ocpp_server.server import Server
from ocpp_server.services.access import api_tokens
from ocpp_server.store import Store


def make_token(store: Store, role: str = "operator", name: str = "test") -> str:
    return store.write(lambda unit: api_tokens.add(unit, name, role, by="tests"))[1]


@dataclass
class Api:
    """Asks the application, without a network."""

    client: FlaskClient
    token: str

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.client.open(f"/api/v1{path}", method=method, json=body, query_string=query, headers=headers)

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.ask("GET", path, **query)

    def post(self, path: str, body: Any) -> TestResponse:
        return self.ask("POST", path, body)

    def patch(self, path: str, body: Any) -> TestResponse:
        return self.ask("PATCH", path, body)

    def delete(self, path: str) -> TestResponse:
        return self.ask("DELETE", path)


@pytest.fixture
def as_role(app: Flask, store: Store) -> Callable[[str], Api]:
    return lambda role: Api(app.test_client(), make_token(store, role, role))


@pytest.fixture
def api(as_role: Callable[[str], Api]) -> Api:
    return as_role("operator")


@dataclass
class Remote:
    """Asks a listening server; each answer is its status and its JSON."""

    port: int
    token: str

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None


@pytest.fixture
def remote(server: Server) -> Remote:
    return Remote(server.port, make_token(server.store))
