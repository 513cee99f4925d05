"""Who acts in this request, and changes that go on record with it.

    audit.write(lambda unit: charge_points.delete(unit, charge_point_id), "station.delete", charge_point.identity)
    audit.ask(charge_point, "Reset", {"type": "Soft"})

Both read the request before the unit begins, as a unit of work runs outside of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import g, request
from flask_login import current_user

from ocpp_server.models import ChargePoint, Command
from ocpp_server.services import audit, commands
from ocpp_server.services.access import api_tokens
from ocpp_server.store import Unit
from portal.context import store

T = TypeVar("T")


@dataclass(frozen=True)
class Actor:
    """Whoever acts, as the record names them, and from where."""

    who: str
    address: str

    def record(self, unit: Unit, action: str, target: str = "", detail: str = "", result: str = "") -> None:
        """Note in this unit that they did it."""
        audit.record(
            unit, who=self.who, address=self.address, action=action, target=target, detail=detail, result=result
        )


def who() -> Actor:
    """The person or the token of this request."""
    return Actor(_name(), request.remote_addr or "")


def named(name: str) -> Actor:
    """Somebody who is not logged in (yet)."""
    return Actor(name, request.remote_addr or "")


def write(
    work: Callable[[Unit], T],
    action: str,
    target: str | Callable[[T], str] = "",
    detail: str = "",
    *,
    actor: Actor | None = None,
) -> T:
    """Do the work and put it on record, in one unit. `target` may be drawn from what the work returns."""
    me = actor or who()

    def both(unit: Unit) -> T:
        result = work(unit)
        me.record(unit, action, target(result) if callable(target) else target, detail)
        return result

    return store().write(both)


def ask(charge_point: ChargePoint, action: str, payload: dict[str, Any], **options: Any) -> Command:
    """Ask a station for something (see `commands.request`), on record with what will come of it. Raises Invalid."""
    me = who()

    def both(unit: Unit) -> Command:
        command = commands.request(unit, charge_point.id, action, payload, by=me.who, **options)
        result = audit.command_result(command.id)
        me.record(unit, f"command.{action}", charge_point.identity, command.payload, result)
        return command

    return store().write(both)


def changes(fields: dict[str, Any]) -> str:
    """The changed fields as the record shows them: `label=Gate, registration=pending`."""
    return ", ".join(f"{name}={value}" for name, value in fields.items())


def _name() -> str:
    token = g.get("api_token")
    if token is not None:
        return api_tokens.title(token)
    if not current_user.is_authenticated:
        return ""
    return f"{current_user.name} ({current_user.email})" if current_user.name else current_user.email
