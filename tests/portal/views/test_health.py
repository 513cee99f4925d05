import pytest
from flask.testing import FlaskClient

from ocpp_server.store import Store


def test_a_healthy_process_says_so_without_a_log_in(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_a_database_that_does_not_answer_is_told(
    client: FlaskClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "query", lambda *args: 1 / 0)
    assert client.get("/healthz").status_code == 503
