"""The JSON schemas of OCPP 1.6, from the `ocpp` package, compiled once, and what their violations are called."""

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

import jsonschema_rs

from ocpp_server import frames

Violation = jsonschema_rs.ValidationError
Kind = jsonschema_rs.ValidationErrorKind

#: The code of J table 7 by the kind of violation, and the order in which one of several is named.
_CODES = (
    (Kind.Required, frames.PROTOCOL_ERROR),
    (Kind.Type, frames.TYPE_CONSTRAINT_VIOLATION),
    (Kind.AdditionalProperties, frames.FORMATION_VIOLATION),
    (Kind.MinItems, frames.OCCURENCE_CONSTRAINT_VIOLATION),
    (Kind.MaxItems, frames.OCCURENCE_CONSTRAINT_VIOLATION),
)


@cache
def _load(name: str) -> Any:
    text = (resources.files("ocpp.v16") / "schemas" / f"{name}.json").read_text("utf-8-sig")
    return jsonschema_rs.validator_for(json.loads(text))


@cache
def actions() -> frozenset[str]:
    """Every action of OCPP 1.6 and its security extension, in either direction."""
    names = (entry.name.removesuffix(".json") for entry in (resources.files("ocpp.v16") / "schemas").iterdir())
    return frozenset(name for name in names if not name.endswith("Response"))


def warm() -> None:
    """Compile all schemas now rather than when the first station needs them."""
    for action in actions():
        request_is_valid(action, {})
        response_is_valid(action, {})


@cache
def _request(action: str) -> Any:
    return _load(action).is_valid


@cache
def _response(action: str) -> Any:
    return _load(f"{action}Response").is_valid


def request_is_valid(action: str, payload: Any) -> bool:
    return _request(action)(payload)


def response_is_valid(action: str, payload: Any) -> bool:
    return _response(action)(payload)


def violations(action: str, payload: Any) -> Iterator[Violation]:
    """What is wrong with a request."""
    return _load(action).iter_errors(payload)


def refusal(found: list[Violation]) -> frames.CallRefused:
    """The CALLERROR for these violations: the gravest one, named by its field."""
    for kind, code in _CODES:
        for violation in found:
            if isinstance(violation.kind, kind):
                if kind is Kind.Type and not violation.instance_path:
                    code = frames.FORMATION_VIOLATION
                return frames.CallRefused(code, describe(violation))
    return frames.CallRefused(frames.PROPERTY_CONSTRAINT_VIOLATION, describe(found[0]))


def describe(violation: Violation) -> str:
    """`meterValue.0.timestamp: "x" is not a "date-time"`."""
    path = ".".join(str(step) for step in violation.instance_path)
    return f"{path}: {violation.message}" if path else violation.message
