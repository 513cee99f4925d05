"""What a reader sees when something cannot be shown: a page in the layout, or for htmx a sentence for a toast."""

import logging

from flask import Flask, render_template, request
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from portal.api import gate, problems
from portal.context import store
from portal.htmx import is_fragment

log = logging.getLogger(__name__)


def init(app: Flask) -> None:
    app.register_error_handler(HTTPException, _explain)
    app.register_error_handler(Exception, _apologize)


def _explain(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()  # a redirect that was raised
    if request.path.startswith(gate.PREFIX):
        return problems.explain(error)
    return answer(error.code, error.get_headers())


def _apologize(error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    if request.path.startswith(gate.PREFIX):
        return problems.apologize()
    return answer(500)


def answer(status: int, headers: list[tuple[str, str]] | None = None) -> Response:
    """The page, or for a fragment its sentence: the part on the page stays as it is and app.js shows the sentence."""
    title, text = _words(status)
    if is_fragment():
        response = Response(text, status, mimetype="text/plain")
        response.headers["HX-Reswap"] = "none"
    else:
        with store().reading():
            html = render_template("errors/error.html", status=status, title=title, text=text)
        response = Response(html, status, mimetype="text/html")
    response.headers.extend((name, value) for name, value in headers or () if name != "Content-Type")
    return response


def _words(status: int) -> tuple[str, str]:
    known = {
        403: (_("Not allowed"), _("Your role does not allow this. An admin can change it.")),
        404: (_("Not found"), _("There is nothing at this address. It may have been deleted, or the link is wrong.")),
        405: (_("Not possible"), _("This address does not take requests of that kind.")),
        413: (_("Too large"), _("What you sent is larger than this server accepts.")),
        429: (_("Too many attempts"), _("Wait a little, then try again.")),
        500: (_("Something went wrong"), _("The server could not finish this. What happened is in its log.")),
    }
    return known.get(status, (_("Not possible"), _("The server could not read this request.")))
