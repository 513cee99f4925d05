"""CSV as spreadsheets read it.

The text begins with a byte order mark: without it Excel takes UTF-8 for the local code page. Programs are better
served by the API; whoever reads the file anyway uses `utf-8-sig`. A cell that a spreadsheet would run as a formula
gets an apostrophe in front.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo

BYTE_ORDER_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def text_cell(text: str | None) -> str:
    """Text from people or stations, safe to open in a spreadsheet."""
    text = text or ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain_text(cell: str) -> str:
    """What `text_cell` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def time_cell(moment: datetime | None, zone: tzinfo) -> str:
    """ISO 8601 with the offset of the reader's zone."""
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else ""


def encode(header: Sequence[str], chunks: Iterable[Iterable[Sequence[object]]]) -> Iterator[bytes]:
    """The file, a chunk of rows at a time."""
    yield (BYTE_ORDER_MARK + _lines([header])).encode()
    for rows in chunks:
        yield _lines(rows).encode()


def _lines(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
