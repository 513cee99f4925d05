"""Our record of the charging profiles that stations hold, in step with every answer (sections 5.5 and 5.16).

Profiles outlive reboots, so nothing is forgotten at a boot. A TxProfile ends with its transaction: that is seen when
the record is read, which costs the messages of sessions nothing, and `bury` removes the rows later.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ocpp_server import clock
from ocpp_server.charging.profile import TX, Profile, parse, whole
from ocpp_server.models import Command, InstalledChargingProfile, Transaction
from ocpp_server.services.smart_charging import charging_owners
from ocpp_server.services.smart_charging.charging_owners import GONE, Outcome
from ocpp_server.store import Unit

#: So long a profile that came with a remote start waits for its session.
_REMOTE_START_WAITS = timedelta(minutes=15)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wished:
    """A profile as an owner within Chargeyard wished it, before it was fitted to its station."""

    owner: str
    connector_id: int
    profile: dict[str, Any]
    at: datetime

    @property
    def payload(self) -> dict[str, Any]:
        return {"connectorId": self.connector_id, "csChargingProfiles": self.profile}


def accepted(
    unit: Unit,
    charge_point_id: int,
    connector_id: int,
    profile: Mapping[str, Any],
    *,
    source: str,
    command_id: int | None = None,
    wished: Wished | None = None,
    with_start: bool = False,
) -> None:
    """A station took a profile. It replaces the one with its id, and the one with its stack level and purpose on the
    same connector. A TxProfile that names no transaction is for the one that runs, or that a remote start begins."""
    settle(unit, [charge_point_id])
    taken, owner = row_of(charge_point_id, connector_id, profile), wished.owner if wished else ""
    for other in _all_of(charge_point_id):
        if replaces(taken, other):
            other.delete_instance() if other.owner == owner else _remove(unit, other)
    if taken.purpose == TX and taken.transaction_id is None and not with_start:
        session = running_on(charge_point_id, taken.connector_id)
        taken.transaction_id = session.id if session else None
    taken.source, taken.command_id, taken.owner = source, command_id, owner
    if wished is not None:
        taken.wish, taken.wished_at = json.dumps(wished.payload, ensure_ascii=False), wished.at
    taken.save()
    unit.publish("charging", f"charging-{charge_point_id}")


def row_of(charge_point_id: int, connector_id: int, profile: Mapping[str, Any]) -> InstalledChargingProfile:
    """The row of a profile that a station takes, or may have taken; not stored."""
    read = parse(whole(connector_id), profile)
    return InstalledChargingProfile(
        charge_point=charge_point_id,
        connector_id=read.connector_id,
        charging_profile_id=read.id,
        stack_level=read.stack_level,
        purpose=read.purpose[:32],
        transaction_id=read.transaction_id,
        profile=json.dumps(profile, ensure_ascii=False),
        installed_at=clock.now(),
    )


def replaces(new: InstalledChargingProfile, old: InstalledChargingProfile) -> bool:
    """Whether a station that takes the one loses the other: the same id, or the same level, purpose and connector
    (section 5.16.4). A session that waits for its connector has no place yet."""
    if new.charging_profile_id == old.charging_profile_id:
        return True
    has_place = new.connector_id > 0 or new.purpose != TX
    return has_place and _place(new) == _place(old)


def cleared(unit: Unit, charge_point_id: int, criteria: Mapping[str, Any], *, before: int) -> None:
    """A station removed what matches a ClearChargingProfile, or knows nothing that does: either way it holds none but
    what it took by commands after that one, `before`."""
    for held in _all_of(charge_point_id):
        if fits(held, criteria) and (held.command_id or 0) < before:
            _remove(unit, held)
    unit.publish("charging", f"charging-{charge_point_id}")


def fits(row: InstalledChargingProfile, criteria: Mapping[str, Any]) -> bool:
    """Whether a ClearChargingProfile means this one: `id` alone wins, else all fields count (errata 3.25)."""
    if criteria.get("id") is not None:
        return row.charging_profile_id == whole(criteria["id"])
    wanted = (
        (row.connector_id, criteria.get("connectorId")),
        (row.stack_level, criteria.get("stackLevel")),
    )
    purpose = criteria.get("chargingProfilePurpose")
    return purpose in (None, row.purpose) and all(value is None or has == whole(value) for has, value in wanted)


def of_stations(charge_point_ids: Collection[int]) -> list[InstalledChargingProfile]:
    """What these stations hold now, by station, connector, purpose and stack level: a constant number of queries."""
    return [row for row, is_over in _on_record(charge_point_ids) if not is_over]


def of_station(charge_point_id: int) -> list[InstalledChargingProfile]:
    """What this station holds now."""
    return of_stations([charge_point_id])


def wished_of(row: InstalledChargingProfile) -> Wished | None:
    """What the owner of this one had wished, if it has one."""
    if row.wish is None:
        return None
    payload = json.loads(row.wish)
    return Wished(row.owner, payload["connectorId"], payload["csChargingProfiles"], row.wished_at)


def parsed(rows: Iterable[InstalledChargingProfile]) -> list[Profile]:
    """As the arithmetic takes them."""
    return [parse(row.connector_id, {**json.loads(row.profile), **_transaction(row)}) for row in rows]


def of_session(charge_point_id: int, transaction_id: int) -> list[Profile]:
    """The TxProfiles of a session that runs, the one of its remote start included."""
    rows = of_station(charge_point_id)
    return parsed(row for row in rows if row.purpose == TX and row.transaction_id == transaction_id)


def running_on(charge_point_id: int, connector_id: int) -> Transaction | None:
    """The transaction that runs on a connector."""
    query = Transaction.select().where(
        Transaction.charge_point == charge_point_id,
        Transaction.connector_id == connector_id,
        Transaction.stopped_at.is_null(),
    )
    return query.order_by(Transaction.id.desc()).first()


def bury(unit: Unit) -> None:
    """Remove the TxProfiles whose sessions have ended, and bind those whose sessions have begun."""
    row = InstalledChargingProfile
    stations = [found.charge_point_id for found in row.select(row.charge_point).where(row.purpose == TX).distinct()]
    if stations:
        settle(unit, stations)


def settle(unit: Unit, charge_point_ids: Collection[int]) -> None:
    """Write down what reading the record shows."""
    for row, is_over in _on_record(charge_point_ids):
        if is_over:
            row.delete_instance()
            unit.publish("charging", f"charging-{row.charge_point_id}")
        elif row.dirty_fields:
            row.save(only=row.dirty_fields)


def _on_record(charge_point_ids: Collection[int]) -> list[tuple[InstalledChargingProfile, bool]]:
    """Every row, and whether it is over: a TxProfile whose transaction has ended."""
    row = InstalledChargingProfile
    order = (row.charge_point, row.connector_id, row.purpose, row.stack_level.desc(), row.id)
    rows = list(row.select().where(row.charge_point.in_(list(charge_point_ids))).order_by(*order))
    named = [found.transaction_id for found in rows if found.purpose == TX and found.transaction_id is not None]
    query = Transaction.select(Transaction.id).where(Transaction.id.in_(named), Transaction.stopped_at.is_null())
    running = {found.id for found in query}
    return [(found, found.purpose == TX and _is_over(found, running)) for found in rows]


def _is_over(row: InstalledChargingProfile, running: Collection[int]) -> bool:
    return _wait(row) if row.transaction_id is None else row.transaction_id not in running


def _wait(row: InstalledChargingProfile) -> bool:
    """Bind a profile that came with a remote start to the session of its card, if that has begun; whether it is over
    with it."""
    (since, id_tag), until = _start(row), row.installed_at + _REMOTE_START_WAITS
    here = Transaction.charge_point == row.charge_point_id
    # Past the station's history, by an index each: one that has ended already was begun by a clock of today.
    lately = (here & Transaction.stopped_at.is_null()) | (here & (Transaction.started_at >= since - _DAY))
    begun = Transaction.select().where(lately, Transaction.start_received_at.between(since, until))
    if row.connector_id:
        begun = begun.where(Transaction.connector_id == row.connector_id)
    fitting = (found for found in begun.order_by(Transaction.id) if id_tag in ("", found.id_tag.casefold()))
    first = next(fitting, None)
    if first is None:
        return clock.now() > until
    row.transaction_id, row.connector_id = first.id, first.connector_id
    return first.stopped_at is not None


def _start(row: InstalledChargingProfile) -> tuple[datetime, str]:
    """Since when its session may have begun, and with which card; a station may report the session before it has
    answered the remote start. A profile that came by itself is for any card."""
    command = Command.get_or_none(Command.id == row.command_id) if row.command_id is not None else None
    if command is None or command.sent_at is None:
        return row.installed_at, ""
    return command.sent_at, payload_of(command).get("idTag", "").casefold()


def payload_of(command: Command) -> dict[str, Any]:
    """What was sent; nothing where only its beginning was kept, as of very long ones once."""
    try:
        return json.loads(command.payload)
    except ValueError:
        return {}


def _transaction(row: InstalledChargingProfile) -> dict[str, Any]:
    return {} if row.transaction_id is None else {"transactionId": row.transaction_id}


def _all_of(charge_point_id: int) -> list[InstalledChargingProfile]:
    row = InstalledChargingProfile
    return list(row.select().where(row.charge_point == charge_point_id))


def _place(row: InstalledChargingProfile) -> tuple[int, str, int]:
    return row.connector_id, row.purpose, row.stack_level


def _remove(unit: Unit, row: InstalledChargingProfile) -> None:
    """Take it from the record, and tell its owner."""
    row.delete_instance()
    wish = wished_of(row)
    if wish is not None:
        place = (row.charge_point_id, wish.connector_id, row.purpose, row.transaction_id)
        charging_owners.tell(wish.owner, Outcome(unit, *place, GONE))
