"""How a resource declares what can be asked of it.

    @operation("GET", "/stations/<identity>", "Show a station", tag="Stations", answer=STATION)
    def show(identity: str) -> dict: ...

An operation takes the parts of its path, `body` where it declares a body and `query` where it declares parameters,
both checked. A body in which no field is required may be left out: it is `{}` then. It returns what is sent as JSON, or
nothing for 204.

Where `takes_file` is true the body is a file, which the operation reads itself (portal/file_uploads.py); where the
answer is FILE it returns a response with one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jsonschema_rs

from ocpp_server.models.operators import ADMIN, OPERATOR, VIEWER

Schema = dict[str, Any]

#: The answer is a file: any bytes.
FILE: Schema = {"type": "string", "format": "binary"}


@dataclass(frozen=True)
class Parameter:
    """One argument of the query, of a plain type."""

    name: str
    schema: Schema
    description: str


@dataclass(frozen=True)
class Reply:
    """An answer that is not simply the operation's first status."""

    content: Any
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One method of one address, with all that is true of it."""

    method: str
    path: str
    function: Callable[..., Any]
    summary: str
    tag: str
    role: str | None
    query: Sequence[Parameter]
    body: Schema | None
    answers: Mapping[int, Schema | None]
    errors: Mapping[int, str]
    holds_connection: bool
    takes_file: bool

    @property
    def name(self) -> str:
        """`api.stations.show`: the endpoint, and the operationId of the document."""
        return f"api.{self.function.__module__.rpartition('.')[2]}.{self.function.__name__}"

    @property
    def path_names(self) -> list[str]:
        return re.findall(r"<(?:[^:>]+:)?(\w+)>", self.path)

    @property
    def success(self) -> int:
        return min(self.answers)

    @cached_property
    def validator(self) -> Any:
        # Values are not repeated in messages: one of them may be a password.
        return jsonschema_rs.validator_for(self.body or {}, mask="The value")

    @cached_property
    def needs_body(self) -> bool:
        """Whether a body must be sent, because `{}` would not do."""
        return not self.validator.is_valid({})


OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    summary: str,
    *,
    tag: str,
    answer: Schema | None = None,
    status: int = 0,
    role: str | None = "",
    query: Sequence[Parameter] = (),
    body: Schema | None = None,
    answers: Mapping[int, Schema | None] | None = None,
    errors: Mapping[int, str] | None = None,
    holds_connection: bool = True,
    takes_file: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an operation. Unless `role` says otherwise a viewer may GET and an operator may do all else."""
    if not status:
        status = 200 if answer is not None else 204
    needed = role if role != "" else (VIEWER if method == "GET" else OPERATOR)
    if needed not in (VIEWER, OPERATOR, ADMIN, None):
        raise ValueError(f"there is no role {needed!r}")

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        found = answers if answers is not None else {status: answer}
        facts = (query, body, found, errors or {}, holds_connection, takes_file)
        OPERATIONS.append(Operation(method, path, function, summary, tag, needed, *facts))
        return function

    return declare
