"""From a command to its CALL and from the answer to what it changes: the outgoing twin of `dispatch`.

`@concludes("Reset")` registers what an answer changes beside the command's own row, `@concludes_late("Reset")` what it
still changes when it comes after the time-out. Pure: no socket.
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
_late_conclusions: dict[str, Conclude] = {}


def concludes(action: str) -> Callable[[Conclude], Conclude]:
    """Register the function that applies a CALLRESULT of this action."""

    def register(function: Conclude) -> Conclude:
        _conclusions[action] = function
        return function

    return register


def concludes_late(action: str) -> Callable[[Conclude], Conclude]:
    """Register the function that applies a CALLRESULT of this action after its time-out. It ends nothing any more (J
    4.1.1), but what it says of the station may be true until something else is sent."""

    def register(function: Conclude) -> Conclude:
        _late_conclusions[action] = function
        return function

    return register


def is_heard_late(action: str) -> bool:
    """Whether an answer to this action changes something after its time-out, too."""
    return action in _late_conclusions


def load() -> None:
    """Import the operations, before the first station comes."""
    import_all(operations)


def take(unit: Unit, station: Station) -> tuple[Claimed, str] | None:
    """The next command of a station and the text to send, already in the log; None where nothing waits."""
    if station.registration == REJECTED:
        return None
    claimed = commands.claim(unit, station.id, is_pending=station.is_pending)
    if claimed is None:
        return None
    text = frames.encode_call(claimed.message_id, claimed.action, claimed.payload)
    frame_log.call(unit, station.id, _now(), claimed.message_id, claimed.action, text)
    return claimed, text


def conclude(unit: Unit, station: Station, claimed: Claimed, answer: CallResult | CallError) -> None:
    """Write down an answer and apply it."""
    note(unit, station, claimed, answer, is_usable=_result(answer) is not None)
    _apply(_conclusions, unit, station, claimed, answer)


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


def late(unit: Unit, station: Station, claimed: Claimed, answer: CallResult | CallError) -> None:
    """An answer after the time-out: on record, and applied where it still means something."""
    note_late(unit, station, claimed, answer)
    _apply(_late_conclusions, unit, station, claimed, answer)


def note_late(unit: Unit, station: Station, claimed: Claimed, answer: CallResult | CallError) -> None:
    """Write down an answer after the time-out."""
    frame_log.reply(unit, station.id, _now(), claimed.action, answer, "", "This answer came after the time-out.")
    commands.answered_late(unit, claimed.id, station.id, answer.text)


def _apply(
    functions: dict[str, Conclude], unit: Unit, station: Station, claimed: Claimed, answer: CallResult | CallError
) -> None:
    function, result = functions.get(claimed.action), _result(answer)
    if function is not None and result is not None:
        function(Conclusion(unit, station, claimed, result))


def _result(answer: CallResult | CallError) -> dict[str, Any] | None:
    """What can be applied of an answer."""
    return answer.payload if isinstance(answer, CallResult) and isinstance(answer.payload, dict) else None


def _now() -> int:
    return clock.to_ms(clock.now())
