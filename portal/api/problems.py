"""What a client is told when something cannot be done: problem details (RFC 9457)."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ocpp_server.services.errors import Invalid

MEDIA_TYPE = "application/problem+json"
_TYPES = "urn:chargeyard:problem:"

_DETAILS = {
    404: "There is nothing at this address.",
    405: "This address does not take requests of this kind.",
    413: "What you sent is larger than this server accepts.",
    500: "The server could not finish this. What happened is in its log.",
}


class Problem(Exception):
    """Ends a request. `kind` tells apart what has the same status; `more` are further members."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "",
        errors: Iterable[tuple[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.errors = None if errors is None else list(errors)
        self.headers = headers or {}
        self.more = more

    def response(self) -> Response:
        body: dict[str, Any] = {
            "type": _TYPES + self.kind if self.kind else "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
        if self.errors is not None:
            body["errors"] = [{"field": field, "message": message} for field, message in self.errors]
        text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        return Response(text, self.status, self.headers, mimetype=MEDIA_TYPE)


def invalid(errors: Iterable[tuple[str, str]]) -> Problem:
    """422, naming each field that is wrong and why."""
    found = list(errors)
    detail = "; ".join(f"{field}: {message}" if field else message for field, message in found[:3])
    return Problem(422, detail, kind="invalid", errors=found)


def of_invalid(error: Invalid) -> Problem:
    """What a service found wrong."""
    return invalid([(error.field, error.message)])


def missing(what: str) -> Problem:
    """404, saying what there is not."""
    return Problem(404, f"There is no {what}.")


def explain(error: HTTPException) -> Response:
    """What the framework refused, in our form."""
    status = error.code or 500
    detail = _DETAILS.get(status, error.description or "")
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return Problem(status, detail, headers=headers).response()


def apologize() -> Response:
    """Something failed here."""
    return Problem(500, _DETAILS[500]).response()
