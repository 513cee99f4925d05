"""From a command to its CALL and from the answer to what it changes: the outgoing twin of `dispatch`.

`@concludes("Reset")` registers what an answer changes beside the command's own row. Pure: no socket.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ocpp_server import clock, frame_log, frames, operations
from ocpp_server.discovery import import_all
from ocpp_server.frames import CallError, CallResult
from ocpp_server.models.charge_points import REJECTED
from ocpp_server.services import commands
from ocpp_server.services.commands import Claimed
from ocpp_server.services.configuration.configuration import SECRET_KEYS
from ocpp_server.stations import Station
from ocpp_server.store import Unit


@dataclass(slots=True)
class Conclusion:
    """An answer as the operation sees it: what was asked, and what came back."""

    unit: Unit
    station: Station
    command: Claimed
    result: dict[str, Any]

    @property
    def status(self) -> str:
        """The answer's own word, or nothing."""
        status = self.result.get("status")
        return status if isinstance(status, str) else ""


Conclude = Callable[[Conclusion], None]
_conclusions: dict[str, Conclude] = {}


def concludes(action: str) -> Callable[[Conclude], Conclude]:
    """Register the function that applies a CALLRESULT of this action."""

    def register(function: Conclude) -> Conclude:
        _conclusions[action] = function
        return function

    return register


def load() -> None:
    """Import the operations, before the first station comes."""
    import_all(operations)


def take(unit: Unit, station: Station) -> tuple[Claimed, str] | None:
    """The next command of a station and the text to send, already in the log; None where nothing waits."""
    if station.registration == REJECTED:
        return None
    claimed = commands.claim(unit, station.id)
    if claimed is None:
        return None
    text = frames.encode_call(claimed.message_id, claimed.action, claimed.payload)
    frame_log.call(unit, station.id, _now(), claimed.message_id, claimed.action, text)
    return claimed, text


def conclude(unit: Unit, station: Station, claimed: Claimed, answer: CallResult | CallError) -> None:
    """Write down an answer and apply it."""
    result = answer.payload if isinstance(answer, CallResult) and isinstance(answer.payload, dict) else None
    note(unit, station, claimed, answer, is_usable=result is not None)
    function = _conclusions.get(claimed.action)
    if function is not None and result is not None:
        function(Conclusion(unit, station, claimed, result))


def note(
    unit: Unit, station: Station, claimed: Claimed, answer: CallResult | CallError, *, is_usable: bool = False
) -> None:
    """Write down an answer; what is not usable changes nothing."""
    if isinstance(answer, CallError):
        frame_log.reply(unit, station.id, _now(), claimed.action, answer, answer.code)
        commands.refused(unit, claimed, answer)
        return
    frame_log.reply(unit, station.id, _now(), claimed.action, answer, "")
    commands.answered(unit, claimed, answer.payload, is_usable=is_usable)


def discreet(claimed: Claimed, answer: CallResult | CallError) -> CallResult | CallError:
    """The answer without the password that it may quote back (whitepaper A01.FR.09)."""
    secret = str(claimed.payload.get("value"))
    key = str(claimed.payload.get("key", "")).casefold()
    if claimed.action != "ChangeConfiguration" or key not in SECRET_KEYS or secret not in answer.text:
        return answer
    if isinstance(answer, CallResult):
        payload = _masked(answer.payload, secret)
        text = frames.encode([frames.CALL_RESULT, answer.message_id, payload])
        return CallResult(answer.message_id, payload, text)
    code, description, details = (_masked(part, secret) for part in (answer.code, answer.description, answer.details))
    text = frames.encode([frames.CALL_ERROR, answer.message_id, code, description, details])
    return CallError(answer.message_id, code, description, details, text)


def _masked(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, "********")
    if isinstance(value, list):
        return [_masked(item, secret) for item in value]
    return {name: _masked(item, secret) for name, item in value.items()} if isinstance(value, dict) else value


def late(unit: Unit, station: Station, command_id: int, action: str, answer: CallResult | CallError) -> None:
    """An answer after the time-out: on record, without effect."""
    frame_log.reply(unit, station.id, _now(), action, answer, "", "This answer came after the time-out.")
    commands.answered_late(unit, command_id, station.id, answer.text)


def _now() -> int:
    return clock.to_ms(clock.now())
