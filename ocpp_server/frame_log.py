"""The frame log: every frame in both directions, with what became of it. Passwords never."""

import re
from collections.abc import Sequence
from typing import Any

from ocpp_server import frames
from ocpp_server.store import Unit

INSERT = (
    "INSERT INTO frame (charge_point_id, at, outgoing, message_type, message_id, action, text, outcome, note)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
#: The value next to the key AuthorizationKey, before or after it (whitepaper A01.FR.08 and 09).
_SECRET = re.compile(
    r'("key"\s*:\s*"AuthorizationKey"[^{}]*?"value"\s*:\s*)"(?:[^"\\]|\\.)*"'
    r'|("value"\s*:\s*)"(?:[^"\\]|\\.)*"([^{}]*?"key"\s*:\s*"AuthorizationKey")',
    re.IGNORECASE,
)


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


def unreadable(unit: Unit, charge_point_id: int, at: int, text: str, fault: frames.UnreadableFrame) -> None:
    """An incoming text that is no frame and cannot be answered."""
    row = (charge_point_id, at, False, 0, "", "", redact(text), fault.code, fault.description)
    unit.insert_later(INSERT, row)
    unit.publish(f"messages-{charge_point_id}")


def stray(unit: Unit, charge_point_id: int, at: int, message: frames.CallResult | frames.CallError) -> None:
    """An answer that nobody waits for, or a message type that does not exist."""
    kind = frames.CALL_RESULT if isinstance(message, frames.CallResult) else frames.CALL_ERROR
    row = (charge_point_id, at, False, kind, str(message.message_id), "", redact(message.text), "", "Nobody asked.")
    unit.insert_later(INSERT, row)
    unit.publish(f"messages-{charge_point_id}")


def redact(text: str) -> str:
    """The text with the value of AuthorizationKey replaced, and without the one character no database keeps."""
    if "AuthorizationKey" in text or "authorizationkey" in text.lower():
        text = _SECRET.sub(_hide, text)
    return text.replace("\0", "�")


def _hide(match: re.Match[str]) -> str:
    before, value, key = match.group(1), match.group(2), match.group(3)
    hidden: Any = '"********"'
    return f"{before}{hidden}" if before else f"{value}{hidden}{key}"
