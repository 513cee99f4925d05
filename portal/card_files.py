"""Cards as a CSV file: written for a spreadsheet, and read back from one.

Reading is generous about the separator, upper case and a byte order mark, and only takes the columns it knows.
"""

import csv
import io
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from typing import Any

from flask_babel import gettext as _

from ocpp_server.models import IdTag
from ocpp_server.models.id_tags import ACCEPTED
from ocpp_server.services.card import id_tag_import, id_tags
from ocpp_server.services.card.id_tag_import import MAX_LINES, Line
from ocpp_server.services.errors import Invalid
from ocpp_server.store import Unit
from portal import audit, local_times
from portal.context import store
from portal.spreadsheets import BYTE_ORDER_MARK, plain_text, text_cell, time_cell

COLUMNS = ("id_tag", "label", "parent_id_tag", "status", "expiry_date", "note")
EXPORTED = (*COLUMNS, "state", "created_at", "last_used_at")


class Unreadable(ValueError):
    """The file as a whole cannot be used; the text says why."""


def to_rows(cards: Iterable[IdTag], zone: tzinfo) -> list[list[str]]:
    """The cells of these cards, in the order of EXPORTED."""
    return [_to_row(card, zone) for card in cards]


def _to_row(card: IdTag, zone: tzinfo) -> list[str]:
    return [
        text_cell(card.id_tag),
        text_cell(card.label),
        text_cell(card.parent_id_tag),
        card.status,
        time_cell(card.expiry_date, zone),
        text_cell(card.note),
        id_tags.state(card),
        time_cell(card.created_at, zone),
        time_cell(card.last_used_at, zone),
    ]


def read(text: str) -> list[Line]:
    """The lines of a file. Raises Unreadable where there is no card to be found in it."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    try:
        header = [cell.strip().lower() for cell in next(rows, [])]
        if "id_tag" not in header:
            raise Unreadable(_("The first line must name the columns, and one of them must be id_tag."))
        lines = [_to_line(rows.line_num, header, row) for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Unreadable(_("This is not a CSV file: %(reason)s.", reason=error)) from error
    if not lines:
        raise Unreadable(_("There is no card below the first line."))
    if len(lines) > MAX_LINES:
        raise Unreadable(_("A file may hold %(count)s cards at most. Split it, please.", count=MAX_LINES))
    return lines


def take_over(lines: list[Line]) -> list[Line]:
    """Import the cards, all or none; on record where it was all."""
    me = audit.who()

    def work(unit: Unit) -> list[Line]:
        done = id_tag_import.apply(unit, lines)
        if not any(line.problem for line in done):
            me.record(unit, "card.import", "", f"{len(done)} cards")
        return done

    return store().write(work)


def _separator(text: str) -> str:
    """Spreadsheets write a semicolon where the comma is the decimal sign."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _to_line(number: int, header: list[str], row: list[str]) -> Line:
    cells = {name: plain_text(cell.strip()) for name, cell in zip(header, row, strict=False) if name in COLUMNS}
    try:
        return Line(number, {name: _READ.get(name, str)(cell) for name, cell in cells.items()})
    except ValueError:
        problem = Invalid("expiry_date", "The expiry date is not a date.")
        return Line(number, {"id_tag": cells.get("id_tag", "")}, problem)


def _status(cell: str) -> str:
    return cell.lower() or ACCEPTED


def _moment(cell: str) -> datetime | None:
    return local_times.moment_from(cell)


_READ: dict[str, Callable[[str], Any]] = {"status": _status, "expiry_date": _moment}
