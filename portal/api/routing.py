"""From the declared operations to routes: each request is checked, let in, carried out and answered here."""

import json
from contextlib import nullcontext
from functools import partial
from typing import Any

from flask import Flask
from peewee import DoesNotExist
from werkzeug.wrappers import Response

from ocpp_server.services.errors import Invalid
from portal.api import gate, problems, reading
from portal.api.operation import OPERATIONS, Operation, Reply
from portal.api.problems import Problem
from portal.context import store

PREFIX = "/api/v1"


def init(app: Flask) -> None:
    for operation in OPERATIONS:
        app.add_url_rule(
            PREFIX + operation.path,
            endpoint=operation.name,
            view_func=partial(_carry_out, operation),
            methods=[operation.method],
            provide_automatic_options=False,
        )


def _carry_out(operation: Operation, **arguments: Any) -> Response:
    try:
        if operation.role is not None:
            gate.demand(operation.role)
        if operation.query:
            arguments["query"] = reading.query(operation.query)
        if operation.body is not None:
            arguments["body"] = reading.body(operation)
        if operation.takes_file:
            reading.refuse_form()
        with store().reading() if operation.holds_connection else nullcontext():
            return _answer(operation, operation.function(**arguments))
    except Problem as problem:
        return problem.response()
    except Invalid as error:
        return problems.of_invalid(error).response()
    except DoesNotExist:
        return problems.Problem(404, "It was deleted meanwhile.").response()


def _answer(operation: Operation, content: Any) -> Response:
    if isinstance(content, Response):
        return content
    reply = content if isinstance(content, Reply) else Reply(content, operation.success)
    if operation.answers[reply.status] is None:
        return Response(status=reply.status, headers=dict(reply.headers))
    text = json.dumps(reply.content, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, reply.status, dict(reply.headers), mimetype="application/json")
