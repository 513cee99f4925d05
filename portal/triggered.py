"""What stations sent because they were asked to: with each TriggerMessage the messages that came."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ocpp_server import clock, triggers
from ocpp_server.models import Command, Frame, TriggeredMessage
from ocpp_server.models.commands import ANSWERED
from portal import messages

_ACTIONS = {"TriggerMessage", "ExtendedTriggerMessage"}


@dataclass(frozen=True)
class Came:
    """One message, in words and as it was."""

    at: datetime
    action: str
    summary: str
    pretty: str


def of(command: Command) -> list[Came]:
    """What came after this command, in words."""
    return [_read(row) for row in rows([command])[command.id]]


def rows(commands: Iterable[Command]) -> dict[int, list[TriggeredMessage]]:
    """What came after each of these, by the command's id and in the order of arrival: one query."""
    found: dict[int, list[TriggeredMessage]] = defaultdict(list)
    ids = [command.id for command in commands if was_accepted(command)]
    if ids:
        query = TriggeredMessage.select().where(TriggeredMessage.command.in_(ids))
        for row in query.order_by(TriggeredMessage.id):
            found[row.command_id].append(row)  # type: ignore[attr-defined]
    return found


def parts(row: TriggeredMessage) -> tuple[str, Any]:
    """Action and payload of one."""
    _, _, action, payload = json.loads(row.text)[:4]
    return action, payload


def is_awaited(command: Command) -> bool:
    """Whether a message that comes now can be the one that was asked for."""
    if not was_accepted(command) or command.finished_at is None:
        return False
    return clock.now() - command.finished_at <= timedelta(milliseconds=triggers.WINDOW)


def was_accepted(command: Command) -> bool:
    """Whether a station promised to send something."""
    return command.action in _ACTIONS and command.state == ANSWERED and command.status == "Accepted"


def _read(row: TriggeredMessage) -> Came:
    action, _ = parts(row)
    frame = Frame(at=row.at, message_type=messages.CALL, action=action, text=row.text)
    read = messages.decode(frame)
    return Came(row.at, action, read.summary, read.pretty)
