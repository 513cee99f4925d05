"""Whether this process serves: for the supervisor, the proxy and the container's health check."""

import logging

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from portal.auth import public
from portal.context import store

bp = Blueprint("health", __name__)
log = logging.getLogger(__name__)


@bp.get("/healthz")
@public
def healthz() -> tuple[Response, int]:
    try:
        with store().reading():
            store().query("SELECT 1 FROM setting LIMIT 1")
    except Exception:
        log.exception("the database does not answer")
        return jsonify(status="error"), 503
    return jsonify(status="ok"), 200
