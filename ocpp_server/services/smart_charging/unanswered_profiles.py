"""Requests about charging profiles that got no answer: the station may have done what was asked all the same.

That stays uncertain until the answer comes late, or a later request about the same profile is answered (J 4.1.1).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import SQL, Expression

from ocpp_server.charging.profile import TX
from ocpp_server.models import Command, InstalledChargingProfile, Transaction
from ocpp_server.models.commands import ANSWERED
from ocpp_server.services.smart_charging import installed_profiles
from ocpp_server.services.smart_charging.installed_profiles import fits, payload_of, replaces

_SET, _CLEAR = "SetChargingProfile", "ClearChargingProfile"
#: Both say that nothing that fits is there any more.
_CLEARED = ("Accepted", "Unknown")
#: So many of a station's latest are looked at.
_MOST = 20


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One such request. `may_hold` is the row of what it was to install, not stored; None where it was to clear what
    fits `criteria`."""

    command_id: int
    may_hold: InstalledChargingProfile | None
    criteria: Mapping[str, Any]

    def concerns(self, held: InstalledChargingProfile) -> bool:
        """Whether the station may have lost this profile by it."""
        if (held.command_id or 0) > self.command_id:
            return False
        return fits(held, self.criteria) if self.may_hold is None else replaces(self.may_hold, held)


def of_station(charge_point_id: int, held: Sequence[InstalledChargingProfile]) -> list[Unanswered]:
    """Those that leave it uncertain what the station holds beside or instead of `held`, the newest first."""
    row = Command
    query = row.select().where(row.charge_point == charge_point_id, _is_silent())
    found = [item for command in query.order_by(row.id.desc()).limit(_MOST) for item in _read(command)]
    if not found:
        return []
    clears = _clears_after(charge_point_id, found[-1].command_id)
    return [item for item in found if _is_open(item, held, clears)]


def stations(charge_point_ids: Collection[int]) -> set[int]:
    """Which of these stations owe an answer; it may have been overtaken since."""
    if not charge_point_ids:
        return set()
    row = Command
    query = row.select(row.charge_point).where(row.charge_point.in_(list(charge_point_ids)), _is_silent())
    return {found.charge_point_id for found in query.distinct()}


def is_overtaken(charge_point_id: int, command_id: int, connector_id: int, profile: Mapping[str, Any]) -> bool:
    """Whether the station has answered a later request that took this profile's place, or cleared it."""
    row = installed_profiles.row_of(charge_point_id, connector_id, profile)
    held, clears = installed_profiles.of_station(charge_point_id), _clears_after(charge_point_id, command_id)
    return _is_settled(row, command_id, held, clears)


def _is_silent() -> Expression:
    # Spelled out, or the index on just these would not be used.
    return SQL("state IN ('timeout', 'lost')") & Command.action.in_((_SET, _CLEAR)) & Command.late_at.is_null()


def _read(command: Command) -> list[Unanswered]:
    payload = payload_of(command)
    if command.action == _CLEAR:
        return [Unanswered(command.id, None, payload)]
    if not payload:
        return []
    may_hold = installed_profiles.row_of(
        command.charge_point_id,  # type: ignore[attr-defined]
        payload["connectorId"],
        payload["csChargingProfiles"],
    )
    may_hold.installed_at, may_hold.source = command.sent_at, command.requested_by
    return [Unanswered(command.id, may_hold, {})]


def _clears_after(charge_point_id: int, command_id: int) -> list[tuple[int, Mapping[str, Any]]]:
    """The answered ClearChargingProfiles after a command: their ids and fields."""
    row = Command
    is_answered = (row.action == _CLEAR) & (row.state == ANSWERED) & row.status.in_(_CLEARED)
    query = row.select(row.id, row.payload).where(row.charge_point == charge_point_id, row.id > command_id, is_answered)
    return [(found.id, payload_of(found)) for found in query]


def _is_open(
    item: Unanswered, held: Sequence[InstalledChargingProfile], clears: Sequence[tuple[int, Mapping[str, Any]]]
) -> bool:
    if item.may_hold is None:
        return any(item.concerns(row) for row in held)
    return not (_is_over(item.may_hold) or _is_settled(item.may_hold, item.command_id, held, clears))


def _is_settled(
    row: InstalledChargingProfile,
    command_id: int,
    held: Sequence[InstalledChargingProfile],
    clears: Sequence[tuple[int, Mapping[str, Any]]],
) -> bool:
    is_replaced = any((later.command_id or 0) > command_id and replaces(later, row) for later in held)
    return is_replaced or any(number > command_id and fits(row, criteria) for number, criteria in clears)


def _is_over(row: InstalledChargingProfile) -> bool:
    """Whether it was for a session that has ended."""
    if row.purpose != TX:
        return False
    if row.transaction_id is not None:
        named = Transaction.select().where(Transaction.id == row.transaction_id, Transaction.stopped_at.is_null())
        return not named.exists()
    running = installed_profiles.running_on(row.charge_point_id, row.connector_id)
    return running is None or running.start_received_at > row.installed_at
