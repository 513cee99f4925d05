"""The pieces that the schemas of resources are made of; they check bodies and fill the OpenAPI document alike."""

from collections.abc import Sequence
from typing import Any

from portal.api.operation import Parameter
from portal.converters import MAX_ID

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
ANYTHING: Schema = {}
OBJECT: Schema = {"type": "object"}
ID: Schema = {"type": "integer", "minimum": 0, "maximum": MAX_ID}
TIME: Schema = {"type": "string", "format": "date-time", "examples": ["2026-11-22T10:00:00Z"]}


def text(length: int, **more: Any) -> Schema:
    """A text of at most so many characters, without the one that no database keeps."""
    return {"type": "string", "maxLength": length, "pattern": "^[^\\u0000]*$", **more}


def one_of(words: Sequence[str], **more: Any) -> Schema:
    return {"type": "string", "enum": list(words), **more}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    nullable = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        nullable["enum"] = [*schema["enum"], None]
    return nullable


def list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def body(required: Sequence[str] = (), /, **properties: Schema) -> Schema:
    """What a client sends: nothing but these fields."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def record(**properties: Schema) -> Schema:
    """What a client gets: every field is always there, and later versions may add some."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def page_of(item: Schema) -> Schema:
    """A part of a list, and where the next part begins."""
    return record(
        items=list_of(item),
        next={"type": ["string", "null"], "description": "The `cursor` of the next part; null where this is the last."},
    )


def argument(name: str, schema: Schema, description: str) -> Parameter:
    """One argument of the query."""
    return Parameter(name, schema, description)


LIMIT = argument("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}, "How many at most.")
CURSOR = argument("cursor", STRING, "The `next` of the part before.")
PAGING = (LIMIT, CURSOR)
SINCE = argument("since", TIME, "From this time on.")
UNTIL = argument("until", TIME, "Before this time.")
