"""OCPP-J frames: text to Call, CallResult, CallError and back (OCPP-J 1.6 section 4).

The error codes are those of OCPP 1.6, with its two misspellings (J table 7, errata J 5.1 and 5.2).
"""

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

import orjson

NOT_IMPLEMENTED = "NotImplemented"
NOT_SUPPORTED = "NotSupported"
INTERNAL_ERROR = "InternalError"
PROTOCOL_ERROR = "ProtocolError"
SECURITY_ERROR = "SecurityError"
FORMATION_VIOLATION = "FormationViolation"
PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
OCCURENCE_CONSTRAINT_VIOLATION = "OccurenceConstraintViolation"
TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"
GENERIC_ERROR = "GenericError"

CALL, CALL_RESULT, CALL_ERROR = 2, 3, 4

#: A MessageId is at most 36 characters (J 4.1.4); stations that use more are answered all the same.
MAX_ECHOED_ID = 255
#: No message of OCPP 1.6 is half as deep; what is deeper would exhaust the stack of whatever walks it.
_MAX_DEPTH = 32


class CallRefused(Exception):
    """A CALL that is answered with a CALLERROR. `code` is one of the ten of OCPP 1.6."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


class UnreadableFrame(Exception):
    """Text that is no frame. `message_id` is there when a CALL's id could be read, so that it can be answered."""

    def __init__(self, code: str, description: str, message_id: Any = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.message_id = message_id


@dataclass(slots=True)
class Call:
    message_id: Any
    action: str
    payload: Any
    text: str = ""


@dataclass(slots=True)
class CallResult:
    message_id: Any
    payload: Any
    text: str = ""


@dataclass(slots=True)
class CallError:
    message_id: Any
    code: str
    description: str = ""
    details: Any = field(default_factory=dict)
    text: str = ""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


# NaN and Infinity are Python's own additions; a station that sends them sends no JSON.
_encode_odd = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_decode_odd = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite).decode
_READABLE_ID = re.compile(r'\s*\[\s*2\s*,\s*"([^"\\\x00-\x1f]{1,255})"')


def parse(text: str) -> Call | CallResult | CallError | None:
    """Read a frame; None for a message type that does not exist, which is to be ignored (J 4.1.3).

    Raises UnreadableFrame.
    """
    frame = _parse_json(text)
    if not isinstance(frame, list) or not frame:
        raise UnreadableFrame(FORMATION_VIOLATION, "A message is a JSON array that is not empty.")
    kind = frame[0]
    if kind == CALL and type(kind) is int:
        return _parse_call(frame, text)
    if kind == CALL_RESULT and len(frame) >= 2:
        # An empty payload may come as null (J 4.2.2), or not at all.
        payload = frame[2] if len(frame) > 2 else None
        return CallResult(frame[1], {} if payload is None else payload, text)
    if kind == CALL_ERROR and len(frame) >= 2:
        return _parse_call_error(frame, text)
    return None


def _decode(text: str) -> Any:
    """orjson takes a quarter of the time, but refuses half a surrogate pair, which some stations send."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _decode_odd(text)


def encode(value: Any) -> str:
    """A value as JSON without blanks. Whole numbers beyond 64 bits are left to Python's own encoder."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return _encode_odd(value)


def _parse_json(text: str) -> Any:
    try:
        frame = _decode(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFrame(FORMATION_VIOLATION, f"This is not JSON: {error}", _id_at_start(text)) from error
    # Depth needs brackets, and few messages have so many.
    if text.count("[") + text.count("{") > _MAX_DEPTH and _is_deeper(frame, _MAX_DEPTH):
        raise UnreadableFrame(FORMATION_VIOLATION, "The message is nested too deeply.", _id_at_start(text))
    return _storable(frame) if "\\u" in text else frame


def _id_at_start(text: str) -> str | None:
    readable = _READABLE_ID.match(text)
    return readable.group(1) if readable else None


def _is_deeper(value: Any, room: int) -> bool:
    if not isinstance(value, list | dict):
        return False
    items = value.values() if isinstance(value, dict) else value
    return room == 0 or any(_is_deeper(item, room - 1) for item in items)


def _parse_call(frame: list, text: str) -> Call:
    message_id = frame[1] if len(frame) > 1 else None
    if not _echoable(message_id):
        raise UnreadableFrame(FORMATION_VIOLATION, "The message id is not a text of 1 to 36 characters.")
    if len(frame) != 4:
        raise UnreadableFrame(FORMATION_VIOLATION, f"A CALL has four elements, this one has {len(frame)}.", message_id)
    if not isinstance(frame[2], str):
        raise UnreadableFrame(FORMATION_VIOLATION, "The action is not a text.", message_id)
    # An empty payload may come as null (J 4.2.1).
    payload = {} if frame[3] is None else frame[3]
    return Call(message_id, frame[2], payload, text)


def _parse_call_error(frame: list, text: str) -> CallError:
    """Whatever is missing or odd is filled in: a failure stays a failure (quirks in the field)."""
    told = frame[2:5]
    code, description, details = told + [GENERIC_ERROR, "", {}][len(told) :]
    return CallError(frame[1], str(code), str(description), details, text)


def _echoable(message_id: Any) -> bool:
    if isinstance(message_id, str):
        return 0 < len(message_id) <= MAX_ECHOED_ID
    return isinstance(message_id, int) and not isinstance(message_id, bool)


def _storable(value: Any) -> Any:
    """Replace what JSON can spell but no database stores: lone surrogates and the character 0."""
    if isinstance(value, str):
        clean = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return clean.replace("\0", "�")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value


def encode_call(message_id: str, action: str, payload: dict) -> str:
    return encode([CALL, message_id, action, payload])


def encode_result(message_id: Any, payload: dict) -> str:
    return encode([CALL_RESULT, message_id, payload])


def encode_error(message_id: Any, code: str, description: str = "", details: dict | None = None) -> str:
    """Always five elements, the details always an object (J 4.2.3); a description has 255 characters at most."""
    return encode([CALL_ERROR, message_id, code, description[:255], details or {}])
