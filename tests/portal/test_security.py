import pytest
from flask.testing import FlaskClient

THEME = {"theme": "dark"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        # Over plain http browsers send no Sec-Fetch-Site.
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 303),
    ],
)
def test_only_our_own_pages_may_post(operator: FlaskClient, headers: dict[str, str], status: int) -> None:
    assert operator.post("/theme", data=THEME, headers=headers).status_code == status


def test_foreign_pages_may_still_link_here(operator: FlaskClient) -> None:
    assert operator.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/login", "/nothing-here", "/static/app.js"])
def test_every_answer_carries_the_security_headers(operator: FlaskClient, path: str) -> None:
    with operator.get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_pages_are_not_stored_and_versioned_files_are(operator: FlaskClient) -> None:
    page = operator.get("/")
    assert page.headers["Cache-Control"] == "no-store"
    assert "HX-Request-Type" in page.headers["Vary"]
    with operator.get("/static/app.css?v=1") as versioned, operator.get("/static/app.css") as plain:
        assert "immutable" in versioned.headers["Cache-Control"]
        assert "immutable" not in plain.headers["Cache-Control"]


def test_pages_hold_no_inline_script_style_or_handler(operator: FlaskClient) -> None:
    for path in ("/", "/stations", "/stations/add", "/inbox", "/profile", "/sessions", "/cards"):
        text = operator.get(path).text
        assert " style=" not in text, path
        assert "<style" not in text, path
        assert "hx-on" not in text, path
        assert "onclick" not in text, path
        assert "<script>" not in text, path
