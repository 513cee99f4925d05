import html
from collections.abc import Callable, Iterator

import gevent
import pytest
from flask import Flask
from flask.testing import FlaskClient

from ocpp_server import events
from ocpp_server.services.access import operators
from ocpp_server.store import Store
from portal import live


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PING_SECONDS", 0.3)
    monkeypatch.setattr(live, "MERGE_SECONDS", 0.05)


@pytest.fixture
def stream(viewer: FlaskClient) -> Iterator[Callable[..., Iterator[str]]]:
    opened = []

    def open_stream(*topics: str) -> Iterator[str]:
        answer = viewer.get("/live", query_string={"topic": topics})
        assert answer.status_code == 200
        assert answer.mimetype == "text/event-stream"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert answer.headers["Cache-Control"] == "no-store"
        opened.append(answer)
        return (line.decode() for line in answer.response)

    yield open_stream
    for answer in opened:
        answer.close()


def test_a_stream_answers_at_once_and_pings(stream: Callable[..., Iterator[str]]) -> None:
    lines = stream("charge-points")
    assert next(lines) == next(lines) == ": ping\n\n"


def test_what_changed_at_the_same_time_goes_out_together(stream: Callable[..., Iterator[str]]) -> None:
    lines = stream("charge-points", "transactions")
    next(lines)
    events.publish({"charge-points", "something-else"})
    gevent.spawn_later(0.01, events.publish, {"transactions", "charge-points"})
    assert next(lines) == "event: charge-points\ndata: \n\nevent: transactions\ndata: \n\n"


def test_a_stream_ends_with_the_session_even_on_a_busy_yard(stream: Callable[..., Iterator[str]], store: Store) -> None:
    lines = stream("charge-points")
    next(lines)
    hashed = operators.hash_password("another sentence")
    with store.reading():
        viewer = operators.find("viewer@example.com")
    assert viewer is not None
    store.write(lambda unit: operators.set_password(unit, viewer.id, hashed))
    busy = gevent.spawn(lambda: [(events.publish({"charge-points"}), gevent.sleep(0.02)) for _ in range(200)])
    with gevent.Timeout(3):
        list(lines)
    busy.kill()


def test_a_stream_holds_no_connection_and_leaves_no_subscription(
    stream: Callable[..., Iterator[str]], store: Store, viewer: FlaskClient
) -> None:
    before = len(events._subscriptions)
    answer = viewer.get("/live?topic=inbox")
    lines = iter(answer.response)
    next(lines)
    assert len(events._subscriptions) == before + 1
    assert store.database.is_closed()
    answer.close()
    lines.close() if hasattr(lines, "close") else None
    assert len(events._subscriptions) == before


def test_a_stream_has_a_limit_of_topics(viewer: FlaskClient) -> None:
    assert viewer.get("/live", query_string={"topic": [f"t{n}" for n in range(65)]}).status_code == 400
    assert viewer.get("/live", query_string={"topic": ["x" * 65]}).status_code == 400


def test_a_page_opens_one_stream_for_what_its_blocks_show(viewer: FlaskClient, app: Flask) -> None:
    text = viewer.get("/").text
    assert text.count("hx-sse:connect") == 1
    stream = text.partition('hx-sse:connect="/live?')[2].partition('"')[0].split("&amp;")
    assert {"topic=charge-points", "topic=inbox", "topic=transactions"} <= set(stream)
    assert 'hx-sse:connect="/live?topic=inbox&amp;since=' in viewer.get("/profile").text


def test_what_happens_between_a_page_and_its_stream_is_told_first(viewer: FlaskClient) -> None:
    address = html.unescape(viewer.get("/").text.partition('hx-sse:connect="')[2].partition('"')[0])
    events.publish({"transactions"})
    answer = viewer.get(address)
    lines = iter(answer.response)
    assert next(lines) == b": ping\n\n"
    assert next(lines) == b"event: transactions\ndata: \n\n"
    answer.close()
