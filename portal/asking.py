"""From a form to commands, on record with who asked (portal/audit.py)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocpp_server.models import ChargePoint, Command, CommandBatch
from ocpp_server.services import batches, commands
from ocpp_server.services.audit import command_result
from ocpp_server.services.configuration import configuration
from ocpp_server.services.errors import Invalid
from ocpp_server.store import Unit
from portal import audit
from portal.context import store
from portal.operation import Operation, Payload, Target, Values

#: What the form calls a request that waits for its station for as long as it takes.
FOR_EVER = "always"


@dataclass(frozen=True)
class Wish:
    """What is asked, and how long it may take. `options` as `commands.request` takes them; `notes` say what is sent
    otherwise than it was chosen."""

    action: str
    payload: Payload
    options: dict[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()


def read(operation: Operation, values: Values, target: Target) -> Wish:
    """The wish that a form holds for these stations. Raises Invalid."""
    action, payload = operation.build(values, target)
    commands.check_payload(action, payload)
    return Wish(action, payload, _options(values), operation.notes(values, target))


def one(charge_point: ChargePoint, wish: Wish) -> Command | CommandBatch:
    """Ask a station; a batch where it must be asked in several parts (rule 76). Raises Invalid."""
    parts = _parts(charge_point, wish)
    if len(parts) == 1:
        return audit.ask(charge_point, wish.action, parts[0], **wish.options)
    commands.check(charge_point, wish.action, wish.payload)
    me = audit.who()

    def work(unit: Unit) -> CommandBatch:
        batch = batches.begin(unit, wish.action, wish.payload, by=me.who)
        asked = [batches.add(unit, batch, charge_point, part, **wish.options) for part in parts]
        _record(unit, me, asked, {charge_point.id: charge_point.identity})
        return batch

    return store().write(work)


def many(wishes: Iterable[tuple[Wish, Iterable[ChargePoint]]]) -> list[CommandBatch]:
    """Ask many stations, all in one unit: a batch for each wish. Raises Invalid for a payload."""
    me = audit.who()
    plan = [(wish, {point.id: point.identity for point in points}) for wish, points in wishes]

    def work(unit: Unit) -> list[CommandBatch]:
        made = []
        for wish, names in plan:
            batch, asked = batches.request(unit, names, wish.action, wish.payload, by=me.who, **wish.options)
            _record(unit, me, asked, names)
            made.append(batch)
        return made

    return store().write(work)


def _record(unit: Unit, me: audit.Actor, asked: Iterable[Command], names: dict[int, str]) -> None:
    for command in asked:
        name = names[command.charge_point_id]  # type: ignore[attr-defined]
        me.record(unit, f"command.{command.action}", name, command.payload, command_result(command.id))


def _parts(charge_point: ChargePoint, wish: Wish) -> list[Payload]:
    keys = wish.payload.get("key")
    if wish.action != "GetConfiguration" or not isinstance(keys, list):
        return [wish.payload]
    return [{"key": part} for part in configuration.in_parts(charge_point.id, keys)]


def _options(values: Values) -> dict[str, Any]:
    """How long to wait for the answer, and for the station."""
    timeout = _seconds("timeout", values.get("timeout", ""), commands.TIMEOUT_SECONDS, 600)
    if values.get("lifetime") == FOR_EVER:
        return {"timeout": timeout, "lifetime": None}
    return {"timeout": timeout, "lifetime": _seconds("lifetime", values.get("lifetime", ""), commands.INTERACTIVE)}


def _seconds(name: str, text: str, default: float, most: float = 31_536_000) -> float:
    if not text.strip():
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= most:
        raise Invalid(name, "This must be between 1 and %(most)d seconds.", most=most)
    return seconds
