import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from tests.portal.conftest import PARTIAL


@pytest.fixture
def app(own_app: Flask) -> Flask:
    """With pages that fail, each with its own status."""

    @own_app.get("/trouble/<int:status>")
    def fail(status: int) -> str:
        if status == 500:
            raise RuntimeError("a defect")
        abort(status)

    return own_app


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "Not allowed"),
        (404, "Not found"),
        (413, "Too large"),
        (429, "Too many attempts"),
        (500, "Something went wrong"),
        (400, "Not possible"),
    ],
)
def test_a_failure_is_explained_in_the_layout(viewer: FlaskClient, status: int, words: str) -> None:
    answer = viewer.get(f"/trouble/{status}")
    assert answer.status_code == status
    assert words in answer.text
    assert 'aria-label="Main menu"' in answer.text
    assert "a defect" not in answer.text


def test_for_a_fragment_it_is_a_sentence_that_replaces_nothing(viewer: FlaskClient) -> None:
    answer = viewer.get("/trouble/500", headers=PARTIAL)
    assert answer.headers["HX-Reswap"] == "none"
    assert answer.mimetype == "text/plain"
    assert "<" not in answer.text


def test_a_page_that_does_not_exist_is_explained_to_strangers_too(client: FlaskClient) -> None:
    answer = client.get("/nothing-here")
    assert answer.status_code == 404
    assert "Main menu" not in answer.text


def test_a_wrong_method_says_which_would_do(viewer: FlaskClient) -> None:
    answer = viewer.get("/logout")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_too_large_a_form_is_refused(app: Flask, operator: FlaskClient) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 100
    assert operator.post("/stations/add", data={"identity": "x" * 1000}).status_code == 413
