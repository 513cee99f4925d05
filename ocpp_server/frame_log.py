"""The frame log: every frame in both directions, with what became of it. Passwords never."""

import json
import re
from collections.abc import Sequence
from typing import Any

from ocpp_server import address_secrets, frames
from ocpp_server.store import Unit

INSERT = (
    "INSERT INTO frame (charge_point_id, at, outgoing, message_type, message_id, action, text, outcome, note)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
#: The key whose value is a password (whitepaper A01.FR.08 and 09), compared without regard to case.
_CONFIDENTIAL = "authorizationkey"
#: A station may send a megabyte at a time; what is longer than this is not read by anybody.
MAX_TEXT = 65_536
#: No address is longer.
_ADDRESS = 2000
_HIDDEN = "********"
_ESCAPE = re.compile(r"\\u00([0-7][0-9a-f])", re.IGNORECASE)
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def exchange(
    unit: Unit, charge_point_id: int, at: int, call: frames.Call, reply: str, outcome: str, notes: Sequence[str]
) -> None:
    """An incoming CALL and its answer. `at` in milliseconds since 1970."""
    message_id = str(call.message_id)
    note = "\n".join(notes)
    kind = frames.CALL_ERROR if outcome else frames.CALL_RESULT
    action = call.action[:64]
    unit.insert_later(
        INSERT, (charge_point_id, at, False, frames.CALL, message_id, action, redact(call.text), outcome, note)
    )
    unit.insert_later(INSERT, (charge_point_id, at, True, kind, message_id, action, redact(reply), outcome, ""))
    unit.publish(f"messages-{charge_point_id}")


def call(unit: Unit, charge_point_id: int, at: int, message_id: str, action: str, text: str) -> None:
    """An outgoing CALL."""
    unit.insert_later(INSERT, (charge_point_id, at, True, frames.CALL, message_id, action, redact(text), "", ""))
    unit.publish(f"messages-{charge_point_id}")


def reply(
    unit: Unit,
    charge_point_id: int,
    at: int,
    action: str,
    answer: frames.CallResult | frames.CallError,
    outcome: str,
    note: str = "",
) -> None:
    """The station's answer to one of our CALLs."""
    kind = frames.CALL_RESULT if isinstance(answer, frames.CallResult) else frames.CALL_ERROR
    # Nothing else bounds the ids of answers.
    message_id = str(answer.message_id)[: frames.MAX_ECHOED_ID]
    row = (charge_point_id, at, False, kind, message_id, action, redact(answer.text), outcome[:64], note)
    unit.insert_later(INSERT, row)
    unit.publish(f"messages-{charge_point_id}")


def unreadable(unit: Unit, charge_point_id: int, at: int, text: str, fault: frames.UnreadableFrame) -> None:
    """An incoming text that is no frame and cannot be answered."""
    row = (charge_point_id, at, False, 0, "", "", redact(text), fault.code, fault.description)
    unit.insert_later(INSERT, row)
    unit.publish(f"messages-{charge_point_id}")


def stray(unit: Unit, charge_point_id: int, at: int, message: frames.CallResult | frames.CallError) -> None:
    """An answer that nobody waits for, or a message type that does not exist."""
    reply(unit, charge_point_id, at, "", message, "", "Nobody asked.")


def redact(text: str) -> str:
    """A frame as the log keeps it: without secrets, and of a very long one the beginning, and how long it was.

    Its samples are kept as meter values, and what stations are asked and answer with the command.
    """
    text = _without_key(text)
    if len(text) <= MAX_TEXT:
        return _storable(text)
    # Of an address that is cut off nobody would know what opens it.
    begin = _storable(text[: MAX_TEXT + _ADDRESS])[:MAX_TEXT]
    return f"{begin} … ({len(text):,} characters in all)"


def hide_secrets(text: str) -> str:
    """The whole text without secrets."""
    return _storable(_without_key(text))


def _storable(text: str) -> str:
    """Without what opens an address, and the character that no database keeps."""
    return address_secrets.hide(text).replace("\0", "�")


def _without_key(text: str) -> str:
    """Without the value of AuthorizationKey."""
    if _CONFIDENTIAL in text.lower() or ("\\u00" in text and _CONFIDENTIAL in _unescape(text).lower()):
        return _without_secrets(text)
    return text


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text)


def _without_secrets(text: str) -> str:
    """The same JSON, spelled anew, with the secrets replaced; of what is no JSON only that it was there."""
    try:
        frame = json.loads(text, object_pairs_hook=_hide)
        return _encode(frame).encode("utf-8", "replace").decode()
    except (ValueError, RecursionError):
        return f"({len(text)} characters that name AuthorizationKey and are no JSON: not kept)"


def _hide(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without its secret: the `value` beside that key, in any order, or what bears its name."""
    names_secret = any(isinstance(value, str) and _is_secret(value) for _, value in pairs)
    return {
        name: _HIDDEN if _is_secret(name) or (names_secret and name.strip().lower() == "value") else value
        for name, value in pairs
    }


def _is_secret(word: str) -> bool:
    return word.strip().lower() == _CONFIDENTIAL
