"""What else changes when a command ends without a usable answer: `@on_failure("SendLocalList")` is told of each end.

The other half of `@concludes` (outgoing.py), which is told of the station's answers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ocpp_server.store import Unit


@dataclass(frozen=True, slots=True)
class Failure:
    """How a command ended: `state` is error, timeout, lost, expired or cancelled, or answered with something that is
    no object. The code and the description are those of a CALLERROR; an expired command's code says why. `payload` is
    what was sent, secrets included, where the station may have taken it without a word: timeout and lost."""

    unit: Unit
    command_id: int
    charge_point_id: int
    action: str
    state: str
    error_code: str = ""
    error_description: str = ""
    payload: dict[str, Any] | None = None


Listener = Callable[[Failure], None]
_listeners: dict[str, Listener] = {}


def on_failure(*actions: str) -> Callable[[Listener], Listener]:
    """Register the function that hears of failed commands of these actions, within the unit that notes the end."""

    def register(function: Listener) -> Listener:
        _listeners.update(dict.fromkeys(actions, function))
        return function

    return register


def tell(failure: Failure) -> None:
    """Pass it on, where somebody listens."""
    listener = _listeners.get(failure.action)
    if listener is not None:
        listener(failure)
