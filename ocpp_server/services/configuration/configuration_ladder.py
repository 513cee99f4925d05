"""Reading the configuration of stations that stay silent when everything is asked for at once (quirk 17).

Where such a question of ours was not answered, the station is asked how many keys it takes at a time, and then for the
standard's keys by name, in as many parts. The first part without an answer ends it.
"""

from collections.abc import Sequence

from ocpp_server.configuration_keys import STANDARD_KEYS, WRITE_ONLY
from ocpp_server.models.commands import TIMEOUT
from ocpp_server.services import commands, spontaneous
from ocpp_server.services.configuration import configuration
from ocpp_server.services.failures import Failure
from ocpp_server.store import Unit

ACTION, MAX_KEYS = "GetConfiguration", "GetConfigurationMaxKeys"
#: Where the station does not tell; some take no more.
_FEW = 4
_NAMES = tuple(key.name for key in STANDARD_KEYS if key.access != WRITE_ONLY and key.name != MAX_KEYS)
_IS_OURS = "SELECT 1 FROM command WHERE id = ? AND requested_by = ?"
_WANTED = "SELECT 1 FROM charge_point WHERE id = ? AND spontaneous_calls AND deleted_at IS NULL"
_WAITING = "SELECT id FROM command WHERE charge_point_id = ? AND state = 'queued' AND action = ? AND requested_by = ?"


def unanswered(failure: Failure) -> None:
    """A GetConfiguration timed out: if it was ours and for everything, ask in another way; else leave it at that."""
    unit, charge_point_id = failure.unit, failure.charge_point_id
    if failure.state != TIMEOUT or unit.one(_IS_OURS, failure.command_id, spontaneous.BY) is None:
        return
    if not (failure.payload or {}).get("key"):
        _ask(unit, charge_point_id, [MAX_KEYS])
        return
    for (command_id,) in unit.all(_WAITING, charge_point_id, ACTION, spontaneous.BY):
        commands.cancel(unit, command_id)


def answered(unit: Unit, charge_point_id: int, asked: Sequence[str], by: str) -> None:
    """The station answers when keys are named: ask for the others."""
    if by != spontaneous.BY or list(asked) != [MAX_KEYS]:
        return
    size = configuration.max_keys(charge_point_id) or _FEW
    for first in range(0, len(_NAMES), size):
        _ask(unit, charge_point_id, _NAMES[first : first + size])


def _ask(unit: Unit, charge_point_id: int, keys: Sequence[str]) -> None:
    if unit.one(_WANTED, charge_point_id) is not None:
        spontaneous.ask(unit, charge_point_id, ACTION, {"key": list(keys)})
