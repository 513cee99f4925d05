"""Who in Chargeyard sends charging profiles: each owner has profile ids of its own, and hears what came of them.

SITE = Owner("site", 2)

@on_outcome(SITE)
def heard(outcome: Outcome) -> None: ...
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from ocpp_server import clock
from ocpp_server.charging.profile import CHARGE_POINT_MAX, TX, TX_DEFAULT
from ocpp_server.store import Unit

#: An outcome beside the states of a request: what was installed is there no longer, though nobody of the owner's asked.
GONE = "gone"

_CONNECTORS = 300
_PLACES = {TX: 0, TX_DEFAULT: _CONNECTORS, CHARGE_POINT_MAX: 2 * _CONNECTORS}
_TEMPLATES, _TEMPLATE_CONNECTORS, _WITHOUT_TEMPLATE = 100_000_000, 100, 1_000_000
#: Ids of starts repeat after 900,000,000 ms, ten days; the highest is still a signed 32-bit number.
_STARTS, _START_IDS = 1_200_000_000, 900_000_000


@dataclass(frozen=True, slots=True)
class Owner:
    """`number` from 2 to 999 gives its chargingProfileIds: `number` * 1000, plus purpose and connector."""

    name: str
    number: int

    def profile_id(self, purpose: str, connector_id: int) -> int:
        """The one chargingProfileId of this owner for a purpose on a connector: sending again replaces."""
        return self.number * 1000 + _PLACES[purpose] + min(connector_id, _CONNECTORS - 1)


#: What people apply from the pages and the API.
OPERATOR = Owner("operator", 1)


def template_profile_id(template_id: int, connector_id: int) -> int:
    """The chargingProfileId of a template on a connector."""
    return _TEMPLATES + template_id * _TEMPLATE_CONNECTORS + min(connector_id, _TEMPLATE_CONNECTORS - 1)


def own_profile_id(purpose: str, stack_level: int, connector_id: int) -> int:
    """The chargingProfileId of a schedule without a template: one for each that a connector can hold."""
    place = _PLACES[purpose] + min(connector_id, _CONNECTORS - 1)
    return _WITHOUT_TEMPLATE + min(stack_level, 999) * 1000 + place


def start_profile_id(now: datetime) -> int:
    """The chargingProfileId of a schedule that goes with a remote start. Each start has its own: one with the id of
    another session's profile, or of the connector's default, would take that one's place (section 5.16.4)."""
    return _STARTS + clock.to_ms(now) % _START_IDS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an owner's profile. `state` is one of models.charging (installed, refused, failed, left_out) or
    `gone`; `reason` as the request says it; `purpose` and `changed` tell how it was installed where not as wished."""

    unit: Unit
    charge_point_id: int
    connector_id: int
    purpose: str
    transaction_id: int | None
    state: str
    reason: str = ""
    changed: Iterable[str] = ()


Listener = Callable[[Outcome], None]
_listeners: dict[str, Listener] = {}


def on_outcome(owner: Owner) -> Callable[[Listener], Listener]:
    """Register the function that hears what came of this owner's profiles, within the unit that notes it."""

    def register(function: Listener) -> Listener:
        _listeners[owner.name] = function
        return function

    return register


def tell(owner_name: str, outcome: Outcome) -> None:
    """Pass it on, where somebody listens."""
    listener = _listeners.get(owner_name)
    if listener is not None:
        listener(outcome)
