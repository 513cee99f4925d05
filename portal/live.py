"""GET /live?topic=a&topic=b&since=17: the one stream of a page, which tells what changed and never what it is now.

A page knows the number of the last change before it was made (`since`), so that nothing is missed between the page and
its stream.
"""

from collections.abc import Iterator
from time import monotonic

import gevent
from flask import Flask, Response, abort, current_app, g, request
from flask_login import current_user

from ocpp_server import events
from ocpp_server.store import Store
from portal import auth

TOPIC_LIMIT = 64
#: A silent reader is only noticed when writing to it fails.
PING_SECONDS = 15.0
#: Names that come within this time go out together.
MERGE_SECONDS = 0.3


def init(app: Flask) -> None:
    app.add_url_rule("/live", "live", stream)
    app.before_request(_note_number)
    app.jinja_env.globals["live_since"] = _since


def _note_number() -> None:
    """Before anything is read for the page."""
    g.live_since = events.number()


def _since() -> int:
    """What the page at hand is as new as. A request that was refused before has read nothing."""
    return g.live_since if "live_since" in g else events.number()


def stream() -> Response:
    """Names of changes as server-sent events, until the reader leaves or their session ends."""
    topics = request.args.getlist("topic")
    if len(topics) > TOPIC_LIMIT or any(len(topic) > 64 for topic in topics):
        abort(400)
    store = current_app.extensions["chargeyard"].store
    since = request.args.get("since", type=int)
    lines = _lines(store, topics, since, current_user.get_id())
    response = Response(lines, mimetype="text/event-stream")
    response.headers.update({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    return response


def _lines(store: Store, topics: list[str], since: int | None, session_id: str) -> Iterator[str]:
    subscription = events.subscribe(topics, since)
    try:
        while auth.is_valid(store, session_id):
            checked = monotonic()
            yield ": ping\n\n"
            while (remaining := checked + PING_SECONDS - monotonic()) > 0:
                names = subscription.wait(remaining)
                if names:
                    gevent.sleep(MERGE_SECONDS)
                    names |= subscription.wait(0)
                    yield "".join(f"event: {name}\ndata: \n\n" for name in sorted(names))
    finally:
        events.unsubscribe(subscription)
