"""How an action is offered to an operator: what it does in plain words, its fields, and what to warn of.

The form helps and never forbids: known choices are offered beside a free entry, and only the standard's schema and the
station itself judge what is sent.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _l

from ocpp_server import clock, timestamps
from ocpp_server.discovery import import_all
from ocpp_server.models import Command, Transaction
from ocpp_server.services.errors import Invalid
from portal import local_times
from portal.yard import Outlet, StationView

#: Kinds of fields: free text, a whole number, one of several, several lines, JSON, a time in the viewer's zone.
TEXT, NUMBER, CHOICE, LINES, JSON, MOMENT = "text", "number", "choice", "lines", "json", "moment"

#: A form as it was typed.
Values = Mapping[str, str]
Payload = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """Something to pick; `note` says more about it."""

    value: str
    label: object
    note: object = ""

    @property
    def pair(self) -> tuple[str, object]:
        """As a <select> wants it."""
        return self.value, self.label


@dataclass(frozen=True)
class Target:
    """Whom a form asks: one station, or many."""

    stations: tuple[StationView, ...]

    @property
    def one(self) -> StationView | None:
        return self.stations[0] if len(self.stations) == 1 else None

    @property
    def running(self) -> list[Transaction]:
        return [session for station in self.stations for session in station.running]

    def outlet(self, connector_id: int) -> Outlet | None:
        """That connector of the one station."""
        outlets = self.one.outlets if self.one else []
        return next((outlet for outlet in outlets if outlet.connector_id == connector_id), None)


@dataclass(frozen=True)
class Field:
    """One field of the payload, by OCPP's own name.

    `choices` are all there is for a CHOICE; for the other kinds they are offered beside the free entry: as buttons to
    pick, or while one types where there may be many (`suggests`). Without `required`, an empty field is not sent; a
    MOMENT that is required and empty is now.
    """

    name: str
    label: object
    kind: str = TEXT
    hint: object = ""
    required: bool = False
    sends_empty: bool = False
    default: str = ""
    choices: Callable[[Target], list[Choice]] = lambda target: []
    suggests: bool = False
    #: Of a field to pick from: what an empty entry is called.
    nothing: object = ""

    def read(self, values: Values) -> Any:
        """The value for the payload; None where it is left out. Raises Invalid."""
        text = values.get(f"{self.name}.other", "").strip() or values.get(self.name, "")
        text = text if self.sends_empty else text.strip()
        if not text and not self.sends_empty:
            if self.required and self.kind == MOMENT:
                return clock.iso(clock.now())
            if self.required:
                raise Invalid(self.name, "This is needed.")
            return None
        return _READERS[self.kind](self.name, text)


def _read_number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Invalid(name, "This must be a whole number.") from None


def _read_lines(name: str, text: str) -> list[str]:
    lines = (line.strip() for line in text.replace(",", "\n").splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def _read_json(name: str, text: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_refuse)
        # Half a character, spelt as an escape, can be neither stored nor sent.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Invalid(name, "This is not JSON: %(error)s", error=str(error)) from None
    return value


def _refuse(word: str) -> None:
    raise ValueError(word)


def _read_text(name: str, text: str) -> str:
    return text.replace("\0", "")


def _read_moment(name: str, text: str) -> str:
    try:
        moment = local_times.moment_from(text)
    except ValueError:
        moment = None
    if moment is None:
        raise Invalid(name, "This is not a time.")
    return clock.iso(moment)


_READERS: dict[str, Callable[[str, str], Any]] = {
    TEXT: _read_text,
    CHOICE: _read_text,
    NUMBER: _read_number,
    LINES: _read_lines,
    JSON: _read_json,
    MOMENT: _read_moment,
}


#: What operations are about; they stand under these on the page of a station, in this order.
SESSIONS, CONFIGURATION, CARDS = _l("Sessions"), _l("Configuration"), _l("Cards")
RESERVATIONS, CHARGING, FIRMWARE = _l("Reservations"), _l("Charging profiles"), _l("Firmware & logs")
MESSAGES = _l("Messages")
_TOPICS = (SESSIONS, RESERVATIONS, CHARGING, CONFIGURATION, CARDS, FIRMWARE, MESSAGES)


@dataclass(frozen=True)
class Operation:
    """One action as operators know it."""

    action: str
    label: object
    icon: str
    #: What it does, in a sentence or two.
    explanation: object
    order: int
    fields: tuple[Field, ...] = ()
    #: What to warn of before it is sent, with real numbers; nothing where it does no harm.
    warnings: Callable[[Target, Payload], list[str]] = lambda target, payload: []
    #: What the station's own words mean here.
    meanings: Mapping[str, object] = field(default_factory=dict)
    #: What it stands under on a station's page.
    topic: object = MESSAGES
    #: Whether it makes sense for many stations at once.
    for_many: bool = True
    #: Whether it takes something away from those at the station, so that its button sits apart.
    is_apart: bool = False
    #: How it is called in addresses, where that is not the action.
    slug: str = ""
    #: The label of the button that sends it.
    verb: object = ""
    #: What more a finished command shows, and the template that shows it as `result`; nothing, and nothing is shown.
    result: Callable[[Command], Mapping[str, Any]] = lambda command: {}
    result_template: str = ""

    @property
    def name(self) -> str:
        return self.slug or self.action

    def read(self, values: Values) -> tuple[str, Payload]:
        """Action and payload of a form. Raises Invalid."""
        payload = {item.name: item.read(values) for item in self.fields}
        return self.action, {name: value for name, value in payload.items() if value is not None}

    def build(self, values: Values, target: Target) -> tuple[str, Payload]:
        """Action and payload of a form for these stations. Raises Invalid."""
        return self.read(values)

    def notes(self, values: Values, target: Target) -> list[str]:
        """What `build` makes otherwise than it was chosen in the form, in sentences."""
        return []

    def warn(self, target: Target, action: str, payload: Payload) -> list[str]:
        """What to warn of before this valid payload is sent."""
        return self.warnings(target, payload)

    def typed(self, payload: Payload) -> dict[str, str]:
        """The form that makes this payload."""
        return {item.name: _shown(item, payload[item.name]) for item in self.fields if item.name in payload}


def _shown(item: Field, value: Any) -> str:
    if item.kind == MOMENT and (at := timestamps.parse(value)) is not None:
        return local_times.moment_to(clock.from_ms(at))
    if item.kind == LINES and isinstance(value, list):
        return "\n".join(str(line) for line in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@cache
def everything() -> tuple[Operation, ...]:
    """All operations, as they are listed."""
    from portal import operations

    found = [module.operation for module in import_all(operations)]
    return tuple(sorted(found, key=lambda operation: operation.order))


def by_topic() -> list[tuple[object, list[Operation]]]:
    """The operations that do not stand apart, under their topics."""
    together = [item for item in everything() if not item.is_apart]
    groups = [(topic, [item for item in together if item.topic is topic]) for topic in _TOPICS]
    return [(topic, items) for topic, items in groups if items]


def find(name: str) -> Operation | None:
    """The operation of this name or action."""
    return next((item for item in everything() if name and name in (item.name, item.action)), None)


def meaning(action: str, status: str) -> object:
    """What a station's word means for this action; empty where there is no more to say."""
    operation = find(action)
    return operation.meanings.get(status, "") if operation else ""
