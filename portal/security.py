"""What protects a browser's session: foreign pages cannot post, and pages run no script but ours.

Cross-site requests are told apart by what the browser says itself (`Sec-Fetch-Site`, else `Origin`), so that forms
need no token. Browsers send `Sec-Fetch-Site` only over https or to localhost; over plain http the `Origin` decides.
A request with neither comes from no browser and carries no foreign session.
"""

from urllib.parse import urlsplit

from flask import Flask, abort, request
from werkzeug.wrappers import Response

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def init(app: Flask) -> None:
    app.before_request(_refuse_foreign_posts)
    app.after_request(_add_headers)


def _refuse_foreign_posts() -> None:
    if request.method not in SAFE_METHODS and not request.path.startswith("/api/") and is_foreign():
        abort(403)


def is_foreign() -> bool:
    """True when the browser says that another site's page made this request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static":
        _cache_versioned(response)
    else:
        response.headers.setdefault("Cache-Control", "no-store")
        response.vary.update(["Cookie", "HX-Request-Type"])
    return response


def _cache_versioned(response: Response) -> None:
    """An address that carries the file's version never changes its content."""
    if "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
