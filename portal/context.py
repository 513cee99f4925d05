"""What every request can reach: the store and the settings, and the connection a request reads with.

A unit of work runs in the writer's greenlet, outside the request: take what it needs from `request`, `current_user`
and `gettext` before, as plain values.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field

import gevent
from flask import Flask, abort, current_app, g, request, session
from werkzeug.exceptions import RequestTimeout

from ocpp_server.services.session.energy_total import EnergyTotal
from ocpp_server.settings import Settings
from ocpp_server.store import Store

#: These hold no connection: they last for hours (a station's socket, a page's live stream), answer without one, or take
#: one themselves (the API, whose calls wait for stations).
WITHOUT_CONNECTION = ("/ocpp", "/live", "/static", "/healthz", "/metrics", "/api")

#: A form must be here after so many seconds.
FORM_SECONDS = 20.0


@dataclass(frozen=True)
class Context:
    """Kept as `app.extensions["chargeyard"]`."""

    store: Store
    settings: Settings
    energy_total: EnergyTotal = field(default_factory=EnergyTotal)


def store() -> Store:
    """The database of this application."""
    return current_app.extensions["chargeyard"].store


def settings() -> Settings:
    """What the environment asked for."""
    return current_app.extensions["chargeyard"].settings


def energy_total() -> EnergyTotal:
    """What was charged in all, as it was last counted."""
    return current_app.extensions["chargeyard"].energy_total


def init(app: Flask, settings: Settings, store: Store) -> None:
    """Give each ordinary request a connection to read with, for as long as it lasts."""
    app.extensions["chargeyard"] = Context(store, settings)
    app.before_request(_open)
    app.teardown_request(_close)


def _open() -> None:
    if not f"{request.path}/".startswith(tuple(f"{path}/" for path in WITHOUT_CONNECTION)):
        _receive_form()
        g.reading = ExitStack()
        g.reading.enter_context(store().reading())


def _receive_form() -> None:
    """A form is read before a connection is taken: who sends one slowly keeps nobody from theirs.

    All that anybody may send who is not logged in is such a form.
    """
    if request.mimetype == "application/x-www-form-urlencoded":
        with gevent.Timeout(FORM_SECONDS, RequestTimeout()):
            request.form  # noqa: B018  # read once, and kept
    elif request.method not in ("GET", "HEAD", "OPTIONS") and "_user_id" not in session and request.mimetype:
        abort(415)


def let_go() -> None:
    """Give this request's connection back before something that takes long; what is read later takes its own."""
    _close(None)


def _close(error: BaseException | None) -> None:
    reading = g.pop("reading", None)
    if reading is not None:
        reading.close()
