"""`/ocpp/<identity>`: the one flask-sock route, and the handshake gate in front of it.

A Flask application of its own, so that nothing of the portal (log-in, languages, a database connection for each
request) is held for as long as a charge point stays connected.
"""

import logging
from typing import Any

from flask import Flask, Response, g, request
from flask_sock import Sock

from ocpp_server import clock, handshake, stations
from ocpp_server.handshake import Refused, Upgrade
from ocpp_server.services.file import file_addresses
from ocpp_server.services.station import charge_points, refusals
from ocpp_server.session import Session
from ocpp_server.settings import Settings
from ocpp_server.store import Store
from ocpp_server.websocket import NoThread, StationSocket

log = logging.getLogger(__name__)


def is_charge_point_request(environ: dict[str, Any]) -> bool:
    """Whether a request is for the endpoint: any WebSocket, whatever path was typed into the station (quirk 4)."""
    return environ["PATH_INFO"].startswith("/ocpp") or environ.get("HTTP_UPGRADE", "").lower() == "websocket"


def create_endpoint(settings: Settings, store: Store) -> Flask:
    """The WSGI application that charge points connect to."""
    app = Flask("ocpp_server", static_folder=None)
    app.config["SOCK_SERVER_OPTIONS"] = {"subprotocols": handshake.SUBPROTOCOLS, "thread_class": NoThread}
    sock = Sock(app)

    @app.before_request
    def gate() -> Response | None:
        # Compression costs 300 kB a station and is unsafe beside secrets (whitepaper A00.FR.320).
        request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        upgrade = Upgrade.from_environ(request.environ)
        try:
            with store.reading():
                charge_point = handshake.admit(upgrade, strict_subprotocol=settings.strict_subprotocol)
                g.station = stations.of(charge_point)
        except Refused as refused:
            _record(store, upgrade, refused.reason, refused.detail)
            return _response(refused)
        g.station.reached_at = file_addresses.reached_at(request.scheme, upgrade.host)
        if handshake.brings_new_key(upgrade, charge_point):
            password_hash = charge_point.new_password_hash
            store.write(lambda unit: charge_points.adopt_new_key(unit, charge_point.id, password_hash))
        g.upgrade = upgrade
        identity = charge_point.identity
        store.post(lambda unit: refusals.forget_admitted(unit, upgrade.identity, identity, upgrade.address))
        return None

    @sock.route("/")
    @sock.route("/<path:path>")
    def charge_point(ws: Any, path: str = "") -> None:
        session = Session(store, settings, g.station, StationSocket(ws.sock, settings.max_message_size))
        session.run()
        if session.cut_off is not None:
            _record(store, g.upgrade, *session.cut_off)

    return app


def _record(store: Store, upgrade: Upgrade, reason: str, detail: str) -> None:
    at = clock.to_ms(clock.now())
    facts = {
        "address": upgrade.address,
        "path": upgrade.path,
        "identity": upgrade.identity,
        "reason": reason,
        "detail": detail,
        "user_agent": request.headers.get("User-Agent", ""),
    }
    log.info("refused %s from %s: %s", upgrade.identity or upgrade.path, facts["address"], detail)
    store.post(lambda unit: refusals.record(unit, at, **facts))


def _response(refused: Refused) -> Response:
    response = Response(f"{refused.detail}\n", refused.status, content_type="text/plain; charset=utf-8")
    if refused.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="charge points"'
    if refused.retry_after:
        response.headers["Retry-After"] = str(refused.retry_after)
    if refused.status == 426:
        response.headers["Upgrade"] = "websocket"
    return response
