"""The OpenAPI 3.1 document, drawn from the declared operations."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from portal.api.operation import FILE, OPERATIONS, Operation
from portal.converters import MAX_ID

PREFIX = "/api/v1"
VERSION = "1.0"
_PROBLEM = "#/components/schemas/Problem"
_ERRORS = {
    401: "There is no token, or it does not work (any more).",
    403: "The token's role does not allow this.",
    404: "There is no such thing.",
    413: "The body is too large.",
    415: "The body is of another kind than this takes.",
    422: "Something that was sent cannot be used; `errors` names the fields.",
}
_PATHS = {
    "identity": {"type": "string", "minLength": 1},
    "other": {"type": "string", "minLength": 1},
    "id_tag": {"type": "string", "minLength": 1},
}
_NUMBER = {"type": "integer", "minimum": 0, "maximum": MAX_ID}
_DESCRIPTION = """\
Send `Authorization: Bearer <token>`; an admin makes tokens in the portal under Settings.

Times are ISO 8601 in UTC. Fields have OCPP's words in snake_case. Lists come in parts: `next` is the `cursor` of the
part that follows, or null. Of messages, commands and the audit log, a part may hold fewer than `limit`, or nothing, and
name a next one all the same: so far it was searched. Errors are problem details (RFC 9457). Identities and id tags are
matched without regard to case; percent-encode them in addresses.
"""


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        address = PREFIX + template(operation.path)
        paths.setdefault(address, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Chargeyard", "version": VERSION, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in OPERATIONS)],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _problem()},
        },
    }


def template(path: str) -> str:
    """`/commands/<int:command_id>` as `/commands/{command_id}`."""
    return re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", path)


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name.removeprefix("api."),
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": _responses(operation),
    }
    if operation.role is None:
        described["security"] = []
    else:
        described["description"] = f"Takes a token with the role {operation.role} at least."
    parameters = _parameters(operation)
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        content = {"application/json": {"schema": operation.body}}
        described["requestBody"] = {"required": operation.needs_body, "content": content}
    if operation.takes_file:
        described["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": FILE}}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": _PATHS.get(name, _NUMBER)}
        for name in operation.path_names
    ]
    query = [
        {"name": one.name, "in": "query", "description": one.description, "schema": one.schema}
        for one in operation.query
    ]
    return path + query


def _responses(operation: Operation) -> dict[str, Any]:
    responses = {str(status): _success(status, schema) for status, schema in operation.answers.items()}
    texts = {**_errors(operation), **operation.errors}
    for status in sorted(texts):
        content = {"application/problem+json": {"schema": {"$ref": _PROBLEM}}}
        responses[str(status)] = {"description": texts[status], "content": content}
    return responses


def _success(status: int, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    words = {200: "Done.", 201: "Added.", 202: "Accepted: it is done later.", 204: "Done."}
    described: dict[str, Any] = {"description": words[status]}
    if schema is not None:
        kind = "application/octet-stream" if schema is FILE else "application/json"
        described["content"] = {kind: {"schema": schema}}
    if status == 201:
        described["headers"] = {"Location": {"schema": {"type": "string"}, "description": "Where it is."}}
    return described


def _errors(operation: Operation) -> dict[int, str]:
    """Every way in which an operation of this kind can fail."""
    found = set()
    if operation.role is not None:
        found |= {401}
        found |= {403} if operation.role != "viewer" else set()
    if operation.path_names:
        found |= {404}
    if operation.body is not None:
        found |= {413, 415, 422}
    if operation.takes_file:
        found |= {415, 422}
    if operation.query:
        found |= {422}
    return {status: _ERRORS[status] for status in found}


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    error = {"type": "object", "properties": {"field": text, "message": text}, "required": ["field", "message"]}
    return {
        "type": "object",
        "properties": {
            "type": {**text, "description": "`about:blank`, or what tells apart problems of one status."},
            "title": text,
            "status": {"type": "integer"},
            "detail": {**text, "description": "What happened, in words."},
            "errors": {"type": "array", "items": error},
            "command": {"type": "integer", "description": "The command that was asked for, where there is one."},
        },
        "required": ["type", "title", "status", "detail"],
    }
