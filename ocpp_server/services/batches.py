"""One request to many stations: a command for each of them, all in one unit, and what became of them."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from peewee import fn

from ocpp_server import clock
from ocpp_server.frame_log import hide_secrets
from ocpp_server.models import ChargePoint, Command, CommandBatch
from ocpp_server.models.commands import CANCELLED, OPEN_STATES
from ocpp_server.services import commands
from ocpp_server.services.errors import Invalid
from ocpp_server.store import Unit


@dataclass(frozen=True)
class Group:
    """So many commands that ended (or stand) the same way."""

    state: str
    status: str
    error_code: str
    error_description: str
    is_late: bool
    count: int


@dataclass(frozen=True)
class Progress:
    """How far a batch is."""

    groups: tuple[Group, ...] = ()

    @property
    def total(self) -> int:
        return sum(group.count for group in self.groups)

    @property
    def open(self) -> int:
        """How many still wait for something."""
        return sum(group.count for group in self.groups if group.state in OPEN_STATES)


def request(
    unit: Unit, charge_point_ids: Collection[int], action: str, payload: dict[str, Any], *, by: str, **options: Any
) -> tuple[CommandBatch, list[Command]]:
    """Ask every one of these stations for the same (see `commands.request` for the options).

    A station that cannot be asked because of its registration is on record as left out. Raises Invalid for the
    payload.
    """
    commands.check_payload(action, payload)
    batch = begin(unit, action, payload, by=by)
    stations = {row.id: row for row in ChargePoint.select().where(ChargePoint.id.in_(list(charge_point_ids)))}
    asked = [add(unit, batch, stations[number], payload, **options) for number in charge_point_ids]
    return batch, asked


def begin(unit: Unit, action: str, payload: dict[str, Any], *, by: str) -> CommandBatch:
    """An empty batch; `payload` says what it is about."""
    text = hide_secrets(json.dumps(payload, ensure_ascii=False))
    return CommandBatch.create(action=action, payload=text, requested_by=by, requested_at=clock.now())


def add(unit: Unit, batch: CommandBatch, charge_point: ChargePoint, payload: dict[str, Any], **options: Any) -> Command:
    """Ask one more station within a batch. Raises Invalid for the payload."""
    try:
        return commands.enqueue(
            unit, charge_point, batch.action, payload, by=batch.requested_by, batch_id=batch.id, **options
        )
    except Invalid as error:
        if error.field != "registration":
            raise
        return _leave_out(batch, charge_point, payload, error.message)


def progress(batch_ids: Iterable[int]) -> Mapping[int, Progress]:
    """How far these batches are: one query. Needs a connection."""
    facts = (Command.state, Command.status, Command.error_code, Command.error_description)
    late = Command.late_at.is_null(False)
    query = (
        Command.select(Command.batch_id, *facts, late, fn.COUNT(Command.id))
        .where(Command.batch_id.in_(list(batch_ids)))
        .group_by(Command.batch_id, *facts, late)
    )
    found: dict[int, list[Group]] = defaultdict(list)
    rows: Iterable[tuple[Any, ...]] = query.tuples()  # type: ignore[assignment]
    for batch_id, state, status, code, description, is_late, count in rows:
        found[batch_id].append(Group(state, status, code, description, bool(is_late), count))
    return defaultdict(Progress, {batch_id: Progress(tuple(groups)) for batch_id, groups in found.items()})


def cancel(unit: Unit, batch_id: int) -> int:
    """Take back what is not sent yet; how many that were."""
    waiting = [row[0] for row in unit.all("SELECT id FROM command WHERE batch_id = ? AND state = 'queued'", batch_id)]
    return sum(commands.cancel(unit, command_id) for command_id in waiting)


def _leave_out(batch: CommandBatch, charge_point: ChargePoint, payload: dict[str, Any], reason: str) -> Command:
    now = clock.now()
    return Command.create(
        charge_point=charge_point,
        action=batch.action,
        payload=hide_secrets(json.dumps(payload, ensure_ascii=False)),
        state=CANCELLED,
        requested_by=batch.requested_by,
        requested_at=now,
        finished_at=now,
        batch_id=batch.id,
        error_description=reason,
    )
