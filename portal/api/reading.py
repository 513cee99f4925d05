"""What a request brings: its body and its query, checked against what the operation declared."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

from flask import request

from ocpp_server import clock, timestamps
from ocpp_server.services.errors import Invalid
from portal.api.operation import Operation, Parameter
from portal.api.problems import Problem, invalid

#: The largest body; a list version for a station with thousands of cards stays below it.
MAX_BYTES = 1024 * 1024
_FIRST = clock.to_ms(datetime(1970, 1, 1, tzinfo=UTC))


def body(operation: Operation) -> Any:
    """The JSON body; `{}` where there is none and none is needed. Raises Problem for what does not fit the schema."""
    request.max_content_length = MAX_BYTES
    if not (operation.needs_body or request.content_type or request.get_data()):
        return {}
    if not request.is_json:
        raise Problem(415, "Send JSON, with Content-Type: application/json.")
    try:
        value = _parse(request.get_data())
    except (ValueError, RecursionError) as error:
        raise invalid([("", "The body is not JSON.")]) from error
    errors = list(violations(operation.validator.iter_errors(value)))
    if errors:
        raise invalid(errors)
    return value


def refuse_form() -> None:
    """Raise Problem where a form came in place of the file itself: it would be stored with all that is around it."""
    if request.mimetype.startswith("multipart/"):
        raise Problem(415, "Send the file itself as the body, not a form: curl --data-binary @FILE.")


def violations(found: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Field and message of each violation of a schema; what is missing or too much is named itself."""
    for violation in found:
        path = [prefix] if prefix else []
        path += [str(step) for step in violation.instance_path]
        unexpected = getattr(violation.kind, "unexpected", None)
        if unexpected is not None:
            for name in unexpected:
                yield ".".join([*path, name]), "There is no such field."
        elif hasattr(violation.kind, "property"):
            yield ".".join([*path, violation.kind.property]), "This is required."
        else:
            yield ".".join(path), violation.message


def query(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The declared arguments that the URL has, each as its type. Raises Problem naming those that cannot be read."""
    values, errors = {}, []
    for parameter in parameters:
        text = request.args.get(parameter.name)
        if text is not None:
            try:
                values[parameter.name] = _convert(parameter, text)
            except Invalid as error:
                errors.append((error.field, error.message))
    if errors:
        raise invalid(errors)
    return values


def moment(field: str, text: str) -> datetime:
    """A time as clients write it; without a zone, UTC is meant. Raises Invalid."""
    milliseconds = timestamps.parse(text)
    if milliseconds is None or milliseconds < _FIRST:
        raise Invalid(field, "Write a time like 2027-01-31T18:00:00Z.")
    return clock.from_ms(milliseconds)


def moments(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The same fields, with these read as times. Raises Invalid."""
    read = {name: moment(name, fields[name]) for name in names if fields.get(name) is not None}
    return {**fields, **read}


def _parse(data: bytes) -> Any:
    """JSON as RFC 8259 has it: without Python's additions, and with characters only that can be stored."""
    value = json.loads(data.decode(), parse_constant=_refuse)
    if b"\\u" in data:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _convert(parameter: Parameter, text: str) -> Any:
    schema, name = parameter.schema, parameter.name
    if not text.isprintable():
        raise Invalid(name, "Use visible characters only.")
    if schema["type"] == "integer":
        return _whole(name, text, schema["minimum"], schema["maximum"])
    if schema["type"] == "boolean":
        if text not in {"true", "false"}:
            raise Invalid(name, "Write true or false.")
        return text == "true"
    if schema.get("format") == "date-time":
        return moment(name, text)
    if text not in schema.get("enum", [text]):
        raise Invalid(name, "Choose one of %(choices)s.", choices=", ".join(schema["enum"]))
    return text


def _whole(name: str, text: str, minimum: int, maximum: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and minimum <= int(text) <= maximum):
        raise Invalid(name, "Write a whole number, %(least)s to %(most)s.", least=minimum, most=maximum)
    return int(text)
