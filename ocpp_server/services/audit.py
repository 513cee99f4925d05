"""The record of who did what, from where, to what, with what result.

An entry is written in the unit of the change itself: there is never one without the other. What is asked of a
station has its result later; such an entry names the command, and `results` looks up what became of it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from peewee import Expression

from ocpp_server import address_secrets, clock
from ocpp_server.models import AuditEntry, Command
from ocpp_server.services import stretches
from ocpp_server.services.message.frame_times import SLACK, first_id
from ocpp_server.services.stretches import Stretch
from ocpp_server.store import Store, Unit

#: Who acted where nobody was logged in.
COMMAND_LINE = "command line"
#: What an action begins with, for the filter of the page.
TOPICS = (
    "station",
    "command",
    "card",
    "session",
    "inbox",
    "configuration",
    "operator",
    "profile",
    "token",
    "access",
    "firmware",
    "diagnostics",
    "reservation",
    "calendar",
)
_COMMAND = re.compile(r"command-(\d+)")
_MAX_DETAIL = 4000
_INSERT = "INSERT INTO audit_entry (at, who, address, action, target, detail, result) VALUES (?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted; what is empty does not matter. `before` is not included."""

    text: str = ""
    topic: str = ""
    since: datetime | None = None
    before: datetime | None = None


def record(
    unit: Unit, *, who: str, address: str, action: str, target: str = "", detail: str = "", result: str = ""
) -> None:
    """Keep what is done in this unit. Passwords in addresses are replaced; callers name no other secrets."""
    detail = address_secrets.hide(detail)
    lengths = (255, 64, 64, 500, _MAX_DETAIL, 255)
    texts = (who, address, action, target, detail, result)
    kept = [_storable(text)[:length] for text, length in zip(texts, lengths, strict=True)]
    unit.insert_later(_INSERT, (clock.to_ms(clock.now()), *kept))
    unit.publish("audit")


def command_result(command_id: int) -> str:
    """The result of an entry whose result is that of a command."""
    return f"command-{command_id}"


def results(entries: Iterable[AuditEntry]) -> dict[int, str]:
    """The result of each entry by its id; of a command its state and the station's word. Needs a connection."""
    entries = list(entries)
    commands = {entry.id: match[1] for entry in entries if (match := _COMMAND.fullmatch(entry.result))}
    wanted = {int(number) for number in commands.values()}
    query = Command.select(Command.id, Command.state, Command.status, Command.error_code)
    known = {str(row.id): row for row in query.where(Command.id.in_(wanted))} if wanted else {}
    return {entry.id: _result(entry, known.get(commands.get(entry.id, ""))) for entry in entries}


def search(wanted: Filter, number: int, before: int | None = None) -> Stretch:
    """The newest entries that fit, or those before an id. Needs a connection."""
    record = AuditEntry.select()
    if wanted.since is not None:
        record = record.where(AuditEntry.id >= first_id(wanted.since - SLACK, AuditEntry))
    if wanted.before is not None:
        record = record.where(AuditEntry.id < first_id(wanted.before + SLACK, AuditEntry))
    query = record
    if wanted.text:
        query = query.where(_mentions(wanted.text))
    if wanted.topic in TOPICS:
        query = query.where(AuditEntry.action.startswith(f"{wanted.topic}."))
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.before is not None:
        query = query.where(AuditEntry.at < wanted.before)
    return stretches.newest(query, record, number, before=before)


def in_chunks(store: Store, wanted: Filter, size: int = 500) -> Iterator[list[tuple[AuditEntry, str]]]:
    """The entries that fit with their results, some at a time; no connection is held between the chunks."""
    before: int | None = None
    while True:
        with store.reading():
            found = search(wanted, size, before)
            known = results(found.rows)
        if found.rows:
            yield [(entry, known[entry.id]) for entry in found.rows]
        if found.before is None:
            return
        before = found.before


def _mentions(text: str) -> Expression:
    return (
        AuditEntry.who.contains(text)
        | AuditEntry.target.contains(text)
        | AuditEntry.action.contains(text)
        | AuditEntry.detail.contains(text)
        | AuditEntry.address.contains(text)
    )


def _result(entry: AuditEntry, command: Command | None) -> str:
    if command is None:
        return entry.result
    return command.status or command.error_code or command.state


def _storable(text: str) -> str:
    """Without what no database keeps."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()
